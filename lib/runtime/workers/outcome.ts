/** Carries results and expected failures between objects as plain values. */
import { type ErrorCode, fail, isRelayfileError } from "../../errors.ts";
import type { Outcome } from "./types.ts";

/** Runs work and turns an expected failure into a value; anything else is thrown and resets nothing. */
export async function outcomeOf(work: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { ok: true, value: await work() };
  } catch (thrown) {
    if (!isRelayfileError(thrown)) throw thrown;
    const { code, message, details } = thrown;
    // Details may hold anything; what does not survive JSON is of no use elsewhere.
    return { ok: false, code, message, details: JSON.parse(JSON.stringify(details)) };
  }
}

/** The value of an outcome. Fails as the work did. */
export function outcomeValue(outcome: Outcome): unknown {
  if (outcome.ok) return outcome.value;
  return fail(outcome.code as ErrorCode, outcome.message, outcome.details);
}
