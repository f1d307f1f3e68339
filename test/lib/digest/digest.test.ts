/** Digests: windows across clock changes, wording, the budget, and the exact Markdown (S25, S26). */
import { describe, expect, test } from "bun:test";
import {
  composeDigest,
  type DigestEvent,
  defaultWindows,
  digestWindow,
  eventsWorthReading,
  identifierOf,
  resolveTimeZone,
  verbOfRecord,
  windowOfPath,
} from "../../../lib/digest/mod.ts";
import { digestNameOf } from "../../../lib/pipeline/pure/digest-names.ts";
import { isInternalPath } from "../../../lib/pipeline/pure/internal-paths.ts";
import { expectGolden } from "../../support/golden.ts";

const NOON = Date.UTC(2026, 4, 20, 12);
const HOUR = 3_600_000;

function event(n: number, path: string, extra: Partial<DigestEvent> = {}): DigestEvent {
  const provider = path.split("/")[1] ?? "";
  return { eventId: `evt_${n}`, type: "file.updated", path, provider, timestampMs: NOON + n, ...extra };
}

function compose(events: DigestEvent[], extra: Partial<Parameters<typeof composeDigest>[0]> = {}) {
  return composeDigest({
    window: digestWindow("today", NOON, "UTC"),
    generatedAtMs: NOON + HOUR,
    events: [...events].reverse(),
    storedProviders: [],
    isInternal: (path) => isInternalPath(path, "current"),
    nameOf: digestNameOf,
    recordOf: () => null,
    ...extra,
  });
}

describe("digestWindow()", () => {
  const hours = (date: string, zone: string) => {
    const window = digestWindow(date, NOON, zone);
    return (window.endMs - window.startMs) / HOUR;
  };

  test("has 23 and 25 hours on days with a clock change, also when midnight itself is skipped or repeated", () => {
    expect(hours("2026-03-29", "Europe/Berlin")).toBe(23);
    expect(hours("2026-10-25", "Europe/Berlin")).toBe(25);
    expect(hours("2018-11-04", "America/Sao_Paulo")).toBe(23);
    expect(hours("2026-11-01", "America/Havana")).toBe(25);
    expect(hours("2026-05-20", "Asia/Kolkata")).toBe(24);
  });

  test("covers every instant of a year once, in every zone tried", () => {
    for (const zone of [
      "UTC",
      "Europe/Berlin",
      "America/Havana",
      "Australia/Lord_Howe",
      "America/Sao_Paulo",
      "Pacific/Apia",
    ]) {
      let end = digestWindow("2018-01-01", NOON, zone).startMs;
      for (let day = 0; day < 365; day++) {
        const date = new Date(Date.UTC(2018, 0, 1 + day)).toISOString().slice(0, 10);
        const window = digestWindow(date, NOON, zone);
        expect(window.startMs).toBe(end);
        expect(window.endMs).toBeGreaterThan(window.startMs);
        end = window.endMs;
      }
    }
  });

  test("names weeks by their Monday and the ISO year of their Thursday", () => {
    expect(digestWindow("this-week", Date.UTC(2026, 0, 1), "UTC")).toMatchObject({
      date: "2025-12-29",
      key: "week:2026-W01",
      open: true,
    });
    expect(digestWindow("last-week", Date.UTC(2027, 0, 4), "UTC")).toMatchObject({
      date: "2026-12-28",
      key: "week:2026-W53",
      open: false,
    });
  });

  test("decides today by the workspace's own zone", () => {
    const lateEvening = Date.UTC(2026, 4, 21, 3);
    expect(digestWindow("today", lateEvening, "America/New_York").date).toBe("2026-05-20");
    expect(digestWindow("today", lateEvening, "Asia/Tokyo").date).toBe("2026-05-21");
    expect(defaultWindows(NOON, "UTC").map((window) => window.path)).toEqual([
      "/digests/today.md",
      "/digests/yesterday.md",
      "/digests/2026-05-19.md",
      "/digests/this-week.md",
      "/digests/last-week.md",
    ]);
  });

  test("windowOfPath() knows digest files and nothing else", () => {
    expect(windowOfPath("/digests/2026-05-19.md", NOON, "UTC")).toMatchObject({
      covers: "2026-05-19",
      open: false,
    });
    for (const path of ["/digests/2026-02-30.md", "/digests/notes.md", "/today.md"])
      expect(windowOfPath(path, NOON, "UTC")).toBeNull();
  });

  test("resolveTimeZone() answers an unknown zone with UTC and a warning", () => {
    expect(resolveTimeZone("Mars/Olympus")).toEqual({ timeZone: "UTC", warning: "timezone_invalid" });
    expect(resolveTimeZone("Europe/Berlin")).toEqual({ timeZone: "Europe/Berlin", warning: null });
  });
});

describe("wording", () => {
  test("identifierOf() takes the text before the first __ of the telling segment", () => {
    expect(identifierOf("/jira/issues/task-1__10000.json")).toBe("task-1");
    expect(identifierOf("/linear/issues/AGE-16__uuid.json")).toBe("AGE-16");
    expect(identifierOf("/notion/pages/x/content.md")).toBe("x");
    expect(identifierOf("/notes/plan.v2.md")).toBe("plan.v2");
    expect(identifierOf("/__x.json")).toBe("__x");
  });

  test("digestNameOf() says #42 for GitHub and leaves other paths alone", () => {
    expect(digestNameOf("/github/repos/a/b/issues/42__fix/meta.json")).toBe("#42");
    expect(digestNameOf("/github/repos/a/b/pulls/7/meta.json")).toBe("#7");
    expect(digestNameOf("/github/repos/a/b/issues/42__fix/comments/9/meta.json")).toBe("comment 9");
    expect(digestNameOf("/linear/issues/AGE-1__x.json")).toBeNull();
  });

  test("verbOfRecord() prefers the action, then merged, then the state", () => {
    const pull = "/github/repos/a/b/pulls/1__x/meta.json";
    expect(verbOfRecord({ payload: { state: "closed", merged: true } }, pull)).toBe("was merged");
    expect(
      verbOfRecord({ payload: { state: "closed", merged: true } }, "/github/repos/a/b/issues/1/meta.json"),
    ).toBe("was closed");
    expect(
      verbOfRecord({ payload: { fields: { status: { name: "Done" } } } }, "/jira/issues/x__1.json"),
    ).toBe("was completed");
    expect(verbOfRecord({ payload: { action: "archived", state: "closed" } }, "/x")).toBe("was archived");
    expect(verbOfRecord({ payload: { state: { name: "Canceled" } } }, "/x")).toBe("was canceled");
    expect(verbOfRecord({ payload: { state: "open" } }, "/x")).toBeNull();
    expect(verbOfRecord("text", "/x")).toBeNull();
  });
});

describe("composeDigest()", () => {
  test("renders the hosted form", () => {
    const digest = compose(
      [
        event(1, "/jira/issues/task-1__10000.json", { type: "file.created" }),
        event(2, "/github/repos/a/b/issues/42__fix/meta.json"),
        event(3, "/github/repos/a/b/pulls/7__x/meta.json"),
        event(4, "/jira/issues/by-id/10000.json"),
        event(5, "/jira/_index.json"),
        event(6, "/linear/issues/AGE-1__u.json", { type: "file.deleted" }),
        event(7, "/notes/plan.md", { provider: "" }),
        event(8, "/", { type: "sync.error", provider: "linear" }),
        event(9, "/jira/issues/task-1__10000.json", { type: "writeback.succeeded" }),
      ],
      {
        storedProviders: ["slack", "jira"],
        recordOf: ({ path }) => (path.includes("/pulls/") ? { payload: { merged: true } } : null),
      },
    );
    expect(digest).toMatchObject({ events: 6, truncated: false, warnings: ["provider_partial_failure"] });
    expectGolden("digest/today.md", digest.text);
  });

  test("renders a window without events", () => {
    const window = digestWindow("2026-03-29", NOON, "Europe/Berlin");
    expectGolden(
      "digest/empty.md",
      compose([], { window, storedProviders: ["linear", "jira"], warnings: ["timezone_invalid"] }).text,
    );
  });

  test("keeps exactly 2,000 events, and drops the oldest of 2,001 with a warning", () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, n) => event(n, `/jira/issues/t-${n}__${n}.json`));
    expect(compose(many(2_000))).toMatchObject({ events: 2_000, truncated: false, warnings: [] });
    const over = compose(many(2_001));
    expect(over).toMatchObject({ events: 2_000, truncated: true, warnings: ["digest_event_limit_exceeded"] });
    expect(over.text).not.toContain("/t-0__0.json");
    expect(over.text).toContain("/t-2000__2000.json");
  });

  test("orders by time, then by the number of the event, not its text", () => {
    const same = { timestampMs: NOON };
    const { text } = compose([
      event(10, "/jira/issues/b__2.json", same),
      event(9, "/jira/issues/a__1.json", same),
    ]);
    expect(text.indexOf("a__1")).toBeLessThan(text.indexOf("b__2"));
  });

  test("eventsWorthReading() bounds the bodies that are read to the newest 200", () => {
    const events = Array.from({ length: 500 }, (_, n) =>
      event(n, `/jira/issues/t__${n}.json`, n % 2 ? { type: "file.deleted" } : {}),
    );
    expect(eventsWorthReading(events).length).toBe(200);
  });
});
