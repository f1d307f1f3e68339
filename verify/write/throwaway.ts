/** One throwaway record from its draft to its removal. Every write is entered in the ledger before it is sent. */
import { classifyWrite } from "../../lib/pipeline/pure/classify.ts";
import { providerById, resourceOf } from "../../lib/providers/registry.ts";
import { workspaceIdOf } from "../evidence/_files.ts";
import type { EvidenceContext } from "../evidence.ts";
import type { WrittenThing } from "../report.ts";
import {
  draftPath,
  prepareThrowaway,
  referencesOf,
  type Throwaway,
  withFields,
  withKnownName,
} from "./choose.ts";
import { deleteFile, draftFact, followOp, indexRows, putDocument, readBack, rowsWith } from "./client.ts";
import type { ReadBack, WriteTargetFact } from "./facts.ts";
import { type Json, onlyField } from "./mark.ts";
import { readUpstream } from "./upstream.ts";

type Chosen = Extract<Throwaway, { resource: unknown }>;

/** A target about which nothing is known yet. */
export function untouched(provider: string, mode: WriteTargetFact["mode"]): WriteTargetFact {
  return {
    provider,
    mode,
    resource: null,
    path: null,
    skipped: null,
    invalid: null,
    unconditional: null,
    created: null,
    createOp: null,
    draft: null,
    canonical: null,
    marked: { afterCreate: null, afterRepeat: null },
    repeated: null,
    stale: null,
    edit: null,
    upstream: null,
    restored: null,
    removal: null,
  };
}

/** Creates, looks, repeats, edits, and cleans up. Stops writing as soon as the run is stopped. */
export async function probeThrowaway(
  context: EvidenceContext,
  provider: string,
  chosen: Chosen,
  marker: string,
): Promise<WriteTargetFact> {
  const { resource, collection } = chosen;
  const path = draftPath(collection, resource.objectType, context.newId());
  let fact: WriteTargetFact = { ...untouched(provider, "throwaway"), resource: resource.path, path };
  const example = await knownNames(context, provider, chosen);
  const prepared = prepareThrowaway(chosen, provider, example, marker, path);
  if (!prepared.ok) return { ...fact, invalid: prepared };
  const { body } = prepared;

  const entry = enter(context, "create", provider, path, marker);
  const unconditional = await putDocument(context, path, body, null);
  // A server that takes a write without If-Match has created it now; creating it again would make two.
  const created = unconditional.opId === null ? await putDocument(context, path, body, "0") : unconditional;
  fact = { ...fact, unconditional, created };
  if (created.opId === null) {
    const refused = created.probe.status !== null && created.probe.status < 500;
    update(entry, refused ? { state: "never-arrived", undo: null } : {});
    return fact;
  }
  update(entry, { opId: created.opId });
  const createOp = await followOp(context, created.opId);
  const draft = draftFact(await readBack(context, path, marker));
  fact = { ...fact, createOp, draft };
  update(entry, { externalId: createOp.externalId ?? draft.created, url: createOp.url });
  if (createOp.status !== "succeeded") {
    const ended = createOp.status === "failed" || createOp.status === "dead_lettered";
    // A draft that was refused is a file of the workspace and of no provider; it stays for whoever looks into it.
    update(entry, ended ? { state: "never-arrived", undo: undoDraft(context, path) } : {});
    return fact;
  }
  update(entry, { state: "left" });

  const canonicalPath = draft.receiptPath ?? createOp.canonicalPath;
  if (canonicalPath === null) return fact;
  const seen = await readBack(context, canonicalPath, marker);
  const afterCreate = await rowsWith(context, collection, marker);
  fact = { ...fact, canonical: seen.fact, marked: { afterCreate, afterRepeat: null } };
  update(entry, { canonicalPath, undo: undoRecord(context, provider, canonicalPath, marker) });
  if (context.signal.aborted) return fact;

  const repeated = await putDocument(context, path, body, "0");
  if (repeated.opId !== null && repeated.opId !== created.opId) await followOp(context, repeated.opId);
  const afterRepeat = await rowsWith(context, collection, marker);
  fact = { ...fact, repeated, marked: { afterCreate, afterRepeat } };
  const ours = seen.fact.marked.length > 0;
  // Only a record that carries the marker is ever written to again.
  if (!ours || context.signal.aborted) return fact;

  const upstreamId = createOp.externalId ?? draft.created;
  fact = {
    ...fact,
    upstream: await readUpstream(context, provider, resource.name, canonicalPath, upstreamId, marker),
  };
  fact = await editThrowaway(context, fact, chosen, seen.fact, marker);
  return removeThrowaway(context, fact, chosen, entry);
}

/** The example with names that this workspace's indexes hold, and the operator's own values. */
async function knownNames(
  context: EvidenceContext,
  provider: string,
  { resource, example }: Chosen,
): Promise<Json> {
  let document = withFields(example, context.options.writeFields ?? {});
  for (const open of referencesOf(provider, resource.name, document)) {
    document = withKnownName(document, open, (await indexRows(context, open.index)) ?? []);
  }
  return document;
}

async function editThrowaway(
  context: EvidenceContext,
  fact: WriteTargetFact,
  chosen: Chosen,
  canonical: ReadBack,
  marker: string,
): Promise<WriteTargetFact> {
  const field = chosen.places.body ?? chosen.places.title;
  const { path, revision } = canonical;
  const editable =
    chosen.resource.write?.update !== undefined && classifyWrite(path, "write").kind === "edit";
  if (field === null || revision === null || !editable) return fact;
  const words = `${marker} edited`;
  const document = onlyField(field, words);
  const sent = await putDocument(context, path, document, revision);
  const op = sent.opId === null ? null : await followOp(context, sent.opId);
  const after = op === null ? null : (await readBack(context, path, words)).fact;
  const edit = { path, field: field.join("."), sent, op, revisionBefore: revision, after };
  if (context.signal.aborted || op?.status !== "succeeded") return { ...fact, edit };
  // The revision from before the edit is stale now. Accepted, this would only repeat the edit of our own record.
  const refused = await putDocument(context, path, onlyField(field, `${words} once more`), revision);
  const current = after?.revision ?? null;
  const said = `${refused.probe.message ?? ""} ${refused.probe.code ?? ""}`;
  const namesCurrent = refused.currentRevision !== null || (current !== null && said.includes(current));
  return { ...fact, edit, stale: { probe: refused.probe, namesCurrent } };
}

async function removeThrowaway(
  context: EvidenceContext,
  fact: WriteTargetFact,
  { resource, collection }: Chosen,
  entry: WrittenThing,
): Promise<WriteTargetFact> {
  const path = fact.canonical?.path ?? "";
  const declared = resource.write?.delete !== undefined && classifyWrite(path, "delete").kind === "delete";
  const nothing = { declared, sent: null, op: null, after: null, indexRows: null };
  if (!declared || context.signal.aborted) return { ...fact, removal: nothing };
  // Read again: what is deleted must be the record that carries the marker, at the revision that was seen.
  const { fact: now } = await readBack(context, path, entry.marker);
  if (now.revision === null || now.marked.length === 0) return { ...fact, removal: nothing };
  const sent = await deleteFile(context, path, now.revision);
  const op = sent.opId === null ? null : await followOp(context, sent.opId);
  const after = op === null ? null : (await readBack(context, path, entry.marker)).fact;
  const rows = await rowsWith(context, collection, entry.marker);
  if (op?.status === "succeeded") update(entry, { state: "removed", undo: null });
  return { ...fact, removal: { declared, sent, op, after, indexRows: rows } };
}

/** Enters a write in the ledger before it is sent; what becomes of it is filled in as it is seen. */
export function enter(
  { ledger, clock }: EvidenceContext,
  action: WrittenThing["action"],
  provider: string,
  path: string,
  marker: string,
): WrittenThing {
  const entry: WrittenThing = {
    at: new Date(clock.now()).toISOString(),
    action,
    provider,
    path,
    marker,
    opId: null,
    externalId: null,
    canonicalPath: null,
    url: null,
    state: "unknown",
    undo: {
      text: `Look for ${marker} at ${provider} and remove what carries it; the op may still arrive`,
      argv: ["relayfile", "ops", "list"],
    },
  };
  ledger.push(entry);
  return entry;
}

/** The workspace as commands take it. */
export function workspaceOf(context: EvidenceContext): string {
  return workspaceIdOf(context) ?? "WORKSPACE";
}

/** Fills in what has become known of a write. */
export function update(entry: WrittenThing, known: Partial<WrittenThing>): void {
  Object.assign(entry, known);
}

function undoDraft(context: EvidenceContext, path: string): WrittenThing["undo"] {
  return {
    text: "The draft is only a file of the workspace; remove it when nobody needs it any more",
    argv: ["relayfile", "rm", workspaceOf(context), path],
  };
}

function undoRecord(
  context: EvidenceContext,
  provider: string,
  path: string,
  marker: string,
): WrittenThing["undo"] {
  const definition = providerById(provider);
  const route = classifyWrite(path, "delete");
  const deletable = route.kind === "delete" && definition !== null;
  const write = deletable ? resourceOf(definition, route.resource)?.write : undefined;
  return write?.delete !== undefined
    ? {
        text: `Delete the record that carries ${marker}`,
        argv: ["relayfile", "rm", workspaceOf(context), path],
      }
    : {
        text: `${provider} declares no delete here: close or delete the record that carries ${marker} at ${provider}`,
        argv: ["relayfile", "cat", workspaceOf(context), path],
      };
}
