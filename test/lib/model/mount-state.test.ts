import { expect, test } from "bun:test";
import { MountState, parsePidRecord } from "../../../lib/model/mount-state.ts";

test("S35 MountState reads failedWritebacks of an older file as 0 and keeps foreign keys", () => {
  const state = MountState.parse({ status: "ready", somebodyElses: { a: 1 } });
  expect(state.failedWritebacks).toBe(0);
  expect(state.somebodyElses).toEqual({ a: 1 });
});

test("parsePidRecord() reads the record, a bare integer, and nothing else", () => {
  expect(parsePidRecord(`{"pid": 42, "registered": true}`)).toEqual({ pid: 42, registered: true });
  expect(parsePidRecord(" 42\n")).toEqual({ pid: 42 });
  expect(parsePidRecord("forty-two")).toBeNull();
  expect(parsePidRecord(`{"pid": -1}`)).toBeNull();
});
