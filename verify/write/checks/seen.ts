/** What a test write leaves in the workspace: a receipt, a record with the marker, one of it, and edits that show. */
import { defineCheck, type FindingDraft, judged, plural, proof, skip, unknown } from "../../check.ts";
import type { ReadBack, WriteTargetFact } from "../facts.ts";
import { factsOf, nothingWritten, subjectOf, written } from "./_targets.ts";

/** VW-17, VW-18, VW-19. */
export const recordAppears = defineCheck({
  id: "writeback.record-appears",
  title: "a created record appears with its marker and its draft becomes a receipt",
  severity: "error",
  phase: "writeback",
  needs: ["writeProbe"],
  after: ["writeback.write-arrives"],
  refs: ["VW-17", "VW-18", "VW-19"],
  hint: "Refresh the provider: relayfile refresh PROVIDER",
  findings: {
    "writeback.draft-left-raw": {
      severity: "error",
      means: "The provider has the record and the draft still looks unsent: whoever sees it sends it again.",
      decided: "The op succeeded and the draft's path still holds the document that was written.",
      not: "Not a failed write.",
      fix: "List such drafts with a dry run of writeback/sweep-drafts; never delete one by hand.",
    },
    "writeback.draft-vanished": {
      severity: "error",
      means: "The draft is gone and no record took its place.",
      decided: "The draft's path is missing and neither the op nor a receipt names a canonical path.",
      not: "Not a rename: then the op names where to.",
      fix: "Refresh the provider and look for the marker.",
    },
    "writeback.record-missing": {
      severity: "error",
      means: "The provider confirmed the record and the workspace does not have it.",
      decided: "The canonical path that the op or the receipt names could not be read as a record.",
      not: "Not a failed write: the op succeeded.",
      fix: "Refresh the provider; if the record stays away, report the op.",
    },
    "writeback.marker-missing": {
      severity: "error",
      means: "The record is there and does not hold what was written.",
      decided: "No text of the canonical record contains the marker.",
      not: "Not a late sync: the record itself arrived.",
      fix: "Compare the record at the provider with the file; report the resource.",
    },
    "writeback.receipt-points-nowhere": {
      severity: "warn",
      means: "The receipt names a path that does not exist.",
      decided: "The receipt's path was read and is missing.",
      not: "Not a missing record when the op names another path.",
      fix: "Report the resource: clients follow receipts.",
    },
  },
  run: ({ writeProbe }) => {
    const targets = written(writeProbe).filter(({ createOp }) => createOp?.status === "succeeded");
    if (targets.length === 0) return skip("nothing was created");
    return judged(
      targets.length,
      targets.flatMap(appearance),
      `${plural(targets.length, "record")} read back`,
    );
  },
});

type SeenCode =
  | "writeback.draft-left-raw"
  | "writeback.draft-vanished"
  | "writeback.record-missing"
  | "writeback.marker-missing"
  | "writeback.receipt-points-nowhere";

function appearance(target: WriteTargetFact): FindingDraft<SeenCode>[] {
  const { draft, canonical, provider } = target;
  const findings: FindingDraft<SeenCode>[] = [];
  const raw = draft?.kind === "record" || draft?.kind === "other";
  const add = (code: SeenCode, title: string, read: ReadBack | null) =>
    findings.push({
      code,
      title: `${provider}: ${title}`,
      subject: subjectOf(target),
      evidence: read === null ? [] : [readProof(read)],
      facts: {
        ...factsOf(target),
        status: target.createOp?.status ?? null,
        placeKind: raw ? "raw" : (draft?.kind ?? null),
      },
    });
  if (raw) add("writeback.draft-left-raw", `the draft ${draft.path} still holds what was written`, draft);
  if (canonical === null) {
    if (draft?.kind === "missing")
      add("writeback.draft-vanished", "the draft is gone and names no record", draft);
    else add("writeback.record-missing", "neither the op nor the receipt names where the record is", draft);
  } else if (canonical.kind !== "record") {
    const pointed = draft?.receiptPath === canonical.path;
    if (pointed)
      add(
        "writeback.receipt-points-nowhere",
        `the receipt names ${canonical.path}, which is ${canonical.kind}`,
        canonical,
      );
    add("writeback.record-missing", `${canonical.path} is ${canonical.kind}`, canonical);
  } else if (canonical.marked.length === 0) {
    add("writeback.marker-missing", `${canonical.path} does not hold the marker`, canonical);
  }
  return findings;
}

function readProof(read: ReadBack) {
  return {
    type: "http" as const,
    exchangeId: read.exchangeId,
    quote: `GET ${read.path} -> ${read.status ?? "no answer"}, ${read.kind}, marker in ${read.marked.join(", ") || "no field"}`,
  };
}

/** VW-20. */
export const repeatCreatesNothing = defineCheck({
  id: "writeback.repeat-creates-nothing",
  title: "the same create sent twice makes one record",
  severity: "error",
  phase: "writeback",
  needs: ["writeProbe"],
  after: ["writeback.record-appears"],
  refs: ["VW-20", "cloud#775"],
  hint: "Stop: every lost reply makes another record",
  findings: {
    "writeback.created-twice": {
      severity: "error",
      means: "One document became two records: a client that repeats after a lost reply duplicates its work.",
      decided: "The collection's index holds the marker in more than one row.",
      not: "Not an old test: the marker carries the time of this run.",
      fix: "Remove the second record; do not retry creates on this deployment; report it.",
    },
  },
  run: ({ writeProbe }) => {
    const targets = written(writeProbe).filter(
      ({ repeated, created }) => repeated !== null && created !== null,
    );
    if (targets.length === 0) return nothingWritten(writeProbe);
    const told = targets.filter(
      ({ marked, repeated, created }) =>
        marked.afterRepeat !== null || repeated?.opId === null || repeated?.opId === created?.opId,
    );
    if (told.length === 0) return unknown("the collection has no index in which records could be counted");
    const findings = told.flatMap((target): FindingDraft<"writeback.created-twice">[] => {
      const rows = target.marked.afterRepeat ?? 1;
      if (rows <= 1) return [];
      return [
        {
          code: "writeback.created-twice",
          title: `${target.provider}: one create became ${rows} records`,
          subject: subjectOf(target),
          evidence: [
            ...(target.repeated === null ? [] : [proof(target.repeated.probe)]),
            { type: "metric", name: "records with the marker", value: rows, unit: "records", threshold: 1 },
          ],
          facts: { ...factsOf(target), records: rows, sameDocument: true },
        },
      ];
    });
    const same = told.filter(({ repeated, created }) => repeated?.opId === created?.opId).length;
    return judged(
      told.length,
      findings,
      `${plural(told.length, "create")} repeated, ${same} answered with the same op`,
    );
  },
});

/** VW-13. */
export const editShows = defineCheck({
  id: "writeback.edit-shows",
  title: "an edit shows in a new revision, in the edited field only",
  severity: "error",
  phase: "writeback",
  needs: ["writeProbe"],
  after: ["writeback.write-arrives"],
  refs: ["VW-13"],
  hint: "Compare the record at the provider with the file",
  findings: {
    "writeback.edit-not-visible": {
      severity: "error",
      means: "The edit was confirmed and the record in the workspace is as it was.",
      decided: "After the op succeeded the record has the old revision or lacks the new text.",
      not: "Not a failed op.",
      fix: "Refresh the provider; read the record there.",
    },
    "writeback.edit-spread": {
      severity: "warn",
      means: "The edit shows in fields that were not written.",
      decided: "The new text stands in fields beside the one that was sent.",
      not: "Not a rendering of the same field, such as its HTML form.",
      fix: "Look at how the resource's document is mapped; report the resource.",
    },
  },
  run: ({ writeProbe }) => {
    const edits = written(writeProbe).filter(({ edit }) => edit?.op?.status === "succeeded");
    if (edits.length === 0) return skip("no edit was made: the contract declares none for what was written");
    const findings = edits.flatMap(
      (target): FindingDraft<"writeback.edit-not-visible" | "writeback.edit-spread">[] => {
        const edit = target.edit as NonNullable<WriteTargetFact["edit"]>;
        const { after, field, revisionBefore } = edit;
        const base = {
          subject: { kind: "path" as const, ref: edit.path },
          evidence: after === null ? [] : [readProof(after)],
          facts: { ...factsOf(target, edit.op), field },
        };
        const moved = after !== null && after.revision !== revisionBefore && after.marked.length > 0;
        if (!moved)
          return [
            {
              ...base,
              code: "writeback.edit-not-visible",
              title: `${target.provider}: the edit of ${field} does not show in ${edit.path}`,
            },
          ];
        const key = field.split(".").at(-1) ?? field;
        const others = after.marked.filter((name) => !name.toLowerCase().includes(key.toLowerCase()));
        // The title of a throwaway holds the marker from its create; what is looked for is the text of the edit alone.
        if (others.length === 0 || target.mode === "named") return [];
        return [
          {
            ...base,
            code: "writeback.edit-spread",
            title: `${target.provider}: the edit of ${field} also shows in ${others.join(", ")}`,
          },
        ];
      },
    );
    return judged(edits.length, findings, `${plural(edits.length, "edit")} read back`);
  },
});

/** VW-14. */
export const providerShowsWrite = defineCheck({
  id: "writeback.provider-shows-write",
  title: "the provider itself shows the marker",
  severity: "error",
  phase: "writeback",
  needs: ["writeProbe"],
  after: ["writeback.write-arrives"],
  refs: ["VW-14"],
  hint: "Look at the record at the provider",
  findings: {
    "writeback.not-upstream": {
      severity: "error",
      means: "Everything here says that the write arrived, and the provider does not have it.",
      decided: "The provider's own API was asked for the record; its answer lacks the marker or is a 404.",
      not: "Not a late sync: the provider was read directly.",
      fix: "Report the op with its correlation id: an outbound write was lost silently.",
    },
  },
  run: ({ writeProbe }) => {
    const asked = written(writeProbe).filter(({ upstream }) => upstream !== null);
    if (asked.length === 0) return skip("the provider itself was not asked", "--provider-url URL");
    const told = asked.filter(
      ({ upstream }) => upstream?.probe.status === 200 || upstream?.probe.status === 404,
    );
    const [first] = asked;
    if (told.length === 0)
      return unknown(
        `the provider answered ${first?.upstream?.probe.status ?? first?.upstream?.probe.failure}; its credential is read from RELAYFILE_PROVIDER_TOKEN`,
      );
    const findings = told
      .filter(({ upstream }) => upstream?.marked !== true)
      .map(
        (target): FindingDraft<"writeback.not-upstream"> => ({
          code: "writeback.not-upstream",
          title: `${target.provider}: the record at the provider does not hold the marker`,
          subject: subjectOf(target),
          evidence: target.upstream === null ? [] : [proof(target.upstream.probe)],
          facts: factsOf(target),
        }),
      );
    return judged(told.length, findings, `${plural(told.length, "record")} read at the provider`);
  },
});
