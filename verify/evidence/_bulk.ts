/** Many files in one request, for the collectors of this folder; one by one where a server has no such route. */
import { z } from "zod";
import { decodeContent, FileDocument } from "../../lib/model/file.ts";
import { sha256Hex } from "../../lib/model/sha256.ts";
import type { EvidenceContext, ProbeFact } from "../evidence.ts";
import { decodeText, readFile, workspaceIdOf } from "./_files.ts";

/** Files that are read one by one when the bulk route is missing. */
const SINGLES_MAX = 12;

const BulkAnswer = z.looseObject({
  results: z.array(z.looseObject({ path: z.string() })).optional(),
  files: z.array(z.looseObject({ path: z.string() })).optional(),
});

/** One file of a bulk read. `problem` is null exactly when its bytes are there. */
export interface BulkFile {
  readonly path: string;
  readonly exchangeId: string;
  readonly state: "ok" | "missing" | "refused";
  readonly problem: string | null;
  readonly revision: string | null;
  readonly lastEditedAt: string | null;
  /** SHA-256 of the bytes; null without them. */
  readonly sha256: string | null;
  /** Null for bytes that are not text. */
  readonly text: string | null;
}

/** What a bulk read gave. */
export interface BulkRead {
  /** Null when there was nothing to read. */
  readonly probe: ProbeFact | null;
  /** True where the server has no such route and the first files were read one by one. */
  readonly oneByOne: boolean;
  readonly files: ReadonlyMap<string, BulkFile>;
}

/**
 * Reads files by `POST fs/bulk-read`. A server without the route is asked for the first few one by one; the others are
 * then missing from the map.
 */
export async function readMany(context: EvidenceContext, paths: readonly string[]): Promise<BulkRead> {
  const wanted = [...new Set(paths)];
  if (wanted.length === 0) return { probe: null, oneByOne: false, files: new Map() };
  const answer = await context.http.send({
    service: "file-api",
    baseUrl: context.target.fileApiUrl,
    path: `/v1/workspaces/${encodeURIComponent(workspaceIdOf(context) ?? "unknown")}/fs/bulk-read`,
    method: "POST",
    body: { paths: wanted },
    credential: "workspace",
    effect: "read",
  });
  const { probe } = answer;
  const parsed = probe.status === 200 ? BulkAnswer.safeParse(answer.json) : null;
  if (parsed?.success) {
    const entries = parsed.data.results ?? parsed.data.files ?? [];
    const files = entries.map((entry) => [entry.path, bulkFile(entry, probe.exchangeId)] as const);
    return { probe, oneByOne: false, files: new Map(files) };
  }
  if (probe.status === null || ![404, 405, 501].includes(probe.status))
    return { probe, oneByOne: false, files: new Map() };
  const singles = await Promise.all(wanted.slice(0, SINGLES_MAX).map((path) => single(context, path)));
  return { probe, oneByOne: true, files: new Map(singles.map((file) => [file.path, file])) };
}

function bulkFile(entry: { path: string }, exchangeId: string): BulkFile {
  const parsed = FileDocument.safeParse(entry);
  const none = { revision: null, lastEditedAt: null, sha256: null, text: null };
  if (!parsed.success) {
    const code = (entry as { error?: { code?: unknown } }).error?.code;
    const state = code === "not_found" || code === undefined ? "missing" : "refused";
    return { path: entry.path, exchangeId, state, problem: String(code ?? "missing"), ...none };
  }
  const { path, content, encoding, revision, lastEditedAt, contentHash } = parsed.data;
  const bytes = decodeContent(content, encoding);
  return {
    path,
    exchangeId,
    state: "ok",
    problem: bytes === undefined ? "cannot be decoded" : null,
    revision,
    lastEditedAt: lastEditedAt ?? null,
    // Answers are redacted before anyone sees them: the server's own hash speaks of the bytes as they are.
    sha256: contentHash ?? (bytes === undefined ? null : sha256Hex(bytes)),
    text: bytes === undefined ? null : decodeText(bytes),
  };
}

async function single(context: EvidenceContext, path: string): Promise<BulkFile> {
  const read = await readFile(context, path);
  const { file, problem, probe } = read;
  return {
    path,
    exchangeId: probe.exchangeId,
    state: file !== null ? "ok" : problem === "missing" ? "missing" : "refused",
    problem: file === null ? problem : null,
    revision: file?.revision ?? null,
    lastEditedAt: file?.lastEditedAt ?? null,
    sha256: file?.contentHash ?? (read.text === null ? null : sha256Hex(read.text)),
    text: read.text,
  };
}
