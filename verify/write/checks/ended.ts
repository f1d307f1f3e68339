/** The contract around test writes: preconditions hold, a declared delete works, and what stays is said. */
import { defineCheck, type FindingDraft, judged, plural, proof, skip, suggest } from "../../check.ts";
import type { WriteTargetFact } from "../facts.ts";
import { factsOf, subjectOf, written } from "./_targets.ts";

/** VW-05, VW-06. */
export const writesNeedRevision = defineCheck({
  id: "writeback.writes-need-revision",
  title: "a write without a revision or on an old one is refused",
  severity: "warn",
  phase: "writeback",
  needs: ["writeProbe"],
  after: ["writeback.probe-prepared"],
  refs: ["VW-05", "VW-06"],
  hint: "Send If-Match with every write",
  findings: {
    "writeback.unconditional-write-accepted": {
      severity: "info",
      means: "A write without If-Match was taken: two writers can overwrite each other unseen.",
      decided: "The first PUT of the test carried no If-Match and got an op.",
      not: "Not a create with If-Match: 0.",
      fix: "Send If-Match anyway; report the deployment.",
    },
    "writeback.precondition-answer-odd": {
      severity: "info",
      means: "A write without If-Match was refused, but not with the status that clients expect.",
      decided: "The answer was neither 412 nor a success.",
      not: "Not an accepted write.",
      fix: "Report the status; clients tell a missing header from other refusals by it.",
    },
    "writeback.stale-write-accepted": {
      severity: "warn",
      means: "A write on an old revision was taken: edits of others are lost.",
      decided: "After an edit had made a new revision, a PUT with the old one got an op.",
      not: "Not a merge: the answer says nothing of one.",
      fix: "Do not let two writers edit the same record on this deployment; report it.",
    },
    "writeback.conflict-unexplained": {
      severity: "info",
      means: "A conflict was reported without the revision that is current.",
      decided: "The refusal of the stale write names no current revision.",
      not: "Not an accepted stale write.",
      fix: "Read the file again before the next attempt.",
    },
  },
  run: ({ writeProbe }) => {
    const targets = written(writeProbe).filter(
      ({ unconditional, stale }) => unconditional?.probe.status != null || stale?.probe.status != null,
    );
    if (targets.length === 0) return skip("no throwaway record was written");
    return judged(
      targets.length,
      targets.flatMap(preconditions),
      `${plural(targets.length, "record")} tried`,
    );
  },
});

type Precondition =
  | "writeback.unconditional-write-accepted"
  | "writeback.precondition-answer-odd"
  | "writeback.stale-write-accepted"
  | "writeback.conflict-unexplained";

function preconditions(target: WriteTargetFact): FindingDraft<Precondition>[] {
  const { unconditional, stale, provider } = target;
  const findings: FindingDraft<Precondition>[] = [];
  const base = { subject: subjectOf(target), facts: factsOf(target) };
  if (unconditional !== null && unconditional.probe.status !== null) {
    const evidence = [proof(unconditional.probe)];
    const { status } = unconditional.probe;
    if (unconditional.opId !== null) {
      const title = `${provider}: a write without If-Match was accepted`;
      findings.push({ ...base, evidence, code: "writeback.unconditional-write-accepted", title });
    } else if (status !== 412 && status < 500 && status !== 429) {
      const title = `${provider}: a write without If-Match was answered ${status}, not 412`;
      findings.push({ ...base, evidence, code: "writeback.precondition-answer-odd", title });
    }
  }
  if (
    stale !== null &&
    stale.probe.status !== null &&
    stale.probe.status < 500 &&
    stale.probe.status !== 429
  ) {
    const evidence = [proof(stale.probe)];
    if (stale.probe.status < 300) {
      const title = `${provider}: a write on an old revision was accepted`;
      findings.push({ ...base, evidence, code: "writeback.stale-write-accepted", title });
    } else if (!stale.namesCurrent) {
      const title = `${provider}: the refusal of an old revision does not name the current one`;
      findings.push({ ...base, evidence, code: "writeback.conflict-unexplained", title });
    }
  }
  return findings;
}

/** VW-21. */
export const deleteRemoves = defineCheck({
  id: "writeback.delete-removes",
  title: "a declared delete removes the record and its index row",
  severity: "warn",
  phase: "writeback",
  needs: ["writeProbe"],
  after: ["writeback.record-appears"],
  refs: ["VW-21"],
  hint: "Remove the record at the provider; its marker tells it from others",
  findings: {
    "writeback.delete-failed": {
      severity: "warn",
      means: "The contract declares a delete and it did not work.",
      decided: "The delete was refused, or its op did not succeed.",
      not: "Not a resource without delete.",
      fix: "Look at the op; remove the record at the provider.",
    },
    "writeback.record-remains": {
      severity: "warn",
      means: "The delete was confirmed and the record, or its row in the index, is still in the workspace.",
      decided: "After the op succeeded the canonical file could be read or an index row holds the marker.",
      not: "Not a failed delete.",
      fix: "Refresh the provider; report the resource if it stays.",
    },
  },
  run: ({ writeProbe }) => {
    const targets = written(writeProbe).filter(({ removal }) => removal?.sent != null);
    if (targets.length === 0) return skip("the contract declares no delete for what was written");
    const findings = targets.flatMap(
      (target): FindingDraft<"writeback.delete-failed" | "writeback.record-remains">[] => {
        const { removal, provider, canonical } = target;
        if (removal?.sent == null) return [];
        const base = {
          subject: { kind: "path" as const, ref: canonical?.path ?? provider },
          facts: factsOf(target, removal.op),
        };
        const evidence = [proof(removal.sent.probe)];
        if (removal.op?.status !== "succeeded") {
          const said = removal.op?.lastError ?? removal.op?.status ?? `answered ${removal.sent.probe.status}`;
          return [
            {
              ...base,
              evidence,
              code: "writeback.delete-failed",
              title: `${provider}: the delete of the test record did not work: ${said}`,
            },
          ];
        }
        const rows = removal.indexRows ?? 0;
        if (removal.after?.kind === "missing" && rows === 0) return [];
        const what = rows > 0 ? `${plural(rows, "index row")} with the marker` : `${canonical?.path}`;
        return [
          {
            ...base,
            evidence,
            code: "writeback.record-remains",
            title: `${provider}: after the delete ${what} is still there`,
          },
        ];
      },
    );
    return judged(targets.length, findings, `${plural(targets.length, "record")} deleted`);
  },
});

/** VW-28. */
export const probeCleanedUp = defineCheck({
  id: "writeback.probe-cleaned-up",
  title: "a write probe leaves nothing behind, or says what",
  severity: "info",
  phase: "writeback",
  needs: ["writeProbe"],
  after: [],
  refs: ["VW-28"],
  hint: "Remove what carries the marker; report.writes says how",
  findings: {
    "writeback.left-behind": {
      severity: "info",
      means: "Something that the probe wrote is still there, marked as a test.",
      decided: "No delete is declared for it, or cleaning up did not succeed.",
      not: "Not a fault of the service by itself.",
      fix: "Remove what carries the marker; the writes of the report say where and how.",
    },
  },
  run: ({ writeProbe }) => {
    const targets = written(writeProbe);
    if (targets.length === 0) return skip("nothing was written");
    const findings = targets.flatMap((target): FindingDraft<"writeback.left-behind">[] => {
      const removed =
        target.removal?.op?.status === "succeeded" || target.restored?.op?.status === "succeeded";
      const refused = target.created !== null && target.created.opId === null;
      const unsent = target.mode === "named" && target.edit?.sent.opId === null;
      if (removed || refused || unsent) return [];
      const path = target.canonical?.path ?? target.path ?? target.provider;
      return [
        {
          code: "writeback.left-behind",
          title: `${target.provider}: ${path} stays, marked ${writeProbe.marker}`,
          subject: { kind: "path", ref: path },
          evidence: [{ type: "log", line: writeProbe.marker }],
          facts: factsOf(target),
          remedy: {
            text: "Look at it, then remove what carries the marker",
            commands: [suggest("relayfile ops list")],
          },
        },
      ];
    });
    return judged(
      targets.length,
      findings,
      `${plural(targets.length - findings.length, "write")} undone, ${findings.length} left`,
    );
  },
});
