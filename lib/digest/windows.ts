/** The time windows of digests in a workspace's time zone. Half-open, and right on days with a clock change. */

/** One window and the file that describes it. Instants are ms, UTC. */
export interface DigestWindow {
  /** `today`, `yesterday`, `this-week`, `last-week`, or the date of a dated file. */
  readonly covers: string;
  /** `/digests/today.md`. */
  readonly path: string;
  /** `date:2026-05-20` or `week:2026-W21`. */
  readonly key: string;
  /** Local date; the Monday of a week. */
  readonly date: string;
  readonly startMs: number;
  /** Exclusive. */
  readonly endMs: number;
  /** True while the window still receives events. */
  readonly open: boolean;
  readonly timeZone: string;
}

const DAY_MS = 86_400_000;
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** A usable time zone: the named one, or UTC with the warning that is shown in every digest. */
export function resolveTimeZone(name: string | null | undefined): {
  timeZone: string;
  warning: "timezone_invalid" | null;
} {
  const wanted = name?.trim() ?? "";
  if (wanted === "") return { timeZone: "UTC", warning: null };
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: wanted });
    return { timeZone: wanted, warning: null };
  } catch {
    // An unknown name is answered with UTC and a warning instead of a digest that never appears.
    return { timeZone: "UTC", warning: "timezone_invalid" };
  }
}

/** The windows that every regeneration looks at: today, yesterday, yesterday's date, this week, last week. */
export function defaultWindows(nowMs: number, timeZone: string): DigestWindow[] {
  const yesterday = digestWindow("yesterday", nowMs, timeZone);
  return [
    digestWindow("today", nowMs, timeZone),
    yesterday,
    digestWindow(yesterday.date, nowMs, timeZone),
    digestWindow("this-week", nowMs, timeZone),
    digestWindow("last-week", nowMs, timeZone),
  ];
}

/** The window of a name or a date `YYYY-MM-DD`; other names are treated as today. */
export function digestWindow(covers: string, nowMs: number, timeZone: string): DigestWindow {
  const today = localDateOf(nowMs, timeZone);
  if (covers === "this-week" || covers === "last-week") {
    const monday = addDays(mondayOf(today), covers === "last-week" ? -7 : 0);
    return windowOf(covers, monday, addDays(monday, 7), `week:${isoWeekOf(monday)}`, nowMs, timeZone);
  }
  const date = DATE.test(covers) ? covers : addDays(today, covers === "yesterday" ? -1 : 0);
  const name = DATE.test(covers) || covers === "yesterday" ? covers : "today";
  return windowOf(name, date, addDays(date, 1), `date:${date}`, nowMs, timeZone);
}

/** The window a digest file describes, by its path; null when the path names none. */
export function windowOfPath(path: string, nowMs: number, timeZone: string): DigestWindow | null {
  const name = /^\/digests\/([^/]+)\.md$/.exec(path)?.[1] ?? "";
  const known = ["today", "yesterday", "this-week", "last-week"].includes(name) || isDate(name);
  return known ? digestWindow(name, nowMs, timeZone) : null;
}

function windowOf(
  covers: string,
  from: string,
  to: string,
  key: string,
  nowMs: number,
  timeZone: string,
): DigestWindow {
  const startMs = startOfDay(from, timeZone);
  const endMs = startOfDay(to, timeZone);
  return {
    covers,
    path: `/digests/${covers}.md`,
    key,
    date: from,
    startMs,
    endMs,
    open: nowMs < endMs,
    timeZone,
  };
}

/** True for an existing calendar date written `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  return DATE.test(text) && !Number.isNaN(Date.parse(text)) && addDays(text, 0) === text;
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = FORMATS.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-CA", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    FORMATS.set(timeZone, format);
  }
  return format;
}

/** Wall time of an instant, written as if it were UTC, in ms. */
function wallMs(instantMs: number, timeZone: string): number {
  const parts = new Map(
    formatOf(timeZone)
      .formatToParts(instantMs)
      .map((part) => [part.type, Number(part.value)]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  return Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
}

/** The local calendar date of an instant. */
export function localDateOf(instantMs: number, timeZone: string): string {
  return new Date(wallMs(instantMs, timeZone)).toISOString().slice(0, 10);
}

/** The first instant of a local date. Where midnight does not exist the day starts when the clock jumped. */
export function startOfDay(date: string, timeZone: string): number {
  const midnight = Date.parse(`${date}T00:00:00Z`);
  let instant = midnight;
  // Each pass corrects by the offset found at the previous guess; three are enough around any clock change.
  for (let pass = 0; pass < 3; pass++) instant += midnight - wallMs(instant, timeZone);
  // A skipped midnight leaves a guess on the day before: move to the first instant that is on the date.
  for (let step = 0; step < 8 && localDateOf(instant, timeZone) < date; step++) instant += DAY_MS / 96;
  // A repeated midnight: the day starts with the first of the two.
  const earlier = instant - DAY_MS / 24;
  return localDateOf(earlier, timeZone) === date && wallMs(earlier, timeZone) === midnight
    ? earlier
    : instant;
}

function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);
}

function mondayOf(date: string): string {
  return addDays(date, -((new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7));
}

/** `2026-W21`: the ISO week of a Monday belongs to the year of its Thursday. */
function isoWeekOf(monday: string): string {
  const thursday = addDays(monday, 3);
  const year = thursday.slice(0, 4);
  const week = Math.floor((Date.parse(thursday) - Date.parse(`${year}-01-01`)) / (7 * DAY_MS)) + 1;
  return `${year}-W${String(week).padStart(2, "0")}`;
}
