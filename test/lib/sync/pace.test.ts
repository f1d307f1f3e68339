import { describe, expect, test } from "bun:test";
import { filesPerSecond, type Pace, paceText, secondsLeft } from "../../../lib/sync/pace.ts";

const pace = (parts: Partial<Pace>): Pace => ({
  files: 3_412,
  filesBefore: 0,
  total: 10_000,
  bytes: 7 * 1_048_576,
  elapsedMs: 2_000,
  ...parts,
});

describe("paceText()", () => {
  test("S11: paceText() tells files, bytes, rate and time left", () => {
    expect(paceText(pace({}))).toBe("3,412 of 10,000 files, 7.0 MiB, 1,706 files/s, 4 s left");
  });

  test("paceText() leaves out what it does not know", () => {
    expect(paceText(pace({ total: null }))).toBe("3,412 files, 7.0 MiB, 1,706 files/s");
    expect(paceText(pace({ elapsedMs: 10 }))).toBe("3,412 of 10,000 files, 7.0 MiB");
    expect(paceText(pace({ files: 0, bytes: 0 }))).toBe("0 of 10,000 files, 0.0 MiB");
  });

  test("paceText() changes units where seconds say little", () => {
    const left = (total: number) =>
      paceText(pace({ files: 100, elapsedMs: 1_000, total }))
        .split(", ")
        .at(-1);
    expect([left(9_000), left(20_000), left(1_000_100)]).toEqual(["89 s left", "3 min left", "3 h left"]);
  });
});

describe("filesPerSecond()", () => {
  test("filesPerSecond() counts this attempt only", () => {
    expect(filesPerSecond(pace({ files: 5_000, filesBefore: 4_000 }))).toBe(500);
    expect(filesPerSecond(pace({ files: 4_000, filesBefore: 4_000 }))).toBeNull();
  });
});

describe("secondsLeft()", () => {
  test("secondsLeft() is never negative, and null where nobody can tell", () => {
    expect(secondsLeft(pace({ files: 12_000 }))).toBe(0);
    expect(secondsLeft(pace({ total: null }))).toBeNull();
    expect(secondsLeft(pace({ elapsedMs: 0 }))).toBeNull();
  });
});
