/** Reading what a write probe saw, for its checks. */
import { type FactValue, type FindingDraft, type Outcome, plural, skip } from "../../check.ts";
import type { FollowedOp, SentWrite, WriteProbeFact, WriteTargetFact } from "../facts.ts";

/** Targets at which something was sent. */
export function written(fact: WriteProbeFact): WriteTargetFact[] {
  return fact.targets.filter(({ created, edit }) => created !== null || edit !== null);
}

/** Why nothing was written anywhere, as an answer. */
export function nothingWritten(fact: WriteProbeFact): Outcome<never> {
  const reasons = fact.targets.flatMap(({ skipped }) => (skipped === null ? [] : [skipped]));
  const [first] = reasons;
  if (first === undefined) return skip("no connected provider takes writes");
  return skip([...new Set(reasons.map(({ reason }) => reason))].join("; "), first.flag);
}

/** The write of a target with its op: the create of a throwaway, else the edit. */
export function mainWrite(target: WriteTargetFact): { sent: SentWrite | null; op: FollowedOp | null } {
  return target.created === null
    ? { sent: target.edit?.sent ?? null, op: target.edit?.op ?? null }
    : { sent: target.created, op: target.createOp };
}

/** The facts every finding about a target carries. */
export function factsOf(
  target: WriteTargetFact,
  op: FollowedOp | null = mainWrite(target).op,
): Record<string, FactValue> {
  return {
    provider: target.provider,
    resource: target.resource,
    path: target.path,
    opIds: op === null ? [] : [op.opId],
  };
}

/** The subject of a target: its op when there is one, else its path. */
export function subjectOf(target: WriteTargetFact): FindingDraft["subject"] {
  const { op } = mainWrite(target);
  return op === null
    ? { kind: "path", ref: target.path ?? target.resource ?? target.provider }
    : { kind: "op", ref: op.opId };
}

/** `jira, linear`. */
export function namesOf(targets: readonly WriteTargetFact[]): string {
  return [...new Set(targets.map(({ provider }) => provider))].sort().join(", ");
}

/** `2 writes at jira, linear`. */
export function writesLine(targets: readonly WriteTargetFact[]): string {
  return `${plural(targets.length, "write")} at ${namesOf(targets) || "no provider"}`;
}
