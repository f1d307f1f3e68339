import { describe, expect, test } from "bun:test";
import { noDeadLetters, opsAreRouted, opsMove, opsPassValidation } from "../../../verify/writeback/ops.ts";
import { ops } from "../../support/facts.ts";
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";

const NO_RULE = "No jira writeback rule matched /jira/issues/fix-it__10001.json";

describe("op checks", () => {
  test("find nothing in ops that succeeded", () => {
    for (const check of [opsAreRouted, opsPassValidation, opsMove, noDeadLetters]) {
      expect(codesOf(check, { ops: ops([{}]) })).toEqual([]);
    }
  });

  test("judge nothing without ops", () => {
    expect(runCheck(noDeadLetters, { ops: ops([]) })).toMatchObject({ kind: "judged", exercised: 0 });
  });

  test("tell a missing route (cloud#780) from a refused body and from an alias", () => {
    const missing = { ops: ops([{ status: "failed", attemptCount: 0, lastError: NO_RULE }]) };
    expect(codesOf(opsAreRouted, missing)).toEqual(["writeback.no-route"]);
    expect(codesOf(opsPassValidation, missing)).toEqual([]);

    const refused = { ops: ops([{ status: "failed", attemptCount: 0, lastError: "READ_ONLY_FIELD id" }]) };
    expect(codesOf(opsAreRouted, refused)).toEqual([]);
    expect(codesOf(opsPassValidation, refused)).toEqual(["writeback.validation-failed"]);

    const alias = {
      ops: ops([
        {
          status: "failed",
          attemptCount: 0,
          path: "/jira/issues/by-id/10001.json",
          lastError: "No jira writeback rule matched /jira/issues/by-id/10001.json",
        },
      ]),
    };
    expect(codesOf(opsAreRouted, alias)).toEqual(["writeback.not-writable-path"]);
  });

  test("leave no op unjudged that failed without an attempt, whatever its words", () => {
    const failed = (path: string, lastError: string) => ({
      ops: ops([{ status: "failed", attemptCount: 0, path, lastError }]),
    });
    const alias = failed(
      "/jira/issues/by-id/10001.json",
      "this is an alias of a record and cannot be written",
    );
    expect(codesOf(opsAreRouted, alias)).toEqual(["writeback.not-writable-path"]);
    expect(codesOf(opsPassValidation, alias)).toEqual([]);

    const index = failed(
      "/jira/issues/_index.json",
      "_index.json is a reserved name and reaches no provider",
    );
    expect(codesOf(opsAreRouted, index)).toEqual(["writeback.not-writable-path"]);

    const odd = failed("/jira/issues/new one.json", "words nobody has seen before");
    expect(codesOf(opsAreRouted, odd)).toEqual([]);
    expect(codesOf(opsPassValidation, odd)).toEqual(["writeback.validation-failed"]);
  });

  test("call a success status whose body says no a rejection (VW-27)", () => {
    const declined = {
      status: "dead_lettered",
      attemptCount: 1,
      lastStatus: 200,
      lastError: "success: false",
    };
    expect(codesOf(noDeadLetters, { ops: ops([declined]) })).toEqual(["writeback.provider-rejected"]);
  });

  test("group equal dead letters and tell a rejection from an outage", () => {
    const dead = { status: "dead_lettered", attemptCount: 1, lastStatus: 400, lastError: "summary too long" };
    const rejected = findingsOf(noDeadLetters, { ops: ops([dead, dead]) });
    expect(rejected.map((finding) => finding.code)).toEqual(["writeback.provider-rejected"]);
    expect(rejected[0]?.facts).toMatchObject({
      opIds: ["op_1", "op_2"],
      deadLettered: true,
      attempts: 1,
      lastStatus: 400,
    });

    for (const lastStatus of [503, 429, 408]) {
      const outage = { ops: ops([{ ...dead, attemptCount: 3, lastStatus }]) };
      expect(codesOf(noDeadLetters, outage)).toEqual(["writeback.retries-exhausted"]);
    }
  });

  test("leave a recovered write alone (S39)", () => {
    expect(codesOf(noDeadLetters, { ops: ops([{ attemptCount: 3, lastError: "503" }]) })).toEqual([]);
  });

  test("call an op stuck only when its own schedule is over", () => {
    const old = "2026-05-20T11:00:00.000Z";
    expect(codesOf(opsMove, { ops: ops([{ status: "pending", createdAt: old }]) })).toEqual([
      "writeback.op-stuck",
    ]);
    const waiting = { status: "pending", createdAt: old, nextAttemptAt: "2026-05-20T12:10:00.000Z" };
    expect(codesOf(opsMove, { ops: ops([waiting]) })).toEqual([]);
  });
});
