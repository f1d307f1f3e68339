import { expect, test } from "bun:test";
import { ERRORS, EXIT, fail, isRelayfileError, RelayfileError } from "../../lib/errors.ts";

test("every code has a snake_case name and a hint that starts with a capital or a command, without a period", () => {
  for (const [code, spec] of Object.entries(ERRORS)) {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/);
    expect(spec.hint).toMatch(/^(relayfile |[A-Z])/);
    expect(spec.hint.endsWith(".")).toBe(false);
    expect(EXIT[spec.exit]).toBeNumber();
  }
});

test("fail() raises an error that carries status, exit, next and an overridable hint", () => {
  try {
    fail("revision_conflict", "rev_1 is not current", { currentRevision: "rev_2", hint: "Read it again" });
  } catch (error) {
    expect(isRelayfileError(error, "revision_conflict")).toBe(true);
    const typed = error as RelayfileError;
    expect([typed.status, typed.exit, typed.next, typed.hint, typed.retryable]).toEqual([
      409,
      "FINDINGS",
      "re-read",
      "Read it again",
      false,
    ]);
  }
  expect(isRelayfileError(new Error("x"))).toBe(false);
  expect(new RelayfileError("unavailable", "x").retryable).toBe(true);
});
