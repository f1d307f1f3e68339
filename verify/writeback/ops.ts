/** What became of real writes: routed, valid, delivered, or waiting for a person, each told apart by the op itself. */
import { classifyWrite } from "../../lib/pipeline/pure/classify.ts";
import {
  defineCheck,
  type FactValue,
  type FindingDraft,
  judged,
  type OpsFact,
  plural,
  suggest,
} from "../check.ts";

type Op = OpsFact["items"][number];

const STUCK_MS = 5 * 60_000;
const NO_RULE = /^No .+ writeback rule matched/i;
/** What the classifier says of a parent that is spelled by its key. */
const PARENT = /names no record of/;
/** Reasons for which a path has no route and never will. */
const BY_DESIGN: readonly string[] = ["alias", "reserved_name", "read_only"];
const VALIDATION =
  /READ_ONLY_FIELD|VALIDATION_FAILED|schema_validation|read-only and differs|\brequired\b.*\b(?:missing|property)|additional ?propert/i;

/** VW-09. */
export const opsAreRouted = defineCheck({
  id: "writeback.ops-are-routed",
  title: "every op found a route to its provider",
  severity: "error",
  phase: "writeback",
  needs: ["ops"],
  wants: ["discovery"],
  after: ["doctor.scopes-suffice"],
  refs: ["VW-09", "VW-25", "symptom:75", "S24"],
  hint: "Retrying cannot help; use a writable path",
  findings: {
    "writeback.no-route": {
      severity: "error",
      means:
        "An edit of a canonical record failed without an attempt: the router of the deployment has no rule for its path.",
      decided:
        "The op is failed, attemptCount is 0, its error says that no rule matched, and the path is a canonical record.",
      not: "Not a refused body (there a rule matched) and not a write to an alias or an index (those have no route by design).",
      fix: "Do not retry. Use the create flow or the provider itself; report the path and the provider's adapter version.",
    },
    "writeback.not-writable-path": {
      severity: "warn",
      means:
        "Something wrote to a path that has no route by design: an alias copy, an index, a layout, or a place outside any resource.",
      decided: "The op failed without an attempt, and the classifier says that such a path is never written.",
      not: "Not cloud#780: a canonical record would have a route.",
      fix: "Write the canonical file instead: canonicalPath in the resource's _index.json.",
    },
    "writeback.parent-named-by-key": {
      severity: "warn",
      means:
        "Something wrote below a parent that is named by its key or by a shortened id, as old mirrors spell it. Such a directory is no record, so nothing was sent.",
      decided: "The op failed without an attempt, and the segment for the parent is no id of its collection.",
      not: "Not cloud#780: below the right directory the same file has a route.",
      fix: "Let the mirror sync again, then write below the directory that the parent's _index.json names.",
    },
  },
  run: ({ ops, discovery }) => {
    const known = new Set(
      (discovery?.providers ?? []).flatMap(({ resources }) =>
        resources.flatMap(({ index }) => index?.canonicalPaths ?? []),
      ),
    );
    // An access rule is meant for the service: that it reaches no provider is what its writer wants.
    const failed = ops.items.filter(
      (op) => isUnattempted(op) && lacksRoute(op) && op.path?.endsWith("/.relayfile.acl") !== true,
    );
    const findings = groupBy(failed, (op) => `${op.provider ?? ""} ${shapeOf(op.path ?? "")}`).map(
      (
        group,
      ): FindingDraft<
        "writeback.no-route" | "writeback.not-writable-path" | "writeback.parent-named-by-key"
      > => {
        const [op] = group;
        const route = routeOf(op);
        // A path that neither the registry routes nor the emitter lists as a record is a place like any other.
        const nowhere =
          route.kind === "none" &&
          route.reason === "no_rule" &&
          !known.has(op.path ?? "") &&
          discovery !== null;
        const byDesign = route.kind === "none" && (BY_DESIGN.includes(route.reason) || nowhere);
        const shared = {
          subject: { kind: "op", ref: op.opId } as const,
          evidence: opProof(op),
          facts: {
            ...opFacts(group),
            attemptCount: 0,
            noRuleMatched: true,
            canonical: canonicalOf(route, known.has(op.path ?? ""), byDesign),
          },
        };
        if (route.kind === "none" && PARENT.test(route.message)) {
          return {
            ...shared,
            code: "writeback.parent-named-by-key",
            title: `${plural(group.length, "write")} below a parent that is no record: ${op.path}`,
            detail: route.message,
            remedy: {
              text: route.hint ?? "Use the directory that the parent's index names",
              commands: [suggest(`relayfile ops show ${op.opId}`)],
            },
          };
        }
        if (byDesign) {
          return {
            ...shared,
            code: "writeback.not-writable-path",
            title: `${plural(group.length, "write")} to a path without a route: ${op.path} (${route.message})`,
            remedy: {
              text: route.hint ?? "Write the canonical file instead",
              commands: [suggest(`relayfile ops show ${op.opId}`)],
            },
          };
        }
        return {
          ...shared,
          code: "writeback.no-route",
          title: `${plural(group.length, "edit")} failed without an attempt: no ${op.provider ?? "provider"} rule for ${op.path}`,
          ruledOut: ["a refused body: no rule matched at all", "a provider rejection: it was never called"],
          remedy: {
            text: "Do not retry; look at the op",
            commands: [suggest(`relayfile ops show ${op.opId}`)],
          },
        };
      },
    );
    return judged(ops.items.length, findings, opsLine(ops));
  },
});

/** VW-10. */
export const opsPassValidation = defineCheck({
  id: "writeback.ops-pass-validation",
  title: "no op was refused for its body",
  severity: "error",
  phase: "writeback",
  needs: ["ops"],
  after: ["doctor.scopes-suffice"],
  refs: ["VW-10", "S20"],
  hint: "Send mutable fields only",
  findings: {
    "writeback.validation-failed": {
      severity: "error",
      means:
        "A rule matched, but the document was refused before the provider was called: a read-only field changed, a required one is missing, or one is unknown.",
      decided: "The op failed without an attempt and its error names a field or a validation code.",
      not: "Not a missing route and not a provider rejection.",
      fix: "Keep the fields the schema lists as writable; read-only ones must be omitted or unchanged.",
    },
  },
  run: ({ ops }) => {
    // An op that failed without an attempt and had a route can only have been refused for its body, whatever the words.
    const refused = ops.items.filter((op) => isUnattempted(op) && !lacksRoute(op));
    const findings = groupBy(refused, (op) => `${op.provider ?? ""} ${op.lastError ?? ""}`).map(
      (group): FindingDraft<"writeback.validation-failed"> => ({
        code: "writeback.validation-failed",
        title: `${plural(group.length, "write")} refused for the body: ${group[0].lastError}`,
        subject: { kind: "op", ref: group[0].opId },
        evidence: opProof(group[0]),
        facts: opFacts(group),
        ruledOut: ["a missing route: the body was judged", "a provider rejection: it was never called"],
        remedy: {
          text: "Send mutable fields only",
          commands: [suggest(`relayfile ops show ${group[0].opId}`)],
        },
      }),
    );
    return judged(ops.items.length, findings, opsLine(ops));
  },
});

/** VW-12. */
export const noDeadLetters = defineCheck({
  id: "writeback.no-dead-letters",
  title: "no op is dead-lettered",
  severity: "error",
  phase: "writeback",
  needs: ["ops"],
  wants: ["deadLetters"],
  after: ["doctor.scopes-suffice"],
  refs: ["VW-12", "symptom:73", "S36"],
  hint: "Fix what the provider refused, then retry the op",
  findings: {
    "writeback.provider-rejected": {
      severity: "error",
      means:
        "The provider refused the write for good (4xx). It is kept as a dead letter and never repeated by itself.",
      decided:
        "The op is dead_lettered, was attempted, and the provider's last answer is a 4xx other than 408, 425 and 429, or a 200 whose body says no.",
      not: "Not an outage: repeating the same document gives the same answer.",
      fix: "Read the provider's answer, fix the file, then retry the op.",
    },
    "writeback.retries-exhausted": {
      severity: "error",
      means: "The provider did not answer well on any attempt; the write is kept as a dead letter.",
      decided:
        "The op is dead_lettered after several attempts and the last answer is a 5xx, a 429 or silence.",
      not: "Not a refusal of the content: the same document may succeed later.",
      fix: "When the provider is well again, retry the op.",
    },
  },
  run: ({ ops, deadLetters }) => {
    const dead = ops.items.filter((op) => op.status === "dead_lettered");
    const local = new Set((deadLetters?.records ?? []).map((record) => record.opId));
    const findings = groupBy(
      dead,
      (op) => `${op.provider ?? ""} ${isRejection(op)} ${statusOf(op)} ${messageOf(op)}`,
    ).map((group): FindingDraft<"writeback.provider-rejected" | "writeback.retries-exhausted"> => {
      const [op] = group;
      const rejected = isRejection(op);
      const status = statusOf(op);
      const said = messageOf(op);
      const answer =
        status === null || said.includes(String(status))
          ? said || "no answer recorded"
          : `${status} ${said}`.trim();
      return {
        code: rejected ? "writeback.provider-rejected" : "writeback.retries-exhausted",
        title: `${op.provider ?? "the provider"} ${rejected ? "rejected" : "never accepted"} ${plural(group.length, "write")}: ${answer}`,
        detail: group.map((item) => `${item.opId} ${item.path ?? ""}`).join("; "),
        subject: { kind: "op", ref: op.opId },
        evidence: opProof(op),
        facts: {
          ...opFacts(group),
          deadLettered: true,
          attempts: op.attemptCount,
          lastStatus: status,
          recordedLocally: deadLetters === null ? null : group.some((item) => local.has(item.opId)),
        },
        ruledOut: rejected
          ? [
              "an outage: the provider answered with a definite refusal",
              "a missing route: the write was attempted",
            ]
          : ["a refusal of the content: the provider never judged it"],
        remedy: {
          text: rejected
            ? "Fix the file as the provider's answer says, then retry"
            : "Retry when the provider is well again",
          commands: [
            suggest(`relayfile ops show ${op.opId}`),
            suggest(`relayfile writeback retry --opId ${op.opId}`, "write", false),
          ],
        },
      };
    });
    return judged(ops.items.length, findings, opsLine(ops));
  },
});

/** VW-11. */
export const opsMove = defineCheck({
  id: "writeback.ops-move",
  title: "no op waits for longer than its own schedule",
  severity: "error",
  phase: "writeback",
  needs: ["ops"],
  wants: ["clock"],
  after: ["doctor.scopes-suffice"],
  refs: ["VW-11", "symptom:72"],
  hint: "Look at the op: relayfile ops show OP",
  findings: {
    "writeback.op-stuck": {
      severity: "error",
      means: "An op has been pending for minutes with no attempt due: nobody consumes the queue.",
      decided: "createdAt and nextAttemptAt were compared with the server's time.",
      not: "Not a retry that waits: its next attempt lies ahead.",
      fix: "Look at the executor; the write itself is safe.",
    },
  },
  run: ({ ops, clock }) => {
    const nowMs = ops.collectedAtMs + (clock?.skewMs ?? 0);
    const waiting = ops.items.filter((op) => op.status === "pending" || op.status === "running");
    const stuck = waiting.filter((op) => {
      const since = Math.max(
        Date.parse(op.updatedAt ?? op.createdAt ?? "") || 0,
        Date.parse(op.nextAttemptAt ?? "") || 0,
      );
      return since > 0 && nowMs - since > STUCK_MS;
    });
    const findings = groupBy(stuck, (op) => op.provider ?? "").map(
      (group): FindingDraft<"writeback.op-stuck"> => ({
        code: "writeback.op-stuck",
        title: `${plural(group.length, "op")} of ${group[0].provider ?? "no provider"} ${group.length === 1 ? "is" : "are"} stuck in ${group[0].status}`,
        subject: { kind: "op", ref: group[0].opId },
        evidence: opProof(group[0]),
        facts: opFacts(group),
        remedy: { text: "Look at the op", commands: [suggest(`relayfile ops show ${group[0].opId}`)] },
      }),
    );
    return judged(ops.items.length, findings, `${plural(waiting.length, "op")} waiting`);
  },
});

/** Whether a path is a canonical record; null when neither the registry nor an index can tell. */
function canonicalOf(route: ReturnType<typeof routeOf>, listed: boolean, byDesign: boolean): boolean | null {
  if (listed || route.kind === "edit" || route.kind === "delete") return true;
  return byDesign || route.kind === "create" ? false : null;
}

function isUnattempted(op: Op): boolean {
  return op.status === "failed" && op.attemptCount === 0;
}

function routeOf(op: Op) {
  return classifyWrite(op.path ?? "", op.action === "file_delete" ? "delete" : "write");
}

/** True when the server says so, or when nothing could route the path and the words are not about the body. */
function lacksRoute(op: Op): boolean {
  const said = op.lastError ?? "";
  return NO_RULE.test(said) || (routeOf(op).kind === "none" && !VALIDATION.test(said));
}

/** A definite answer: a 4xx that is not about load, or a success status whose body says no (GraphQL). */
function isRejection(op: Op): boolean {
  const status = statusOf(op);
  return status !== null && status >= 200 && status < 500 && ![408, 425, 429].includes(status);
}

/** The provider's last HTTP status: the op's own field, else a number its error starts or ends with. */
function statusOf(op: Op): number | null {
  if (op.lastStatus !== undefined) return op.lastStatus;
  const match = /(?:^|\b(?:status|HTTP|answered)\s*[:=]?\s*)([1-5]\d\d)\b/i.exec(op.lastError ?? "");
  return match === null ? null : Number(match[1]);
}

function messageOf(op: Op): string {
  return (op.lastError ?? "").replace(/\s+/g, " ").slice(0, 200);
}

function opProof(op: Op) {
  return [
    {
      type: "http" as const,
      exchangeId: op.exchangeId,
      quote: `${op.opId} ${op.status}, ${plural(op.attemptCount, "attempt")}`,
    },
    { type: "log" as const, line: messageOf(op) || "no error recorded" },
  ];
}

function opFacts(group: readonly [Op, ...Op[]]): Record<string, FactValue> {
  const [op] = group;
  return {
    provider: op.provider ?? null,
    path: op.path ?? null,
    opIds: group.map((item) => item.opId),
    status: op.status,
    correlationId: op.correlationId ?? null,
  };
}

/** A path with its ids taken out, so that edits of one resource group together. */
function shapeOf(path: string): string {
  return path
    .split("/")
    .map((segment) => (/\d|__/.test(segment) ? "*" : segment))
    .join("/");
}

function groupBy(ops: readonly Op[], key: (op: Op) => string): (readonly [Op, ...Op[]])[] {
  const groups = new Map<string, [Op, ...Op[]]>();
  for (const op of ops) {
    const known = groups.get(key(op));
    if (known === undefined) groups.set(key(op), [op]);
    else known.push(op);
  }
  return [...groups.values()];
}

function opsLine(ops: OpsFact): string {
  const counts = new Map<string, number>();
  for (const op of ops.items) counts.set(op.status, (counts.get(op.status) ?? 0) + 1);
  const words = [...counts].map(([status, count]) => `${count} ${status}`).join(", ");
  return words === "" ? "no ops yet" : words;
}
