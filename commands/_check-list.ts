/** The checks as a document, for `--list` and the generated documentation. */
import type { Suite } from "../verify/check.ts";
import { COLLECTORS } from "../verify/evidence/mod.ts";
import { selectChecks } from "../verify/select.ts";
import type { CommandResult, Document } from "./_command.ts";

/** One check without its judgement. */
export interface ListedCheck {
  readonly id: string;
  readonly title: string;
  readonly severity: string;
  readonly phase: string;
  readonly effect: string;
  readonly after: readonly string[];
  readonly refs: readonly string[];
  readonly codes: readonly string[];
  readonly prerequisite: boolean;
}

/** The checks of a selection. */
export interface CheckListDocument extends Document {
  readonly kind: "relayfile.checks";
  readonly suite: Suite;
  readonly checks: readonly ListedCheck[];
}

/** The checks that a selection would run, in reading order. */
export function listChecks(
  suite: Suite,
  selection: { only?: readonly string[]; skip?: readonly string[]; refresh: boolean },
): CommandResult<CheckListDocument> {
  const effects = new Map(COLLECTORS.map((spec) => [spec.name, spec.effect]));
  const checks = selectChecks({
    suite,
    only: selection.only ?? [],
    skip: selection.skip ?? [],
    refresh: selection.refresh,
  }).map(({ check, prerequisite }) => ({
    id: check.id,
    title: check.title,
    severity: check.severity,
    phase: check.phase,
    effect: check.needs.some((name) => effects.get(name) === "refresh") ? "refresh" : "read",
    after: check.after,
    refs: check.refs,
    codes: Object.keys(check.findings),
    prerequisite,
  }));
  return { document: { schemaVersion: "1.0", kind: "relayfile.checks", suite, checks }, exit: "PASS" };
}
