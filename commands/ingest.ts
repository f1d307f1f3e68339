/** `relayfile ingest`: delivers recorded provider webhooks to a workspace, as the provider would. */
import { type IngestedPayload, ingestPayloads } from "../lib/client/ingest.ts";
import type { Session } from "../lib/client/session.ts";
import { requireWorkspace } from "../lib/client/target.ts";
import { readWebhookFiles } from "../lib/client/webhook-files.ts";
import { type CommandContext, command, type Document } from "./_command.ts";
import { localPath } from "./_output.ts";
import { TARGET_ARGS, targetFlags, withSession } from "./_target.ts";

/** What `ingest` prints. */
export interface IngestDocument extends Document {
  readonly kind: "relayfile.ingest";
  readonly workspaceId: string;
  readonly provider: string;
  /** True when this run connected the integration. */
  readonly connected: boolean;
  readonly summary: {
    readonly total: number;
    readonly applied: number;
    readonly notApplicable: number;
    readonly duplicate: number;
    readonly stale: number;
    readonly rejected: number;
    /** Distinct paths. */
    readonly filesWritten: number;
    readonly filesDeleted: number;
  };
  /** One result per payload, in the order of delivery. */
  readonly payloads: readonly IngestedPayload[];
  readonly durationMs: number;
}

export default command({
  name: "ingest",
  description: "Deliver recorded provider webhooks to a workspace",
  args: {
    provider: {
      type: "positional",
      required: true,
      description: "Provider, for example github",
      valueHint: "PROVIDER",
    },
    path: {
      type: "positional",
      required: true,
      description: "Payload file, index.json, or a directory of <event>/<name>.payload.json",
      valueHint: "FILE|DIR",
    },
    event: {
      type: "string",
      valueHint: "EVENT",
      description: "Event of a single payload, for example issues",
    },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile ingest github payloads/", "a directory tree of <event>/<name>.payload.json"],
    ["relayfile ingest github opened.json --event issues", "one payload"],
    [
      "relayfile ingest github node_modules/@octokit/webhooks-examples/api.github.com/index.json --json",
      "a whole collection, for a program",
    ],
  ],
  run: async (args, context) => {
    const { fs, clock, log } = context.ports;
    const payloads = readWebhookFiles(fs, localPath(context, args.path), args.event);
    return withSession(targetFlags(args), context, async (session) => {
      const startedMs = clock.monotonicMs();
      const workspaceId = requireWorkspace(session.target).id;
      const connected = await ensureConnected(session, args.provider, context);
      const target = { api: session.controlAsWorkspace, workspaceId, provider: args.provider };
      const results = await ingestPayloads(target, payloads, { clock, log, signal: context.signal });
      const document: IngestDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.ingest",
        workspaceId,
        provider: args.provider,
        connected,
        summary: summarize(results),
        payloads: results,
        durationMs: Math.round(clock.monotonicMs() - startedMs),
      };
      return { document, exit: document.summary.rejected > 0 ? "FINDINGS" : "PASS" };
    });
  },
});

/** Connects the provider unless it is; the value tells whether this call did. */
async function ensureConnected(
  session: Session,
  provider: string,
  context: CommandContext,
): Promise<boolean> {
  const { id } = requireWorkspace(session.target);
  const options = { signal: context.signal };
  const rows = await session.controlAsAny.integrations(id, options);
  if (rows.some((row) => row.provider === provider)) return false;
  await session.controlAsAny.connect(id, provider, undefined, options);
  return true;
}

function summarize(results: readonly IngestedPayload[]): IngestDocument["summary"] {
  const count = (status: IngestedPayload["status"]) => results.filter((one) => one.status === status).length;
  return {
    total: results.length,
    applied: count("applied"),
    notApplicable: count("not_applicable"),
    duplicate: count("duplicate"),
    stale: count("stale"),
    rejected: count("rejected"),
    filesWritten: new Set(results.flatMap((one) => one.written)).size,
    filesDeleted: new Set(results.flatMap((one) => one.deleted)).size,
  };
}
