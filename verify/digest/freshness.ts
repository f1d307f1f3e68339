/** Digests follow the activity they tell of, stay closed when their day is over, and never feed on themselves. */
import { digestWindow, windowOfPath } from "../../lib/digest/mod.ts";
import { isInternalPath } from "../../lib/pipeline/pure/internal-paths.ts";
import {
  type DigestFileFact,
  defineCheck,
  type FeedEventFact,
  type FindingDraft,
  isoTime,
  judged,
  page,
  plural,
  skip,
} from "../check.ts";
import { fileProof, listOf, readProof } from "./_proof.ts";

const BEHIND_MS = 120_000;
const TODAY = "/digests/today.md";

/** VG-07 and VG-08. */
export const digestsFollow = defineCheck({
  id: "digest.follows-activity",
  title: "today's digest is written after activity, and only after activity",
  severity: "error",
  phase: "digest",
  needs: ["digests", "events"],
  wants: ["clock"],
  after: ["digest.windows-exist"],
  refs: ["VG-07", "VG-08"],
  hint: "Write any file; if the digest does not follow, its writer does not run",
  findings: {
    "digest.stalled": page.error(
      "There was activity more than two minutes ago and today's digest was not written since: its writer stands still.",
      "generated_at was compared with the newest event outside the service's own files.",
      "Not a quiet day, and not the pause of 30 seconds between two versions.",
      "Write any file; if nothing happens, the server's scheduler has stopped.",
    ),
    "digest.feeds-itself": page.error(
      "Digests are written again and again without any other activity: each one counts as activity for the next.",
      "The feed has several versions of today's digest in a row with nothing else between them.",
      "Not a busy day: then other events lie between the versions.",
      "Report the writer: changes below /digests must not trigger it.",
    ),
  },
  run: ({ digests, events, clock }) => {
    const today = digests.files.find(({ path }) => path === TODAY);
    const generatedMs = Date.parse(String(today?.frontMatter?.generated_at ?? ""));
    if (today === undefined || Number.isNaN(generatedMs)) return skip("today's digest cannot be read");
    const nowMs = digests.collectedAtMs + (clock?.skewMs ?? 0);
    const real = events.items.filter(isActivity);
    const newest = real[0];
    const findings: FindingDraft<"digest.stalled" | "digest.feeds-itself">[] = [];
    const newestMs = Date.parse(newest?.at ?? "");
    if (newest !== undefined && newestMs - generatedMs > BEHIND_MS && nowMs - newestMs > BEHIND_MS) {
      findings.push({
        code: "digest.stalled",
        title: `${TODAY} is of ${isoTime(generatedMs)}, the newest activity of ${newest.at}`,
        subject: { kind: "digest", ref: TODAY },
        evidence: [
          readProof(today),
          { type: "http", exchangeId: newest.exchangeId, quote: `newest event ${newest.at} ${newest.path}` },
        ],
        facts: { path: TODAY, generatedAt: isoTime(generatedMs), newestEventAt: newest.at },
        ruledOut: ["the pause between two versions: it lasts 30 seconds"],
      });
    }
    const run = longestRun(events.items);
    if (run.length > SELF_RUN_MAX) {
      findings.push({
        code: "digest.feeds-itself",
        title: `${TODAY} was written ${run.length} times in a row without any other activity`,
        subject: { kind: "digest", ref: TODAY },
        evidence: run.slice(0, 3).map((event) => ({
          type: "http",
          exchangeId: event.exchangeId,
          quote: `${event.at} ${event.type} ${event.path}`,
        })),
        facts: { path: TODAY, times: run.length },
      });
    }
    return judged(
      real.length > 0 ? 1 : 0,
      findings,
      `${plural(real.length, "event")} of activity in the feed`,
    );
  },
});

/** A shutdown and a rollover may each write once more. */
const SELF_RUN_MAX = 3;

/** VG-12 and VG-13. */
export const closedStaysClosed = defineCheck({
  id: "digest.closed-stays-closed",
  title: "yesterday's digest is written once after its day and equals its dated copy",
  severity: "error",
  phase: "digest",
  needs: ["digests", "events"],
  wants: ["clock"],
  after: ["digest.windows-exist"],
  refs: ["VG-12", "VG-13"],
  hint: "Report the digest writer: a closed window is not rewritten",
  findings: {
    "digest.closed-rewritten": page.error(
      "Yesterday's digest was written several times since midnight: later events change a day that is over.",
      "The feed has more than one version of yesterday.md since local midnight.",
      "Not the one version that closes the day.",
      "Report the writer; compare the versions to see what changed.",
    ),
    "digest.dated-differs": page.warn(
      "yesterday.md and the dated file of the same day tell different things.",
      "What follows their front matter was compared by hash.",
      "Not different time stamps: those are in the front matter.",
      "Rebuild the dated file.",
    ),
  },
  run: ({ digests, events, clock }) => {
    const yesterday = digests.files.find(({ path }) => path === "/digests/yesterday.md");
    if (yesterday?.frontMatter == null) return skip("yesterday's digest cannot be read");
    const zone = String(yesterday.frontMatter.timezone ?? "UTC");
    const nowMs = digests.collectedAtMs + (clock?.skewMs ?? 0);
    const window = digestWindow("today", nowMs, safeZone(zone));
    const versions = events.items.filter(
      ({ path, at }) => path === yesterday.path && Date.parse(at) >= window.startMs,
    );
    const findings: FindingDraft<"digest.closed-rewritten" | "digest.dated-differs">[] = [];
    if (versions.length > 1) {
      findings.push({
        code: "digest.closed-rewritten",
        title: `${yesterday.path} was written ${versions.length} times since midnight`,
        subject: { kind: "digest", ref: yesterday.path },
        evidence: [
          fileProof(yesterday),
          ...versions.slice(0, 3).map(({ at, revision, exchangeId }) => ({
            type: "http" as const,
            exchangeId,
            quote: `${at} ${revision}`,
          })),
        ],
        facts: { path: yesterday.path, versions: versions.length },
      });
    }
    const dated = digests.files.find(({ path }) => path === `/digests/${yesterday.frontMatter?.date}.md`);
    const comparable = dated?.bodySha256 !== undefined && yesterday.bodySha256 !== undefined;
    if (comparable && dated.bodySha256 !== yesterday.bodySha256) {
      findings.push({
        code: "digest.dated-differs",
        title: `${dated.path} differs from ${yesterday.path}`,
        subject: { kind: "digest", ref: dated.path },
        evidence: [fileProof(dated), fileProof(yesterday)],
        facts: { path: dated.path },
      });
    }
    const oldestMs = Date.parse(events.items.at(-1)?.at ?? "");
    const reaches = events.complete || oldestMs < window.startMs;
    const seen = reaches
      ? `${plural(versions.length, "version")} since midnight`
      : "the feed does not reach back to midnight";
    return judged(Number(reaches) + Number(comparable), findings, seen);
  },
});

/** VG-16. */
export const windowsInZone = defineCheck({
  id: "digest.windows-in-zone",
  title: "every digest's window is the one of its own time zone",
  severity: "warn",
  phase: "digest",
  needs: ["digests"],
  wants: ["clock"],
  after: ["digest.windows-exist"],
  refs: ["VG-16"],
  hint: "Set a valid time zone for the workspace",
  findings: {
    "digest.window-mismatch": page.warn(
      "The window a digest says it covers is not the day or week of its time zone, as happens when an invalid zone silently becomes UTC or a change of clocks is ignored.",
      "window_start and window_end were computed again from the date and the zone.",
      "Not a stale digest: its own date is taken as given.",
      "Fix the zone's configuration; the next version is right.",
    ),
    "digest.zone-invalid": page.warn(
      "The configured time zone does not exist; UTC is used instead.",
      "By the warning timezone_invalid of the digest.",
      "Not a wrong window: it is right for UTC.",
      "Set a zone such as Europe/Berlin.",
    ),
  },
  run: ({ digests, clock }) => {
    const nowMs = digests.collectedAtMs + (clock?.skewMs ?? 0);
    const told = digests.files.filter(({ frontMatter }) => typeof frontMatter?.window_start === "string");
    const invalid = told.filter(({ frontMatter }) =>
      listOf(frontMatter?.warnings).includes("timezone_invalid"),
    );
    const wrong = told.filter((file) => !invalid.includes(file) && isOffWindow(file, nowMs));
    // Every window is computed from one zone: what is wrong with it is wrong once.
    const findings: FindingDraft<"digest.window-mismatch" | "digest.zone-invalid">[] = [];
    const shared = (file: DigestFileFact, files: readonly DigestFileFact[]) => ({
      subject: { kind: "digest", ref: file.path } as const,
      evidence: files.slice(0, 3).map(fileProof),
      facts: {
        paths: files.map(({ path }) => path),
        timezone: String(file.frontMatter?.timezone ?? "UTC"),
      },
    });
    if (invalid[0] !== undefined) {
      const title = `the time zone of ${plural(invalid.length, "digest")} does not exist; UTC is used instead`;
      findings.push({ ...shared(invalid[0], invalid), code: "digest.zone-invalid", title });
    }
    if (wrong[0] !== undefined) {
      const { path, frontMatter } = wrong[0];
      const wanted = windowOf(wrong[0], nowMs);
      const said = `${frontMatter?.window_start} to ${frontMatter?.window_end}`;
      const right =
        wanted === null ? "" : ` instead of ${isoTime(wanted.startMs)} to ${isoTime(wanted.endMs)}`;
      const title = `${path} covers ${said}${right} (${frontMatter?.timezone ?? "UTC"})`;
      findings.push({ ...shared(wrong[0], wrong), code: "digest.window-mismatch", title });
    }
    return judged(told.length, findings, `${plural(told.length, "window")} computed again`);
  },
});

function isOffWindow(file: DigestFileFact, nowMs: number): boolean {
  const wanted = windowOf(file, nowMs);
  if (wanted === null) return false;
  const [start, end] = [file.frontMatter?.window_start, file.frontMatter?.window_end].map((at) =>
    Date.parse(String(at)),
  );
  return start !== wanted.startMs || end !== wanted.endMs;
}

/** The window of the file's own date, so that a digest of another day is judged by that day. */
function windowOf(file: DigestFileFact, nowMs: number) {
  const zone = safeZone(String(file.frontMatter?.timezone ?? "UTC"));
  const date = String(file.frontMatter?.date ?? "");
  const noonMs = Date.parse(`${date}T12:00:00Z`);
  if (Number.isNaN(noonMs)) return null;
  if (/week/.test(file.path)) return digestWindow("this-week", noonMs, zone);
  return windowOfPath(`/digests/${date}.md`, nowMs, zone);
}

function safeZone(name: string): string {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return name;
  } catch {
    // An unknown zone is read as UTC, as the service does.
    return "UTC";
  }
}

/** Something a digest would tell: a record changed. */
export function isActivity(event: FeedEventFact): boolean {
  return event.type.startsWith("file.") && !isInternalPath(event.path, "current");
}

/** The longest series of versions of today's digest with nothing of note between them, newest first. */
function longestRun(items: readonly FeedEventFact[]): FeedEventFact[] {
  let best: FeedEventFact[] = [];
  let run: FeedEventFact[] = [];
  for (const event of items) {
    if (event.path === TODAY) {
      run.push(event);
      if (run.length > best.length) best = run;
    } else if (!event.path.startsWith("/digests/")) run = [];
  }
  return best;
}
