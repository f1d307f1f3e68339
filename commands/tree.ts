/** `relayfile tree`: what a workspace holds, every page of it. */
import type { FileApi } from "../lib/client/file-api.ts";
import { requireWorkspace } from "../lib/client/target.ts";
import { FILE_API } from "../lib/limits.ts";
import type { TreeEntry } from "../lib/model/file.ts";
import { normalizePath } from "../lib/model/path.ts";
import { type CommandContext, command, type Document } from "./_command.ts";
import { TARGET_ARGS, targetFlags, withSession, workspaceAndPath } from "./_target.ts";

/** What `tree` prints. */
export interface TreeDocument extends Document {
  readonly kind: "relayfile.tree";
  readonly workspaceId: string;
  readonly path: string;
  readonly depth: number;
  /** Sorted by path; directories are inferred from files. */
  readonly entries: readonly TreeEntry[];
  /** Files below the path at any depth, or null when the server did not say. */
  readonly totalFiles: number | null;
  /** True when `--limit` cut the list. */
  readonly truncated: boolean;
}

export default command({
  name: "tree",
  description: "List what a workspace holds below a path",
  aliases: ["ls"],
  args: {
    ws: {
      type: "positional",
      description: "Workspace; may be left out when one is current",
      valueHint: "WS",
    },
    path: { type: "positional", description: "Remote path, / when left out", valueHint: "PATH" },
    depth: {
      type: "integer",
      min: 1,
      max: FILE_API.treeDepthMax,
      alias: ["d"],
      description: "Levels below the path, 1 when left out",
    },
    limit: { type: "integer", min: 1, description: "Stop after this many entries" },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile tree", "top level of the current workspace"],
    ["relayfile tree demo /github --depth 4", "four levels of one provider"],
    ["relayfile tree demo /discovery --depth 100 --json", "everything below, as one document"],
  ],
  run: async (args, context) => {
    const { workspace, path } = workspaceAndPath(args.ws, args.path);
    const request = { path: normalizePath(path ?? "/"), depth: args.depth ?? 1, limit: args.limit ?? null };
    return withSession(targetFlags(args, workspace), context, async (session) => {
      const { id } = requireWorkspace(session.target);
      const listed = await listTree(await session.files(), request, context);
      const document: TreeDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.tree",
        workspaceId: id,
        path: request.path,
        depth: request.depth,
        ...listed,
      };
      return { document, exit: "PASS" };
    });
  },
});

/** All pages of a listing, up to `limit` entries. */
async function listTree(
  files: FileApi,
  request: { readonly path: string; readonly depth: number; readonly limit: number | null },
  context: CommandContext,
): Promise<Pick<TreeDocument, "entries" | "totalFiles" | "truncated">> {
  const { path, depth, limit } = request;
  const entries: TreeEntry[] = [];
  let totalFiles: number | null = null;
  let cursor: string | undefined;
  do {
    const page = await files.tree({ path, depth, cursor }, { signal: context.signal });
    entries.push(...page.entries);
    totalFiles ??= page.totalFiles ?? null;
    // A server that repeats its cursor would never end.
    cursor = page.nextCursor === null || page.nextCursor === cursor ? undefined : page.nextCursor;
  } while (cursor !== undefined && (limit === null || entries.length <= limit));
  const truncated = limit !== null && entries.length > limit;
  return { entries: truncated ? entries.slice(0, limit) : entries, totalFiles, truncated };
}
