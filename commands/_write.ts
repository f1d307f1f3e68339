/** What `put` and `rm` have in common: the revision a write is based on, and the document that reports it. */
import type { FileApi } from "../lib/client/file-api.ts";
import { isRelayfileError } from "../lib/errors.ts";
import type { WriteResult } from "../lib/model/file.ts";
import type { WritebackOp } from "../lib/model/writeback-op.ts";
import type { CommandContext, Document } from "./_command.ts";

/** What `put` and `rm` print. */
export interface WriteDocument extends Document {
  readonly kind: "relayfile.write";
  readonly workspaceId: string;
  readonly action: "put" | "rm";
  readonly path: string;
  /** Revision the write was based on; `0` for a new file. */
  readonly baseRevision: string;
  readonly revision: string;
  readonly opId: string;
  readonly provider: string;
  /** State of the op when the command ended. */
  readonly opStatus: string;
  readonly lastError: string | null;
  /** The op as last seen, with `--wait`; else null. */
  readonly op: WritebackOp | null;
}

/** The document of an accepted write; `op` is the op as last seen while waiting, or null. */
export function writeDocument(
  write: Pick<WriteDocument, "workspaceId" | "action" | "path" | "baseRevision">,
  accepted: WriteResult,
  op: WritebackOp | null,
): WriteDocument {
  return {
    schemaVersion: "1.0",
    kind: "relayfile.write",
    ...write,
    revision: accepted.targetRevision,
    opId: accepted.opId,
    provider: accepted.writeback.provider,
    opStatus: op?.status ?? accepted.writeback.state,
    lastError: op?.lastError ?? null,
    op,
  };
}

/** The revision of a file now, or null when it does not exist. */
export async function currentRevision(
  files: FileApi,
  path: string,
  context: CommandContext,
): Promise<string | null> {
  try {
    return (await files.readFile(path, { signal: context.signal })).revision;
  } catch (thrown) {
    if (isRelayfileError(thrown, "not_found")) return null;
    throw thrown;
  }
}
