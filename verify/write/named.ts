/** An edit of the record that the operator named: marked, followed, read back and taken back. */
import { classifyWrite } from "../../lib/pipeline/pure/classify.ts";
import type { EvidenceContext } from "../evidence.ts";
import type { DiscoveredResourceFact } from "../facts.ts";
import { followOp, putDocument, readBack } from "./client.ts";
import type { EditFact, WriteTargetFact } from "./facts.ts";
import { type Json, markPlaces, onlyField, recordOf, valueAt } from "./mark.ts";
import { enter, untouched, update, workspaceOf } from "./throwaway.ts";
import { readUpstream } from "./upstream.ts";

/** Edits a named record and restores it. The field that is edited holds plain text that can be put back as it was. */
export async function probeNamed(
  context: EvidenceContext,
  provider: string,
  path: string,
  discovered: readonly DiscoveredResourceFact[],
  resourcePath: string,
  marker: string,
): Promise<WriteTargetFact> {
  const base = { ...untouched(provider, "named"), resource: resourcePath, path };
  const skipped = (reason: string): WriteTargetFact => ({ ...base, path: null, skipped: { reason } });
  const schema = discovered.find((one) => one.path === resourcePath)?.schema.document ?? null;
  if (schema === null) return skipped(`${resourcePath} advertises no schema that says what may be edited`);
  const before = await readBack(context, path, marker);
  const canonical = before.fact;
  if (before.document === null || canonical.revision === null)
    return {
      ...base,
      path: null,
      canonical,
      skipped: { reason: `${path} could not be read (${canonical.kind})` },
    };
  const choice = editableField(schema, recordOf(before.document), marker);
  if (choice === null)
    return skipped(`${path} holds no plain text in a title or body that could be put back`);

  const entry = enter(context, "edit", provider, path, marker);
  update(entry, {
    canonicalPath: path,
    undo: {
      text: `Remove ${marker} from the field ${choice.field.join(".")} of ${path}`,
      argv: ["relayfile", "cat", workspaceOf(context), path],
    },
  });
  const edit = await editOnce(context, path, choice.field, choice.marked, canonical.revision, marker);
  update(entry, {
    opId: edit.op?.opId ?? null,
    externalId: edit.op?.externalId ?? null,
    url: edit.op?.url ?? null,
  });
  const fact: WriteTargetFact = { ...base, canonical, edit };
  const refused = edit.sent.opId === null && edit.sent.probe.status !== null && edit.sent.probe.status < 500;
  if (refused) update(entry, { state: "never-arrived", undo: null });
  if (edit.op?.status !== "succeeded") return fact;
  update(entry, { state: "left" });
  const route = classifyWrite(path, "write");
  const upstream =
    route.kind === "edit"
      ? await readUpstream(context, provider, route.resource, path, route.id, marker)
      : null;
  const { revision } = (await readBack(context, path, marker)).fact;
  if (revision === null || context.signal.aborted) return { ...fact, upstream };
  const restored = await editOnce(context, path, choice.field, choice.old, revision, marker);
  if (restored.op?.status === "succeeded") update(entry, { state: "restored", undo: null });
  return { ...fact, upstream, restored };
}

/** A field whose text can be marked and put back, the body before the title; null when there is none. */
export function editableField(
  schema: Json,
  record: Json,
  marker: string,
): { readonly field: readonly string[]; readonly old: string; readonly marked: string } | null {
  const { body, title } = markPlaces(schema);
  for (const [field, between] of [
    [body, "\n\n"],
    [title, " "],
  ] as const) {
    const old = field === null ? undefined : valueAt(record, field);
    // Text that went through the redactor is not what the record holds: putting it back would destroy it.
    if (field === null || typeof old !== "string" || old === "" || old.includes("[redacted:")) continue;
    return { field, old, marked: `${old}${between}${marker}` };
  }
  return null;
}

async function editOnce(
  context: EvidenceContext,
  path: string,
  field: readonly string[],
  value: string,
  revision: string,
  marker: string,
): Promise<EditFact> {
  const sent = await putDocument(context, path, onlyField(field, value), revision);
  const op = sent.opId === null ? null : await followOp(context, sent.opId);
  const after = op === null ? null : (await readBack(context, path, marker)).fact;
  return { path, field: field.join("."), sent, op, revisionBefore: revision, after };
}
