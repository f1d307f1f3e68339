/** Reading the workspace tree through the recorder, for the collectors of this folder. */

import { decodeContent, FileDocument, type TreeEntry, TreePage } from "../../lib/model/file.ts";
import { readClaims } from "../../lib/model/token.ts";
import type { Answer, EvidenceContext, ProbeFact } from "../evidence.ts";

/** Pages of a listing that are read before it counts as truncated. */
const TREE_PAGES_MAX = 5;

/**
 * The id used in file API paths: the target's, else the one the token claims; null when neither names one, and when one
 * was asked for that could not be found: nobody wants to read about another.
 */
export function workspaceIdOf(context: EvidenceContext): string | null {
  const { workspace, workspaceToken, problems } = context.target;
  if (workspace?.id != null) return workspace.id;
  if (problems.some(({ part }) => part === "workspace")) return null;
  if (workspaceToken === null) return workspace?.cloudId ?? workspace?.name ?? null;
  return readClaims(workspaceToken.value)?.workspaceId ?? workspace?.cloudId ?? workspace?.name ?? null;
}

/** One read of the file API with the workspace token. */
export function askFileApi(
  context: EvidenceContext,
  route: string,
  query: Readonly<Record<string, string | number | undefined>> = {},
): Promise<Answer> {
  const id = encodeURIComponent(workspaceIdOf(context) ?? "unknown");
  return context.http.send({
    service: "file-api",
    baseUrl: context.target.fileApiUrl,
    path: `/v1/workspaces/${id}${route}`,
    query,
    credential: "workspace",
  });
}

/** What reading one file gave. `problem` is null exactly when `file` is there. */
export interface FileRead {
  readonly probe: ProbeFact;
  readonly file: FileDocument | null;
  /** Decoded text; null for missing files and for bytes that are not text. */
  readonly text: string | null;
  readonly problem: string | null;
}

/** Reads one file. A 404 is a normal answer with `problem: "missing"`. */
export async function readFile(context: EvidenceContext, path: string): Promise<FileRead> {
  const answer = await askFileApi(context, "/fs/file", { path });
  const { probe } = answer;
  if (probe.status === 404 && probe.kind !== "html")
    return { probe, file: null, text: null, problem: "missing" };
  const parsed = probe.status === 200 ? FileDocument.safeParse(answer.json) : null;
  if (parsed === null || !parsed.success) return { probe, file: null, text: null, problem: problemOf(probe) };
  const bytes = decodeContent(parsed.data.content, parsed.data.encoding);
  const text = bytes === undefined ? null : decodeText(bytes);
  return { probe, file: parsed.data, text, problem: text === null ? "not UTF-8 text" : null };
}

/** A listing of everything below a path, at most five pages. */
export interface Listing {
  /** The first page's request, or the one that failed. */
  readonly probe: ProbeFact;
  readonly files: readonly string[];
  readonly dirs: readonly string[];
  /** Everything listed, with sizes and hashes. */
  readonly entries: readonly TreeEntry[];
  readonly truncated: boolean;
  readonly problem: string | null;
}

/** Lists files and directories below a path. */
export async function listTree(context: EvidenceContext, path: string, depth: number): Promise<Listing> {
  const files: string[] = [];
  const dirs: string[] = [];
  const entries: TreeEntry[] = [];
  let first: ProbeFact | null = null;
  let cursor: string | undefined;
  for (let page = 0; page < TREE_PAGES_MAX; page++) {
    const answer = await askFileApi(context, "/fs/tree", { path, depth, cursor });
    first ??= answer.probe;
    const parsed = answer.probe.status === 200 ? TreePage.safeParse(answer.json) : null;
    if (parsed === null || !parsed.success) {
      return { probe: answer.probe, files, dirs, entries, truncated: true, problem: problemOf(answer.probe) };
    }
    entries.push(...parsed.data.entries);
    for (const entry of parsed.data.entries) (entry.type === "file" ? files : dirs).push(entry.path);
    if (parsed.data.nextCursor === null)
      return { probe: first, files, dirs, entries, truncated: false, problem: null };
    cursor = parsed.data.nextCursor;
  }
  return { probe: first as ProbeFact, files, dirs, entries, truncated: true, problem: null };
}

/** What went wrong with an answer, in a few words. */
export function problemOf(probe: ProbeFact): string {
  if (probe.failure !== null) return `no answer (${probe.failure}: ${probe.message ?? "no details"})`;
  const words = [`answered ${probe.status}`];
  if (probe.kind === "html") words.push("with an HTML page");
  else if (probe.kind === "invalid-json") words.push("with invalid JSON");
  else if (probe.kind === "too-large") words.push("with more bytes than the limit");
  else if (probe.status !== null && probe.status < 300) words.push("with a body of another shape");
  if (probe.message !== null && probe.kind === "json") words.push(`(${probe.message})`);
  return words.join(" ");
}

/** Text of UTF-8 bytes, or null. */
export function decodeText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // Not text: the caller reports it as such.
    return null;
  }
}

/** A JSON object of a text, or null with the reason. */
export function jsonObjectOf(text: string): { value: Record<string, unknown> } | { problem: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // What the parser says quotes the content; that it is not JSON is enough.
    return { problem: "not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { problem: "not a JSON object" };
  return { value: value as Record<string, unknown> };
}
