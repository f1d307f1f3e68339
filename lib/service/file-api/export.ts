/** A whole subtree in one answer, streamed file by file (spec file-api 4.9). */
import { fail } from "../../errors.ts";
import { encodeContent } from "../../model/content.ts";
import { normalizePath } from "../../model/path.ts";
import { revisionOf } from "../../model/revision.ts";
import { Visibility } from "../auth/visibility.ts";
import { type FileRow, findFile, readBody } from "../store/files.ts";
import { filesAtOrBelow } from "../workspace/reads.ts";
import { queryText, sentPath } from "./input.ts";
import { documentChunks } from "./json-content.ts";
import type { FileRoute, RouteContext } from "./route.ts";
import { tarEnd, tarHeader, tarPadding } from "./tar.ts";

/** Routes of export. */
export const EXPORT_ROUTES: readonly FileRoute[] = [
  { method: "GET", pattern: "fs/export", scope: "fs:read", path: "tree", acl: false, handle: exportTree },
];

/** Bytes gathered before they are handed on; single files may exceed it. */
const CHUNK_BYTES = 64 * 1024;

/** Content type of the framed stream, our own mount's preference. */
export const FRAMED_TYPE = "application/vnd.relayfile.frames";

/** A file and its content, as exports carry them. */
export interface ExportedFile {
  readonly row: FileRow;
  readonly bytes: Uint8Array;
}

interface Format {
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: (files: AsyncGenerator<ExportedFile>) => AsyncGenerator<Uint8Array>;
  readonly gzip?: true;
}

const FORMATS: Readonly<Record<string, Format>> = {
  json: { headers: { "Content-Type": "application/json" }, chunks: jsonChunks },
  tar: {
    headers: {
      "Content-Type": "application/gzip",
      "Content-Disposition": 'attachment; filename="workspace-export.tar.gz"',
    },
    chunks: tarChunks,
    gzip: true,
  },
  patch: { headers: { "Content-Type": "text/x-diff; charset=utf-8" }, chunks: patchChunks },
  frames: { headers: { "Content-Type": FRAMED_TYPE }, chunks: framedChunks },
};

async function exportTree(context: RouteContext): Promise<Response> {
  const { query } = context;
  // A generic archive instead of a checkout would make the mount fail its seed; 404 makes it read file by file.
  if (query.has("decode")) fail("not_found", `export decode ${query.get("decode")} is not available here`);
  const name = queryText(query, "format") ?? "json";
  const format = Object.hasOwn(FORMATS, name) ? FORMATS[name] : undefined;
  if (format === undefined) return fail("bad_request", "invalid format");
  const stream = streamOf(gathered(format.chunks(visibleFiles(context))));
  const body =
    format.gzip === true
      ? stream.pipeThrough(
          new CompressionStream("gzip") as unknown as ReadableWritablePair<Uint8Array, Uint8Array>,
        )
      : stream;
  return new Response(body, { headers: { ...format.headers } });
}

/**
 * Visible files at or below `path` in path order, each with the content of the row's own revision. `after` leaves out
 * what comes up to and with that path: how a mirror goes on where its first copy was interrupted.
 */
export async function* visibleFiles(context: RouteContext): AsyncGenerator<ExportedFile> {
  const { workspace, caller, query } = context;
  const { store } = workspace.context;
  const view = new Visibility(store.sql, caller);
  const base = normalizePath(sentPath(query.get("path")) ?? "");
  for (const listed of filesAtOrBelow(workspace.context, base, query.get("after") ?? "")) {
    if (!view.everything && !view.seesPath(listed.path, listed)) continue;
    const file = await currentContent(context, listed);
    if (file !== null) yield file;
  }
}

/** The content of a row, or of the file's newest version when that of the row is no longer kept; null when it is gone. */
export async function currentContent(
  { workspace }: Pick<RouteContext, "workspace">,
  listed: FileRow,
): Promise<ExportedFile | null> {
  const { store } = workspace.context;
  let row: FileRow | null = listed;
  for (let look = 0; look < 3 && row !== null; look++) {
    const bytes = await readBody(store.sql, store.bodies, row.revision);
    if (bytes !== null) return { row, bytes };
    row = findFile(store.sql, listed.path);
  }
  return null;
}

/** Bytes of a generator as a body that is produced only as fast as it is read. */
export function streamOf(chunks: AsyncGenerator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const next = await chunks.next();
        if (next.done) controller.close();
        else controller.enqueue(next.value);
      },
      cancel: async () => {
        await chunks.return(undefined);
      },
    },
    { highWaterMark: 1 },
  );
}

const encoder = new TextEncoder();

/** Joins small chunks, so that a file of a hundred bytes does not cost a write of its own. */
export async function* gathered(chunks: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let buffer = new Uint8Array(CHUNK_BYTES);
  let used = 0;
  for await (const chunk of chunks) {
    if (used + chunk.byteLength > CHUNK_BYTES && used > 0) {
      // A buffer with little in it is kept: between large files it would only be thrown away.
      if (used < CHUNK_BYTES / 4) yield buffer.slice(0, used);
      else {
        yield buffer.subarray(0, used);
        buffer = new Uint8Array(CHUNK_BYTES);
      }
      used = 0;
    }
    if (chunk.byteLength >= CHUNK_BYTES) {
      yield chunk;
      continue;
    }
    buffer.set(chunk, used);
    used += chunk.byteLength;
  }
  if (used > 0) yield buffer.subarray(0, used);
}

async function* jsonChunks(files: AsyncGenerator<ExportedFile>): AsyncGenerator<Uint8Array> {
  let before = "[\n";
  for await (const { row, bytes } of files) {
    yield encoder.encode(before);
    yield* documentChunks(row, bytes);
    before = ",\n";
  }
  yield encoder.encode(before === "[\n" ? "[]\n" : "\n]\n");
}

async function* tarChunks(files: AsyncGenerator<ExportedFile>): AsyncGenerator<Uint8Array> {
  for await (const { row, bytes } of files) {
    yield tarHeader({ name: row.path.slice(1), sizeBytes: bytes.byteLength, modifiedAtMs: row.updatedAt });
    yield bytes;
    yield tarPadding(bytes.byteLength);
  }
  yield tarEnd();
}

/** Every file as an addition; what is not text is named only. */
async function* patchChunks(files: AsyncGenerator<ExportedFile>): AsyncGenerator<Uint8Array> {
  for await (const { row, bytes } of files) {
    const { content, encoding } = encodeContent(bytes);
    if (encoding !== undefined) {
      yield encoder.encode(`Binary file b${row.path} (${bytes.byteLength} bytes)\n`);
      continue;
    }
    const lines = content.split("\n");
    const ended = lines.at(-1) === "";
    if (ended) lines.pop();
    const head = `--- /dev/null\n+++ b${row.path}\n`;
    const hunk =
      lines.length === 0
        ? ""
        : `@@ -0,0 +1,${lines.length} @@\n${lines.map((line) => `+${line}\n`).join("")}`;
    yield encoder.encode(head + hunk + (ended || lines.length === 0 ? "" : "\\ No newline at end of file\n"));
  }
}

/**
 * Frames: a 4-byte big-endian length, a JSON head of that length (`path, revision, contentType, contentHash, size`),
 * then `size` bytes of content. A head `{"end":true,"files":n}` closes the stream, so a cut one is noticed.
 */
async function* framedChunks(files: AsyncGenerator<ExportedFile>): AsyncGenerator<Uint8Array> {
  let count = 0;
  for await (const { row, bytes } of files) {
    count++;
    const { path, contentType, contentHash, provider, objectId } = row;
    const head = {
      path,
      revision: revisionOf(row.revision),
      contentType,
      contentHash,
      size: bytes.byteLength,
      ...(provider === "" ? {} : { provider }),
      ...(objectId === null ? {} : { providerObjectId: objectId }),
    };
    yield frameHead(head);
    yield bytes;
  }
  yield frameHead({ end: true, files: count });
}

function frameHead(head: Record<string, unknown>): Uint8Array {
  const text = encoder.encode(JSON.stringify(head));
  const frame = new Uint8Array(4 + text.byteLength);
  new DataView(frame.buffer).setUint32(0, text.byteLength);
  frame.set(text, 4);
  return frame;
}
