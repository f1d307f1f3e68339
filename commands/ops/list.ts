/** `relayfile ops list`: writeback ops, newest first, all pages up to a limit. */
import { FILE_API } from "../../lib/limits.ts";
import { OP_STATUSES } from "../../lib/model/op-status.ts";
import type { WritebackOp } from "../../lib/model/writeback-op.ts";
import { command, type Document } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";

/** What `ops list` prints. */
export interface OpsDocument extends Document {
  readonly kind: "relayfile.ops";
  readonly workspaceId: string;
  /** Newest first. */
  readonly ops: readonly WritebackOp[];
  /** True when more exist than `--limit` let through. */
  readonly truncated: boolean;
}

const LIMIT_DEFAULT = 100;

export default command({
  name: "list",
  description: "List ops, newest first",
  args: {
    ws: {
      type: "positional",
      description: "Workspace; may be left out when one is current",
      valueHint: "WS",
    },
    status: { type: "enum", options: [...OP_STATUSES], description: "Only this status" },
    provider: { type: "string", valueHint: "P", description: "Only this provider" },
    action: { type: "enum", options: ["file_upsert", "file_delete"], description: "Only this action" },
    limit: { type: "integer", min: 1, description: `At most this many, ${LIMIT_DEFAULT} when left out` },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile ops list demo", "the newest hundred"],
    ["relayfile ops list demo --status dead_lettered --json", "what needs attention, for a program"],
  ],
  run: async (args, context) =>
    withSession(targetFlags(args, args.ws), context, async (session) => {
      const files = await session.files();
      const limit = args.limit ?? LIMIT_DEFAULT;
      const { status, provider, action } = args;
      const ops: WritebackOp[] = [];
      let cursor: string | undefined;
      let more = true;
      while (more && ops.length < limit) {
        const page = await files.ops(
          { status, provider, action, cursor, limit: Math.min(limit - ops.length, FILE_API.listPageMax) },
          { signal: context.signal },
        );
        ops.push(...page.items);
        more = page.nextCursor !== null && page.nextCursor !== cursor;
        cursor = page.nextCursor ?? undefined;
      }
      const document: OpsDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.ops",
        workspaceId: files.workspaceId,
        ops: ops.slice(0, limit),
        truncated: more,
      };
      return { document, exit: "PASS" };
    }),
});
