import { describe, expect, test } from "bun:test";
import { summariseLog } from "../../../verify/evidence/mount-log.ts";

const NOON = Date.UTC(2026, 4, 20, 12);
const at = (minutesAgo: number) => new Date(NOON - minutesAgo * 60_000).toISOString();
const DAY_AGO = NOON - 24 * 3_600_000;

describe("summariseLog()", () => {
  test("counts what checks ask about, in our lines and in the original's", () => {
    const fact = summariseLog(
      [
        `${at(3)} debug GET /v1/workspaces/rw_x/sync/status 200`,
        `${at(3)} debug GET /v1/workspaces/rw_x/sync/status 200`,
        "2026/05/20 11:58:00 mkdir /m/github/repos/x: not a directory",
        `${at(1)} warn writeback_http status=409 method=PUT path=/jira/x.json opId=op_1`,
        `${at(1)} info writeback_http status=202 method=PUT path=/jira/y.json`,
        `${at(1)} warn renewal refused status=400 code=invalid_scope`,
        `${at(1)} warn forcing full reconcile`,
        `${at(1)} error final flush timed out`,
      ].join("\n"),
      DAY_AGO,
    );
    expect(fact).toMatchObject({
      lines: 8,
      statusCallsPerMinuteMax: 2,
      invalidScope: 1,
      notADirectory: { count: 1, path: "/m/github/repos/x" },
      forcedReconciles: 1,
      flushTimeouts: 1,
      refusedWrites: [{ status: 409, path: "/jira/x.json", at: at(1) }],
    });
  });

  test("leaves out what is older, and lines without a time with it", () => {
    const old = at(25 * 60);
    const text = `${old} warn invalid_scope\n  caused by invalid_scope\n${at(1)} info fine\n  invalid_scope again\n`;
    expect(summariseLog(text, DAY_AGO)).toMatchObject({ lines: 2, invalidScope: 1, firstAt: at(1) });
    expect(summariseLog("", DAY_AGO)).toMatchObject({ lines: 0, statusCallsPerMinuteMax: 0, lastAt: null });
  });
});
