/** The few requests a write probe sends, each through the recorder. Thin: what they mean is judged elsewhere. */
import { CLIENT } from "../../lib/limits.ts";
import { WriteResult } from "../../lib/model/file.ts";
import { sha256Hex } from "../../lib/model/sha256.ts";
import { OpPage, WritebackOp } from "../../lib/model/writeback-op.ts";
import { type FileRead, jsonObjectOf, readFile, workspaceIdOf } from "../evidence/_files.ts";
import type { EvidenceContext } from "../evidence.ts";
import type { DraftFact, FollowedOp, ReadBack, SentWrite } from "./facts.ts";
import { fieldsWith, firstText, isObject, type Json, recordOf } from "./mark.ts";
import { nextLookMs, sendsAgain } from "./pace.ts";

/** Writes a document. Without `ifMatch` the header is left out. A lost reply is sent again with the same identity. */
export async function putDocument(
  context: EvidenceContext,
  path: string,
  document: Json,
  ifMatch: string | null,
): Promise<SentWrite> {
  const content = `${JSON.stringify(document, null, 2)}\n`;
  const identity = {
    kind: "mount-writeback-create-draft",
    key: `${workspaceIdOf(context) ?? "unknown"}:${path}:${sha256Hex(content)}`,
    ttlSeconds: 2_592_000,
  };
  const body = { content, contentType: "application/json", contentIdentity: identity };
  return send(context, "PUT", path, ifMatch, body);
}

/** Deletes a file at a revision. */
export function deleteFile(context: EvidenceContext, path: string, ifMatch: string): Promise<SentWrite> {
  return send(context, "DELETE", path, ifMatch, undefined);
}

async function send(
  context: EvidenceContext,
  method: "PUT" | "DELETE",
  path: string,
  ifMatch: string | null,
  body: unknown,
): Promise<SentWrite> {
  const id = encodeURIComponent(workspaceIdOf(context) ?? "unknown");
  for (let sends = 1; ; sends++) {
    const { probe, json } = await context.http.send({
      service: "file-api",
      baseUrl: context.target.fileApiUrl,
      path: `/v1/workspaces/${id}/fs/file`,
      method,
      query: { path },
      credential: "workspace",
      headers: ifMatch === null ? {} : { "If-Match": ifMatch },
      ...(body === undefined ? {} : { body }),
      timeoutMs: CLIENT.requestTimeoutMs,
      effect: "write",
    });
    if (sendsAgain({ status: probe.status, failure: probe.failure, sends })) continue;
    const parsed = probe.status === 202 || probe.status === 200 ? WriteResult.safeParse(json) : null;
    const result = parsed?.success ? parsed.data : null;
    const lostReplies = sends - 1;
    // The first request arrived and its reply did not: a server without identities now says "exists already".
    const earlier = result === null && lostReplies > 0 ? await opOfPath(context, path) : null;
    return {
      probe,
      opId: result?.opId ?? earlier,
      targetRevision: result?.targetRevision ?? null,
      state: result?.writeback.state ?? null,
      currentRevision: isObject(json) ? firstText(json, ["currentRevision"]) : null,
      lostReplies,
    };
  }
}

async function opOfPath(context: EvidenceContext, path: string): Promise<string | null> {
  const { json } = await ask(context, "/ops", { limit: 100 });
  const page = OpPage.safeParse(json);
  return page.success ? (page.data.items.find((op) => op.path === path)?.opId ?? null) : null;
}

function ask(context: EvidenceContext, route: string, query: Readonly<Record<string, string | number>> = {}) {
  const id = encodeURIComponent(workspaceIdOf(context) ?? "unknown");
  return context.http.send({
    service: "file-api",
    baseUrl: context.target.fileApiUrl,
    path: `/v1/workspaces/${id}${route}`,
    query,
    credential: "workspace",
  });
}

/** Looks at an op until it ends, two minutes at most. Ends early when the run does. */
export async function followOp(context: EvidenceContext, opId: string): Promise<FollowedOp> {
  const { clock, signal } = context;
  const started = clock.monotonicMs();
  for (let looks = 1; ; looks++) {
    const { probe, json } = await ask(context, `/ops/${encodeURIComponent(opId)}`);
    const parsed = probe.status === 200 ? WritebackOp.safeParse(json) : null;
    const op = parsed?.success ? parsed.data : null;
    const waitedMs = Math.round(clock.monotonicMs() - started);
    const waitMs = nextLookMs({ status: op?.status ?? null, looks, waitedMs });
    if (waitMs === null || signal.aborted) {
      const result = op?.providerResult ?? {};
      return {
        exchangeId: probe.exchangeId,
        opId,
        status: op?.status ?? null,
        attemptCount: op?.attemptCount ?? 0,
        lastError: op?.lastError ?? null,
        lastStatus: op?.lastStatus ?? null,
        waitedMs,
        nextAttemptAt: op?.nextAttemptAt ?? null,
        externalId: firstText(result, ["externalId", "id", "ts", "identifier", "key"]),
        url: firstText(result, ["url"]),
        canonicalPath: firstText(result, ["path", "canonicalPath"]),
        local: result.local === true,
      };
    }
    await clock.sleep(waitMs, signal).catch(() => {
      // The run is ending: the next look is the last one.
    });
  }
}

/** A file with its parsed content, for the probe's own use, and what checks may see of it. */
export interface Seen {
  readonly fact: ReadBack;
  readonly document: Json | null;
}

/** Reads a path back and looks for words in it. */
export async function readBack(context: EvidenceContext, path: string, words: string): Promise<Seen> {
  const read = await readFile(context, path);
  const document = documentOf(read);
  const record = document === null ? null : recordOf(document);
  const kind =
    read.problem === "missing"
      ? "missing"
      : read.file === null
        ? "unreadable"
        : document === null
          ? "other"
          : isReceipt(document)
            ? "receipt"
            : "record";
  const fact: ReadBack = {
    path,
    exchangeId: read.probe.exchangeId,
    status: read.probe.status,
    revision: read.file?.revision ?? null,
    kind,
    marked: record === null ? [] : fieldsWith(record, words),
  };
  return { fact, document };
}

/** What a draft became. */
export function draftFact({ fact, document }: Seen): DraftFact {
  const receipt = fact.kind === "receipt" ? document : null;
  return {
    ...fact,
    receiptPath: receipt === null ? null : firstText(receipt, ["path"]),
    created:
      receipt === null ? null : firstText(receipt, ["created", "externalId", "id", "ts", "identifier"]),
  };
}

/** Rows of the index at a collection; null when there is none. */
export async function indexRows(context: EvidenceContext, path: string): Promise<Json[] | null> {
  const { text } = await readFile(context, path);
  if (text === null) return null;
  try {
    const rows: unknown = JSON.parse(text);
    return Array.isArray(rows) ? rows.filter(isObject) : null;
  } catch {
    // A damaged index is judged by the discovery suite; here it counts nothing.
    return null;
  }
}

/** How many rows of an index hold the words; null without an index. */
export async function rowsWith(
  context: EvidenceContext,
  collection: string,
  words: string,
): Promise<number | null> {
  const rows = await indexRows(context, `${collection}/_index.json`);
  return rows === null ? null : rows.filter((row) => fieldsWith(row, words).length > 0).length;
}

function documentOf({ text }: FileRead): Json | null {
  const parsed = text === null ? null : jsonObjectOf(text);
  return parsed !== null && "value" in parsed ? parsed.value : null;
}

/** Three spellings of a receipt are in use: ours, a bare pointer, and the older one with an id (provider-contract 3.7). */
function isReceipt(document: Json): boolean {
  if (document.kind === "relayfile.receipt") return true;
  return "created" in document && ("path" in document || "url" in document) && !("payload" in document);
}
