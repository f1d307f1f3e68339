/** A whole subtree in one answer, streamed file by file (spec file-api 4.9). */
import { fail } from "../../errors.ts";
import { normalizePath } from "../../model/path.ts";
import { Visibility } from "../auth/visibility.ts";
import { type FileRow, findFile, readBody } from "../store/files.ts";
import { fileDocument, filesAtOrBelow } from "../workspace/reads.ts";
import { queryText } from "./input.ts";
import type { FileRoute, RouteContext } from "./route.ts";

/** Routes of export. */
export const EXPORT_ROUTES: readonly FileRoute[] = [
  { method: "GET", pattern: "fs/export", scope: "fs:read", path: "tree", acl: false, handle: exportTree },
];

/** Text gathered before it is handed on; single files may exceed it. */
const CHUNK_CHARS = 64 * 1024;

/** A file and its content, as exports carry them. */
export interface ExportedFile {
  readonly row: FileRow;
  readonly bytes: Uint8Array;
}

async function exportTree(context: RouteContext): Promise<Response> {
  const { query } = context;
  const format = queryText(query, "format") ?? "json";
  // A generic archive instead of a checkout would make the mount fail its seed; 404 makes it read file by file.
  if (query.has("decode")) fail("not_found", `export decode ${query.get("decode")} is not available here`);
  if (format !== "json") return fail("bad_request", "invalid format");
  return new Response(streamOf(jsonChunks(visibleFiles(context))), {
    headers: { "Content-Type": "application/json" },
  });
}

/** Visible files at or below `path` in path order, each with the content of the row's own revision. */
export async function* visibleFiles({
  workspace,
  caller,
  query,
}: RouteContext): AsyncGenerator<ExportedFile> {
  const { store } = workspace.context;
  const view = new Visibility(store.sql, caller);
  for (const listed of filesAtOrBelow(workspace.context, normalizePath(query.get("path")?.trim() ?? ""))) {
    if (!view.everything && !view.seesPath(listed.path, listed)) continue;
    let row: FileRow | null = listed;
    for (let look = 0; look < 3 && row !== null; look++) {
      const bytes = await readBody(store.sql, store.bodies, row.revision);
      if (bytes !== null) {
        yield { row, bytes };
        break;
      }
      // The content of that revision is gone: the file changed meanwhile, so its newest version belongs here.
      row = findFile(store.sql, listed.path);
    }
  }
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

async function* jsonChunks(files: AsyncGenerator<ExportedFile>): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let text = "[";
  let first = true;
  for await (const { row, bytes } of files) {
    text += `${first ? "" : ","}\n${JSON.stringify(fileDocument(row, bytes))}`;
    first = false;
    if (text.length < CHUNK_CHARS) continue;
    yield encoder.encode(text);
    text = "";
  }
  yield encoder.encode(`${text}\n]\n`);
}
