import { describe, expect, test } from "bun:test";
import { installNeeded } from "../../scripts/setup.ts";
import { countsOf, verdictOf } from "../../scripts/test.ts";

describe("installNeeded()", () => {
  const cases = [
    { stamp: null, hasDevelopment: false, mode: "production", needs: "production" },
    { stamp: null, hasDevelopment: false, mode: "full", needs: "full" },
    { stamp: null, hasDevelopment: true, mode: "production", needs: "full" },
    { stamp: "production h1", hasDevelopment: false, mode: "production", needs: null },
    { stamp: "production h1", hasDevelopment: false, mode: "full", needs: "full" },
    { stamp: "full h1", hasDevelopment: true, mode: "production", needs: null },
    { stamp: "full h0", hasDevelopment: true, mode: "full", needs: "full" },
  ] as const;
  for (const { stamp, hasDevelopment, mode, needs } of cases) {
    test(`asks for ${needs} when the stamp is ${stamp} and ${mode} is wanted`, () => {
      expect(installNeeded({ stamp, hasDevelopment, wanted: "h1" }, mode)).toBe(needs);
    });
  }
});

describe("verdictOf()", () => {
  test("passes when tests ran and none failed", () => {
    const counts = countsOf('<testsuites name="bun test" tests="5" failures="0" skipped="1" time="1">');
    expect(verdictOf(counts, 0)).toEqual({ line: "4 passed, 0 failed, 1 skipped", exitCode: 0 });
  });

  test("fails when nothing ran, when a test failed, and when the runner died", () => {
    expect(verdictOf({ passed: 0, failed: 0, skipped: 0 }, 0).exitCode).toBe(1);
    expect(verdictOf({ passed: 4, failed: 1, skipped: 0 }, 1)).toEqual({
      line: "4 passed, 1 failed",
      exitCode: 1,
    });
    expect(verdictOf(null, 139)).toEqual({ line: "0 passed, 1 failed", exitCode: 1 });
  });
});
