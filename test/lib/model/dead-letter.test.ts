import { describe, expect, test } from "bun:test";
import { isSafeOpId, parseDeadLetter } from "../../../lib/model/dead-letter.ts";

describe("parseDeadLetter()", () => {
  test("reads the record of relayfile#84 and keeps fields it does not know", () => {
    const text = JSON.stringify({
      opId: "op_1",
      path: "/a",
      attempts: 1,
      lastStatus: 400,
      lastBody: "no",
      ts: "t",
      extra: 1,
    });
    expect(parseDeadLetter(text, "op_1")).toEqual({
      record: {
        opId: "op_1",
        path: "/a",
        attempts: 1,
        lastStatus: 400,
        lastBody: "no",
        ts: "t",
        extra: 1,
      } as never,
    });
  });

  test("reads a record mirrored from a server", () => {
    const text = JSON.stringify({
      opId: "op_2",
      path: "/b",
      code: "provider_4xx",
      message: "m",
      replayUrl: "u",
      attempts: 3,
    });
    expect(parseDeadLetter(text, "op_2")).toMatchObject({ record: { code: "provider_4xx", replayUrl: "u" } });
  });

  test("fills a missing or blank id from the file name", () => {
    expect(parseDeadLetter(`{"path":"/a"}`, "op_3")).toMatchObject({ record: { opId: "op_3" } });
    expect(parseDeadLetter(`{"opId":"","path":"/a"}`, "op_3")).toMatchObject({ record: { opId: "op_3" } });
  });

  test.each([
    ["{", "op_1"],
    ["[]", "op_1"],
    ["null", "op_1"],
    [`{"opId":"op_2"}`, "op_1"],
    [`{"opId":"op_1","attempts":"three"}`, "op_1"],
  ])("gives a reason for %j", (text, id) => {
    expect(parseDeadLetter(text, id)).toEqual({ reason: expect.any(String) as unknown as string });
  });
});

test("isSafeOpId() refuses what is not a file name", () => {
  for (const bad of ["", ".", "..", "a/b", "a\\b", "a\0b"]) expect(isSafeOpId(bad)).toBe(false);
  expect(isSafeOpId("op_1-x.y")).toBe(true);
});
