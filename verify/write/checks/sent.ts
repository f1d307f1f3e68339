/** A test write is prepared from what is advertised, taken by the file API, and brought to its provider. */
import {
  defineCheck,
  type FindingDraft,
  isOutage,
  judged,
  plural,
  proof,
  suggest,
  unknown,
} from "../../check.ts";
import type { FollowedOp, WriteTargetFact } from "../facts.ts";
import { factsOf, mainWrite, nothingWritten, subjectOf, writesLine, written } from "./_targets.ts";

/** VW-01, VW-03. */
export const probePrepared = defineCheck({
  id: "writeback.probe-prepared",
  title: "an advertised example can be marked and passes validation before it is sent",
  severity: "error",
  phase: "writeback",
  needs: ["writeProbe"],
  after: ["doctor.scopes-suffice"],
  refs: ["VW-01", "VW-03", "VW-04"],
  hint: "Name a record or a collection: relayfile verify writeback PROVIDER --allow-write --path PATH",
  findings: {
    "writeback.probe-document-invalid": {
      severity: "error",
      means:
        "The advertised example, marked as a test, would be refused before it reaches the provider; nothing was sent.",
      decided: "The marked example was validated with the schema that the workspace advertises.",
      not: "Not a refusal by the provider: no request was made.",
      fix: "Compare the example with its schema, or give the missing fields with --with FIELD=VALUE.",
    },
  },
  run: ({ writeProbe }) => {
    const invalid = writeProbe.targets.filter((target) => target.invalid !== null);
    const sent = written(writeProbe);
    const findings = invalid.map(
      (target): FindingDraft<"writeback.probe-document-invalid"> => ({
        code: "writeback.probe-document-invalid",
        title: `${target.resource}: the marked example is refused: ${target.invalid?.message}`,
        subject: { kind: "resource", ref: target.resource ?? target.provider },
        evidence: [{ type: "log", line: `${target.invalid?.code} ${target.invalid?.field}` }],
        facts: { ...factsOf(target), code: target.invalid?.code ?? "", field: target.invalid?.field ?? "" },
      }),
    );
    if (sent.length + invalid.length > 0)
      return judged(sent.length + invalid.length, findings, `${plural(sent.length, "document")} prepared`);
    const why = nothingWritten(writeProbe);
    // Consent was given and nothing could be written: that is no pass.
    const flag = why.kind === "skip" && why.flag !== undefined ? ` (${why.flag})` : "";
    return unknown(`nothing was written: ${why.reason}${flag}`);
  },
});

/** VW-07, VW-16. */
export const writeAccepted = defineCheck({
  id: "writeback.write-accepted",
  title: "a test write is accepted with an op to follow",
  severity: "error",
  phase: "writeback",
  needs: ["writeProbe"],
  after: ["writeback.probe-prepared"],
  refs: ["VW-07", "VW-16"],
  hint: "Read the refusal; the message names what is missing",
  findings: {
    "writeback.write-forbidden": {
      severity: "error",
      class: "auth",
      means: "The token may read this workspace but not write there.",
      decided: "The write was answered 401 or 403 while reads with the same token succeed.",
      not: "Not an expired token: reading works.",
      fix: "Join with fs:write for this path, or name a path that the token's scopes cover.",
    },
    "writeback.write-refused": {
      severity: "error",
      means: "The file API refused a write that follows its own contract.",
      decided: "A PUT with If-Match and a valid document was answered with a 4xx and no op.",
      not: "Not a refusal by the provider: no op came into being.",
      fix: "Compare the answer with the contract of PUT fs/file; report the correlation id.",
    },
    "writeback.write-unanswered": {
      severity: "error",
      class: "transient",
      means: "No attempt to write got an answer: whether it arrived cannot be told.",
      decided: "Three attempts with one identity ended without an answer or with a 5xx.",
      not: "Not a refusal.",
      fix: "Repeat later; before that, look for the marker, for one attempt may have arrived.",
    },
    "writeback.write-answer-incomplete": {
      severity: "warn",
      means: "The write was taken, but the answer lacks what a client needs to follow it.",
      decided: "The answer was a success, and opId, targetRevision or writeback.state was missing from it.",
      not: "Not a failed write.",
      fix: "Report the answer; clients cannot wait for such a write.",
    },
  },
  run: ({ writeProbe }) => {
    const targets = written(writeProbe);
    const findings = targets.flatMap((target): FindingDraft<Code>[] => {
      const { sent } = mainWrite(target);
      if (sent === null) return [];
      const { probe } = sent;
      const base = { subject: subjectOf(target), evidence: [proof(probe)], facts: factsOf(target) };
      const what = `${target.provider}: the test write to ${target.path}`;
      if (sent.opId === null) {
        const code = isOutage(probe)
          ? "writeback.write-unanswered"
          : probe.status === 401 || probe.status === 403
            ? "writeback.write-forbidden"
            : (probe.status ?? 0) < 300
              ? "writeback.write-answer-incomplete"
              : "writeback.write-refused";
        const said = probe.message === null ? "" : `: ${probe.message}`;
        // Taken, and nobody can follow it: worse than an answer that lacks a detail.
        return [
          {
            ...base,
            code,
            severity: "error",
            title: `${what} was answered ${probe.status ?? probe.failure}${code === "writeback.write-answer-incomplete" ? " without an op to follow" : said}`,
          },
        ];
      }
      if (sent.targetRevision !== null && sent.state !== null) return [];
      // Found by its path after a lost reply: the answer itself is what is missing.
      if (sent.lostReplies > 0) return [];
      return [
        { ...base, code: "writeback.write-answer-incomplete", title: `${what} names no revision or state` },
      ];
    });
    return judged(targets.length, findings, `${writesLine(targets)}${lostLine(targets)}`);
  },
});

type Code =
  | "writeback.write-forbidden"
  | "writeback.write-refused"
  | "writeback.write-unanswered"
  | "writeback.write-answer-incomplete";

function lostLine(targets: readonly WriteTargetFact[]): string {
  const lost = targets.reduce((sum, target) => sum + (mainWrite(target).sent?.lostReplies ?? 0), 0);
  return lost === 0 ? "" : `, ${plural(lost, "lost reply", "lost replies")} repeated with the same identity`;
}

/** VW-08 to VW-12, VW-26, VW-27. */
export const writeArrives = defineCheck({
  id: "writeback.write-arrives",
  title: "a test write reaches its provider within two minutes",
  severity: "error",
  phase: "writeback",
  needs: ["writeProbe"],
  after: ["writeback.write-accepted"],
  refs: ["VW-08", "VW-09", "VW-10", "VW-11", "VW-12", "VW-26", "VW-27", "symptom:72", "symptom:73"],
  hint: "Look at the op: relayfile ops show OP",
  findings: {
    "writeback.executor-down": {
      severity: "error",
      means: "The op was taken and nobody works on it: the executor of this provider does not run.",
      decided:
        "The op was still pending after two minutes without a single attempt and without a time for the next.",
      not: "Not a provider that refuses: it was never called.",
      fix: "Look at the executor; the write is queued and will be sent when it comes back.",
    },
    "writeback.write-slow": {
      severity: "error",
      class: "transient",
      means: "The provider did not take the write yet; the service goes on trying.",
      decided: "After two minutes the op had attempts and was still pending or running.",
      not: "Not a stopped executor: attempts were made.",
      fix: "Wait for the next attempt, then look at the op.",
    },
    "writeback.probe-unroutable": {
      severity: "error",
      means: "The service has no writeback rule for a path that its own contract advertises.",
      decided: "The op failed without an attempt and says that no rule matched.",
      not: "Not a refused document: the router gave up before reading it.",
      fix: "Report path and provider; the deployment may be older than its contract.",
    },
    "writeback.probe-refused": {
      severity: "error",
      means: "The service refused its own advertised example before calling the provider.",
      decided: "The op failed without an attempt and its error names a field.",
      not: "Not a provider rejection.",
      fix: "Give the field with --with FIELD=VALUE, or report the example.",
    },
    "writeback.probe-rejected": {
      severity: "error",
      means: "The provider refused the test write for good.",
      decided: "The op is dead-lettered after an attempt whose last answer was a 4xx.",
      not: "Not an outage.",
      fix: "Read the provider's answer: permissions of the connection, required fields, the place that was named.",
    },
    "writeback.probe-undelivered": {
      severity: "error",
      means: "The provider did not answer well on any attempt, and the service gave up.",
      decided: "The op is dead-lettered and its last answer was a 5xx, a 429 or silence.",
      not: "Not a refusal of the content.",
      fix: "When the provider is well again, repeat the probe; the dead letter may be dropped.",
    },
    "writeback.local-only": {
      severity: "error",
      means: "The write was called a success although no provider was concerned.",
      decided: "The op succeeded with local: true while the provider is said to be connected.",
      not: "Not a slow provider.",
      fix: "Connect the provider, then repeat.",
    },
    "writeback.success-without-identity": {
      severity: "error",
      means: "The op is a success and names no record: the provider may have created nothing.",
      decided: "Neither the op's result nor the receipt holds an id, a ts or an identifier.",
      not: "Not a missing canonical file: that is judged on its own.",
      fix: "Look at the provider for the marker; report the op.",
    },
  },
  run: ({ writeProbe }) => {
    const targets = written(writeProbe);
    const findings = targets.flatMap((target) =>
      [
        ...opFindings(target, mainWrite(target).op, target.created !== null),
        ...(target.created === null ? [] : opFindings(target, target.edit?.op ?? null, false)),
        ...opFindings(target, target.restored?.op ?? null, false),
      ].filter((finding) => finding !== null),
    );
    const unread = targets.filter((target) => mainWrite(target).op?.status === null);
    if (findings.length === 0 && unread.length > 0)
      return unknown(`the op of ${unread[0]?.path} could not be read`);
    const slowest = Math.max(0, ...targets.map((target) => mainWrite(target).op?.waitedMs ?? 0));
    return judged(targets.length, findings, `${writesLine(targets)}, the slowest op took ${slowest} ms`);
  },
});

type OpCode =
  | "writeback.executor-down"
  | "writeback.write-slow"
  | "writeback.probe-unroutable"
  | "writeback.probe-refused"
  | "writeback.probe-rejected"
  | "writeback.probe-undelivered"
  | "writeback.local-only"
  | "writeback.success-without-identity";

/** What an op of the probe is a sign of; nothing for a good one. */
function opFindings(
  target: WriteTargetFact,
  op: FollowedOp | null,
  creates: boolean,
): FindingDraft<OpCode>[] {
  const found = op === null ? null : judgeOp(op, creates, target.draft?.created ?? null);
  if (op === null || found === null) return [];
  return [
    {
      code: found.code,
      title: `${target.provider}: ${found.title}`,
      subject: { kind: "op", ref: op.opId },
      evidence: [
        {
          type: "http",
          exchangeId: op.exchangeId,
          quote: `${op.opId} ${op.status}, ${plural(op.attemptCount, "attempt")}`,
        },
        { type: "metric", name: "waited", value: op.waitedMs, unit: "ms", threshold: 120_000 },
        ...(op.lastError === null ? [] : [{ type: "log" as const, line: op.lastError.slice(0, 300) }]),
      ],
      facts: { ...factsOf(target, op), attempts: op.attemptCount, lastStatus: op.lastStatus },
      remedy: {
        text: "Look at the op of the test write",
        commands: [suggest(`relayfile ops show ${op.opId}`)],
      },
      ...(found.code === "writeback.probe-unroutable" ? { refs: ["cloud#780"] } : {}),
    },
  ];
}

function judgeOp(
  op: FollowedOp,
  creates: boolean,
  receiptId: string | null,
): { code: OpCode; title: string } | null {
  const said = (op.lastError ?? "no reason given").replace(/\s+/g, " ").slice(0, 160);
  const { status } = op;
  if (status === null) return null;
  if (status === "succeeded") {
    if (op.local)
      return { code: "writeback.local-only", title: "the test write was kept here and sent to nobody" };
    return creates && op.externalId === null && receiptId === null
      ? { code: "writeback.success-without-identity", title: "the op succeeded and names no record" }
      : null;
  }
  if (status === "failed" && op.attemptCount === 0) {
    return /writeback rule matched/.test(said)
      ? { code: "writeback.probe-unroutable", title: `no rule for the test write: ${said}` }
      : { code: "writeback.probe-refused", title: `the test write was refused unsent: ${said}` };
  }
  if (status === "failed" || status === "dead_lettered") {
    const answered = op.lastStatus ?? Number(/\b([45]\d\d)\b/.exec(said)?.[1] ?? 0);
    // GraphQL refuses with a 200 that says so.
    const declined = answered === 200 || /answered success: /.test(said);
    const rejected = declined || (answered >= 400 && answered < 500 && ![408, 425, 429].includes(answered));
    return rejected
      ? { code: "writeback.probe-rejected", title: `the provider rejected the test write: ${said}` }
      : { code: "writeback.probe-undelivered", title: `the test write was given up: ${said}` };
  }
  if (status === "canceled") return { code: "writeback.probe-undelivered", title: "the op was canceled" };
  return op.attemptCount === 0
    ? { code: "writeback.executor-down", title: `the op is ${status} and nobody has tried it` }
    : {
        code: "writeback.write-slow",
        title: `the op is ${status} after ${plural(op.attemptCount, "attempt")}: ${said}`,
      };
}
