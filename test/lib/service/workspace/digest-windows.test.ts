/** The digest files of a workspace over time: what is rewritten, what stays as it is, and what takes part (S25, S26). */
import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { DIGEST } from "../../../../lib/limits.ts";
import { livePipeline } from "../../../../lib/service/live-pipeline.ts";
import { MIGRATIONS } from "../../../../lib/service/store/schema.ts";
import { FakeClock } from "../../../support/clock.ts";
import { insertEventRows } from "../../../support/events.ts";
import { pipelineDeps } from "../../../support/pipeline.ts";
import { testWorkspace } from "../../../support/workspace.ts";

const DAY = 86_400_000;
const NOON = Date.UTC(2026, 4, 20, 12);

/** A workspace whose digests are those of the real pipeline. */
async function rigOf({ startMs = NOON, timeZone = "UTC" }: { startMs?: number; timeZone?: string } = {}) {
  const clock = new FakeClock(startMs);
  const live = livePipeline({ ...pipelineDeps(), clock, simulatorUrl: null, timeZone });
  const { digestClause, isInternal, digestNameOf, providerOf, timeZone: zone, timeZoneWarning } = live;
  const rig = await testWorkspace({
    clock,
    pipeline: { digestClause, isInternal, digestNameOf, providerOf, timeZone: zone, timeZoneWarning },
  });
  const { workspace } = rig;
  const write = (path: string, text = "{}", semantics?: { permissions: string[] }) =>
    workspace.putFile({
      path,
      bytes: new TextEncoder().encode(text),
      contentType: "application/json",
      ifMatch: null,
      identity: null,
      correlationId: "t",
      ...(semantics === undefined ? {} : { semantics }),
    });
  const digest = async (name: string) => {
    const file = await workspace.tree.read(`/digests/${name}.md`);
    return file === null ? null : { revision: file.revision, text: new TextDecoder().decode(file.bytes) };
  };
  const due = () => workspace.runDue(clock.now());
  return { ...rig, clock, workspace, write, digest, due };
}

const frontOf = (text: string | undefined, key: string) =>
  new RegExp(`^${key}: (.*)$`, "m").exec(text ?? "")?.[1];
const bullets = (text: string | undefined) =>
  (text ?? "").split("\n").filter((line) => line.startsWith("- "));

describe("DigestKeeper", () => {
  test("writes at once, then at most every 30 s, and never because of a digest (S25)", async () => {
    await using rig = await rigOf();
    await rig.write("/jira/issues/a__1.json");
    await rig.due();
    const first = await rig.digest("today");
    expect(bullets(first?.text)).toEqual(["- a was created - [/jira/issues/a__1.json]"]);
    // Its own files are changes too: they must not cause the next round.
    await rig.clock.advance(10 * DIGEST.regenerateAfterMs);
    expect(await rig.due()).toBeNull();
    expect((await rig.digest("today"))?.revision).toBe(first?.revision ?? "");
    await rig.write("/digests/notes.md");
    await rig.due();
    expect((await rig.digest("today"))?.revision).toBe(first?.revision ?? "");

    await rig.write("/jira/issues/b__2.json");
    await rig.due();
    const second = await rig.digest("today");
    await rig.write("/jira/issues/c__3.json");
    await rig.due();
    expect((await rig.digest("today"))?.revision).toBe(second?.revision ?? "");
    await rig.clock.advance(DIGEST.regenerateAfterMs);
    await rig.due();
    expect(bullets((await rig.digest("today"))?.text)).toHaveLength(3);
  });

  test("a closed window is written once after its end and then frozen, late events or not (S25)", async () => {
    await using rig = await rigOf({ startMs: Date.UTC(2026, 4, 20, 23, 59) });
    await rig.write("/jira/issues/a__1.json");
    await rig.due();
    await rig.clock.advance(2 * 60_000);
    await rig.write("/jira/issues/b__2.json");
    await rig.due();
    const closed = { yesterday: await rig.digest("yesterday"), dated: await rig.digest("2026-05-20") };
    expect(bullets(closed.yesterday?.text)).toEqual(["- a was created - [/jira/issues/a__1.json]"]);
    expect(frontOf(closed.yesterday?.text, "window_key")).toBe("date:2026-05-20");
    const body = (text: string | undefined) => text?.slice(text.indexOf("# Activity"));
    expect(body(closed.dated?.text)).toBe(body(closed.yesterday?.text));
    expect(bullets((await rig.digest("today"))?.text)).toHaveLength(1);

    // An event that says it happened yesterday arrives today.
    await rig.workspace.context.store.commit((tx) =>
      insertEventRows(tx, [{ path: "/jira/issues/late__9.json", at: Date.UTC(2026, 4, 20, 12) }]),
    );
    await rig.clock.advance(3_600_000);
    await rig.write("/jira/issues/c__3.json");
    await rig.due();
    expect(await rig.digest("yesterday")).toEqual(closed.yesterday);
    expect(await rig.digest("2026-05-20")).toEqual(closed.dated);

    // The next day it is another window, and yesterday.md follows.
    await rig.clock.advance(DAY);
    await rig.write("/jira/issues/d__4.json");
    await rig.due();
    expect(frontOf((await rig.digest("yesterday"))?.text, "window_key")).toBe("date:2026-05-21");
    expect(await rig.digest("2026-05-20")).toEqual(closed.dated);
  });

  test("a day with a clock change has its own length, and its events are the day's (S25)", async () => {
    // 2026-10-25 has 25 hours in Berlin: this is 23:30 there, after midnight in no zone that ignores the change.
    await using rig = await rigOf({ startMs: Date.UTC(2026, 9, 25, 22, 30), timeZone: "Europe/Berlin" });
    await rig.write("/jira/issues/late__1.json");
    await rig.due();
    const today = (await rig.digest("today"))?.text;
    expect(frontOf(today, "date")).toBe("2026-10-25");
    expect(frontOf(today, "window_start")).toBe("2026-10-24T22:00:00.000Z");
    expect(frontOf(today, "window_end")).toBe("2026-10-25T23:00:00.000Z");
    expect(frontOf(today, "timezone")).toBe("Europe/Berlin");
    expect(bullets(today)).toHaveLength(1);
  });

  test("an unknown time zone is UTC and says so in every digest", async () => {
    await using rig = await rigOf({ timeZone: "Mars/Olympus" });
    await rig.write("/jira/issues/a__1.json");
    await rig.due();
    for (const name of ["today", "yesterday", "this-week", "last-week"]) {
      const { text } = (await rig.digest(name)) ?? { text: "" };
      expect([name, frontOf(text, "timezone"), frontOf(text, "warnings")]).toEqual([
        name,
        "UTC",
        "[timezone_invalid]",
      ]);
    }
  });

  test("internal paths take no place in the budget, and neither do hidden ones (S25, S26)", async () => {
    await using rig = await rigOf();
    const at = NOON - 3_600_000;
    // One batch is one instant: only numbers tell its events apart.
    const rows = (count: number, path: (n: number) => string) =>
      Array.from({ length: count }, (_, n) => ({ path: path(n), at }));
    await rig.write(
      "/secret/.relayfile.acl",
      JSON.stringify({ semantics: { permissions: ["scope:secret:read"] } }),
    );
    await rig.workspace.context.store.commit((tx) =>
      insertEventRows(tx, [
        ...rows(1_990, (n) => `/jira/issues/t-${n}__${n}.json`),
        ...rows(3_000, (n) => `/linear/issues/by-project/p/${n}.json`),
        ...rows(3_000, (n) => `/jira/issues/_index.json`.replace("issues", `c${n}`)),
        ...rows(2_500, (n) => `/secret/${n}.json`),
      ]),
    );
    await rig.write("/jira/issues/newest__1.json");
    await rig.due();
    const { text } = (await rig.digest("today")) ?? { text: "" };
    expect([frontOf(text, "events"), frontOf(text, "truncated"), frontOf(text, "warnings")]).toEqual([
      "1991",
      "false",
      "[]",
    ]);
    expect(text).not.toContain("/secret/");
    expect(text).not.toContain("by-project");
    expect(text).toContain("t-0__0.json");

    await rig.workspace.context.store.commit((tx) =>
      insertEventRows(
        tx,
        rows(20, (n) => `/jira/issues/more-${n}__9${n}.json`),
      ),
    );
    await rig.clock.advance(DIGEST.regenerateAfterMs);
    await rig.write("/jira/issues/last__2.json");
    await rig.due();
    const full = (await rig.digest("today"))?.text;
    expect([frontOf(full, "events"), frontOf(full, "truncated"), frontOf(full, "warnings")]).toEqual([
      "2000",
      "true",
      "[digest_event_limit_exceeded]",
    ]);
    expect(full).not.toContain("/t-0__0.json");
    expect(full).toContain("/last__2.json");
  }, 20_000);

  test("the query reads by time alone: history before the window costs nothing (S25)", async () => {
    const asked: { text: string; params: readonly unknown[] }[] = [];
    {
      await using rig = await rigOf();
      const { sql } = rig.workspace.context.store;
      const real = sql.all.bind(sql);
      Object.assign(sql, {
        all: (text: string, params: readonly never[] = []) => {
          if (text.includes("FROM events WHERE at")) asked.push({ text, params });
          return real(text, params);
        },
      });
      await rig.write("/jira/issues/a__1.json");
      await rig.due();
    }
    expect(asked.length).toBeGreaterThan(0);
    using empty = new Database(":memory:");
    for (const statement of MIGRATIONS.flat()) empty.run(statement);
    for (const { text, params } of asked) {
      const plan = empty.query(`EXPLAIN QUERY PLAN ${text}`).all(...(params as never[])) as {
        detail: string;
      }[];
      expect(plan.map(({ detail }) => detail)).toEqual([
        "SEARCH events USING INDEX events_at (at>? AND at<?)",
      ]);
    }
  });
});
