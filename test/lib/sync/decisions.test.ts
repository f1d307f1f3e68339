import { describe, expect, test } from "bun:test";
import {
  classifyFileError,
  classifyOp,
  classifyRequest,
  statusOfFileCode,
} from "../../../lib/sync/classify.ts";
import { contentTypeOf, isTextType } from "../../../lib/sync/content-type.ts";
import { isDraftPath } from "../../../lib/sync/drafts.ts";
import { judgeLocal, type LocalFacts } from "../../../lib/sync/local-change.ts";
import { mayWrite } from "../../../lib/sync/scopes.ts";
import { batchDueMs, onSignal, SETTLED, takeSettled } from "../../../lib/sync/settle.ts";
import { verdictOf } from "../../../lib/sync/verdict.ts";

describe("classifyRequest()", () => {
  const table: [number | null, string, number, string][] = [
    [null, "", 9, "retry"],
    [429, "", 9, "retry"],
    [503, "", 9, "retry"],
    [401, "unauthorized", 9, "auth"],
    [403, "token_expired", 1, "auth"],
    [400, "bad_request", 9, "split"],
    [413, "", 2, "split"],
    [400, "bad_request", 1, "terminal"],
    [403, "forbidden", 1, "terminal"],
    [409, "revision_conflict", 1, "conflict"],
    [412, "precondition_failed", 1, "terminal"],
    [202, "", 1, "accepted"],
  ];
  for (const [status, code, files, kind] of table) {
    test(`${status} ${code} for ${files}: ${kind}`, () =>
      expect(classifyRequest(status, code, files)).toBe(kind as never));
  }
  test("per-file codes", () => {
    expect(classifyFileError("conflict", true)).toBe("conflict");
    expect(classifyFileError("not_found", true)).toBe("conflict");
    expect(classifyFileError("not_found", false)).toBe("terminal");
    expect(classifyFileError("forbidden", true)).toBe("denied");
    expect(classifyFileError("schema_validation_failed", true)).toBe("invalid");
    expect(classifyFileError("internal_error", true)).toBe("retry");
    expect(classifyFileError("invalid_path", true)).toBe("terminal");
    expect([statusOfFileCode("forbidden"), statusOfFileCode("invalid_path")]).toEqual([403, 400]);
  });
  test("op states; unknown ones keep waiting", () => {
    expect(
      ["succeeded", "failed", "dead_lettered", "canceled", "running", "dispatched"].map(classifyOp),
    ).toEqual(["succeeded", "failed", "failed", "failed", "pending", "pending"]);
  });
});

describe("judgeLocal()", () => {
  const base: LocalFacts = {
    local: { hash: "A", sizeBytes: 1 },
    tracked: true,
    baseHash: "A",
    pendingHash: null,
    pendingMayHaveLanded: false,
    refusedHash: "",
    deletePending: false,
    writable: true,
    readDenied: false,
    excluded: false,
    bytesMax: 10,
    trigger: "signal",
    polling: false,
    missingScans: 0,
  };
  const kind = (facts: Partial<LocalFacts>) => judgeLocal({ ...base, ...facts }).kind;
  const changed = { hash: "B", sizeBytes: 1 };
  test("a change is a save, the base is clean", () => {
    expect(kind({})).toBe("clean");
    expect(kind({ local: changed })).toBe("save");
    expect(kind({ local: changed, tracked: false, baseHash: "" })).toBe("save");
  });
  test("nothing is sent twice, refused bytes are not sent again", () => {
    expect(kind({ local: changed, pendingHash: "B" })).toBe("nothing");
    expect(kind({ local: changed, refusedHash: "B" })).toBe("nothing");
    expect(kind({ local: changed, pendingHash: "C" })).toBe("save");
  });
  test("L16: too large stays here", () =>
    expect(kind({ local: { hash: "B", sizeBytes: 11 } })).toBe("oversize"));
  test("C8: a path that may not be written comes back", () => {
    expect(kind({ local: changed, writable: false })).toBe("restore");
    expect(kind({ local: "absent", writable: false })).toBe("restore");
    expect(kind({ local: changed, writable: false, tracked: false, baseHash: "" })).toBe("nothing");
  });
  test("L9, L10: absence is a delete only with a witness or two scans", () => {
    expect(kind({ local: "absent" })).toBe("delete");
    expect(kind({ local: "absent", trigger: "scan" })).toBe("restore");
    expect(kind({ local: "absent", trigger: "scan", polling: true })).toBe("missed");
    expect(kind({ local: "absent", trigger: "scan", polling: true, missingScans: 1 })).toBe("delete");
  });
  test("L15: created and gone before it left", () => {
    expect(kind({ local: "absent", tracked: false, pendingHash: "B" })).toBe("cancel");
    expect(kind({ local: "absent", tracked: false, pendingHash: "B", pendingMayHaveLanded: true })).toBe(
      "nothing",
    );
  });
  test("reverting to the base cancels a save that never left", () => {
    expect(judgeLocal({ ...base, pendingHash: "B" })).toEqual({ kind: "clean", cancelPending: true });
    expect(judgeLocal({ ...base, pendingHash: "B", pendingMayHaveLanded: true })).toEqual({
      kind: "clean",
      cancelPending: false,
    });
  });
});

describe("settle", () => {
  const signal = (path: string, kind: "rename" | "change", atMs: number, gone = false) => ({
    path,
    kind,
    atMs,
    gone,
  });
  test("L1: a burst restarts its timer and settles once", () => {
    let state = SETTLED;
    for (const at of [0, 50, 90]) state = onSignal(state, signal("a", "change", at));
    expect(batchDueMs(state, 0)).toBe(190);
    expect(takeSettled(state, 189).paths).toEqual([]);
    expect(takeSettled(state, 190).paths).toEqual(["a"]);
  });
  test("L2: a rename into place beside a staging file takes the fast delay", () => {
    let state = onSignal(SETTLED, signal(".a.tmp-1", "change", 0));
    state = onSignal(state, signal(".a.tmp-1", "rename", 10, true));
    state = onSignal(state, signal("a", "rename", 10));
    expect(takeSettled(state, 11).paths).toContain("a");
  });
  test("a bare create is no commit", () => {
    const state = onSignal(SETTLED, signal("a", "rename", 0));
    expect(batchDueMs(state, 0)).toBe(100);
  });
  test("flush takes everything", () => {
    expect(takeSettled(onSignal(SETTLED, signal("a", "change", 0)), 0, true).paths).toEqual(["a"]);
  });
});

describe("mayWrite()", () => {
  test("C15: understands /**, prefixes on segments, and admits not knowing", () => {
    expect(mayWrite(["relayfile:fs:write:/slack/**"], "/slack/a/b.json")).toBe(true);
    expect(mayWrite(["relayfile:fs:write:/slack/**"], "/slackx")).toBe(false);
    expect(mayWrite(["fs:write:/slack/*"], "/slack/a")).toBe(true);
    expect(mayWrite(["fs:write"], "/x")).toBe(true);
    expect(mayWrite(["fs:read"], "/x")).toBe(false);
    expect(mayWrite(["relayfile:fs:write:/a/*/b"], "/a/x/b")).toBeNull();
    expect(mayWrite([], "/x")).toBeNull();
  });
});

describe("small tables", () => {
  test("isDraftPath() knows both draft forms", () => {
    expect(isDraftPath("/linear/issues/new 0b0f4c1e-9f2a-4b60-8a52-3f3f3c7b8a11.json")).toBe(true);
    expect(isDraftPath("/linear/issues/factory-create-x.json")).toBe(true);
    expect(isDraftPath("/linear/issues/a.json")).toBe(false);
  });
  test("contentTypeOf() does not depend on the machine", () => {
    expect(["a.md", "a.ts", "a.bin", "a", "a.JSON"].map(contentTypeOf)).toEqual([
      "text/markdown",
      "text/typescript",
      "application/octet-stream",
      "text/plain",
      "application/json",
    ]);
    expect(["text/x", "application/json", "image/png"].map(isTextType)).toEqual([true, true, false]);
  });
  test("verdictOf() names the gravest reason first", () => {
    const fine = {
      running: true,
      rootProblem: null,
      heldDeletes: 0,
      fault: null as string | null,
      authProblem: null,
      offline: null,
      circuitOpen: false,
      deadLetters: 0,
      malformed: 0,
      conflicts: 0,
      problems: 0,
      localOnly: 0,
      bootstrapping: false,
      pending: 0,
      draining: false,
      silentMs: 0,
      staleAfterMs: 60_000,
    };
    const verdict = (facts: Partial<typeof fine>) => verdictOf({ ...fine, ...facts }).verdict;
    expect(verdict({})).toBe("ok");
    expect(verdictOf({ ...fine, localOnly: 2 })).toEqual({
      verdict: "ok",
      reason: "both sides agree, but for 2 files that stay here only",
    });
    expect(verdict({ running: false })).toBe("stopped");
    expect(verdict({ heldDeletes: 3, pending: 3 })).toBe("halted");
    expect(verdict({ fault: "the disk is full (/m)" })).toBe("degraded");
    expect(verdict({ deadLetters: 1, pending: 1 })).toBe("degraded");
    expect(verdict({ pending: 1 })).toBe("catching-up");
    expect(verdict({ silentMs: 60_001 })).toBe("degraded");
  });
});
