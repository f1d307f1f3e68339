/** Runs one check the way the runner does: on evidence that is there, without any I/O. */
import type { Check, FindingDraft, Outcome } from "../../verify/check.ts";
import type { Facts } from "../../verify/facts.ts";

/** What a check concludes from a literal. Evidence that is only wanted and not given is null. */
export function runCheck(check: Check, facts: Partial<Facts>): Outcome {
  const input: Record<string, unknown> = {};
  for (const name of check.wants ?? []) input[name] = facts[name] ?? null;
  for (const name of check.needs) {
    if (facts[name] === undefined) throw new TypeError(`the test gives no ${name} to ${check.id}`);
    input[name] = facts[name];
  }
  return check.run(input);
}

/** Findings of a check on a literal. */
export function findingsOf(check: Check, facts: Partial<Facts>): readonly FindingDraft[] {
  const outcome = runCheck(check, facts);
  return outcome.kind === "skip" ? [] : (outcome.findings ?? []);
}

/** Codes of the findings of a check on a literal. */
export function codesOf(check: Check, facts: Partial<Facts>): string[] {
  return findingsOf(check, facts).map((finding) => finding.code);
}
