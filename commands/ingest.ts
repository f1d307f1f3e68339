/** `relayfile ingest`: delivers recorded provider webhooks, or raw records, to a workspace, as the provider would. */
import {
  type IngestedPayload,
  type IngestTarget,
  type IngestWorld,
  ingestPayloads,
} from "../lib/client/ingest.ts";
import { type IngestedRecords, ingestRecords } from "../lib/client/ingest-records.ts";
import type { RecordFile } from "../lib/client/record-files.ts";
import type { Session } from "../lib/client/session.ts";
import { requireWorkspace } from "../lib/client/target.ts";
import type { WebhookFile } from "../lib/client/webhook-files.ts";
import type { Log } from "../lib/ports.ts";
import { type CommandContext, command, type Document } from "./_command.ts";
import { readIngestInput } from "./_ingest-input.ts";
import { TARGET_ARGS, targetFlags, withSession } from "./_target.ts";

/** What `ingest` prints. */
export interface IngestDocument extends Document {
  readonly kind: "relayfile.ingest";
  readonly workspaceId: string;
  readonly provider: string;
  /** True when this run connected the integration. */
  readonly connected: boolean;
  /** `webhooks` fills `payloads`, `records` fills `sources`. */
  readonly form: "webhooks" | "records";
  readonly summary: {
    readonly total: number;
    readonly applied: number;
    readonly notApplicable: number;
    /** Records that were deleted; 0 for webhooks, whose deletions count as applied. */
    readonly deleted: number;
    /** Seen before, or stored already as they are. */
    readonly duplicate: number;
    readonly stale: number;
    readonly rejected: number;
    /** Distinct paths; for records those of every batch added up. */
    readonly filesWritten: number;
    readonly filesDeleted: number;
  };
  /** One result per payload, in the order of delivery. */
  readonly payloads: readonly IngestedPayload[];
  /** One result per file of records. */
  readonly sources: readonly IngestedRecords[];
  readonly durationMs: number;
}

export default command({
  name: "ingest",
  description: "Deliver recorded provider webhooks or raw records to a workspace",
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
      description:
        "Webhooks: payload file, index.json, or a directory of <event>/<name>.payload.json. Records: a JSON array, one record per line, a directory of such files, or - for standard input",
      valueHint: "FILE|DIR|-",
    },
    event: {
      type: "string",
      valueHint: "EVENT",
      description: "Event of a single payload, for example issues",
    },
    model: {
      type: "string",
      valueHint: "MODEL",
      description:
        "Model of raw records, for example Issue; left out it is taken from the names of the files",
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
    ["relayfile ingest jira issues.ndjson", "raw records, one per line; the file name says the model"],
    ["jq -c '.[]' export.json | relayfile ingest linear - --model Issue", "records from standard input"],
  ],
  run: async (args, context) => {
    const { clock, log } = context.ports;
    const { provider, path, event, model } = args;
    const input = await readIngestInput({ provider, path, event, model }, context);
    return withSession(targetFlags(args), context, async (session) => {
      const startedMs = clock.monotonicMs();
      const workspaceId = requireWorkspace(session.target).id;
      const target = { api: session.controlAsWorkspace, workspaceId, provider };
      const info: Log["info"] = (message, fields) => {
        log.info(message, fields);
        context.status?.(message);
      };
      const world = { clock, log: { ...log, info }, signal: context.signal };
      const delivered =
        input.form === "webhooks"
          ? await deliverPayloads(session, target, input.payloads, { world, context })
          : await deliverRecords(session, target, input.files, { world, context });
      context.status?.(null);
      const document: IngestDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.ingest",
        workspaceId,
        provider,
        form: input.form,
        ...delivered,
        durationMs: Math.round(clock.monotonicMs() - startedMs),
      };
      return { document, exit: document.summary.rejected > 0 ? "FINDINGS" : "PASS" };
    });
  },
});

type Delivered = Pick<IngestDocument, "connected" | "summary" | "payloads" | "sources">;
type Around = { readonly world: IngestWorld; readonly context: CommandContext };

/**
 * The first webhook connects its provider by itself, without the records of its backend: read at the same time, those
 * would decide how many of the payloads still change something.
 */
async function deliverPayloads(
  session: Session,
  target: IngestTarget,
  given: readonly WebhookFile[],
  { world, context }: Around,
): Promise<Delivered> {
  const connected = !(await isConnected(session, target.provider, context));
  const payloads = await ingestPayloads(target, given, world);
  return { connected, summary: summarize(payloads), payloads, sources: [] };
}

/** The first batch connects its provider by itself, as the first webhook does. */
async function deliverRecords(
  session: Session,
  target: IngestTarget,
  files: readonly RecordFile[],
  { world, context }: Around,
): Promise<Delivered> {
  const connected = !(await isConnected(session, target.provider, context));
  const sources = await ingestRecords(target, files, world);
  return { connected, summary: summarizeRecords(sources), payloads: [], sources };
}

async function isConnected(session: Session, provider: string, context: CommandContext): Promise<boolean> {
  const { id } = requireWorkspace(session.target);
  const rows = await session.controlAsAny.integrations(id, { signal: context.signal });
  return rows.some((row) => row.provider === provider);
}

function summarizeRecords(sources: readonly IngestedRecords[]): IngestDocument["summary"] {
  const sum = (name: keyof IngestedRecords) => sources.reduce((all, one) => all + Number(one[name]), 0);
  return {
    total: sum("records"),
    applied: sum("applied"),
    notApplicable: 0,
    deleted: sum("deleted"),
    duplicate: sum("unchanged"),
    stale: sum("stale"),
    rejected: sum("rejected"),
    filesWritten: sum("filesWritten"),
    filesDeleted: sum("filesDeleted"),
  };
}

function summarize(results: readonly IngestedPayload[]): IngestDocument["summary"] {
  const count = (status: IngestedPayload["status"]) => results.filter((one) => one.status === status).length;
  return {
    total: results.length,
    applied: count("applied"),
    notApplicable: count("not_applicable"),
    deleted: 0,
    duplicate: count("duplicate"),
    stale: count("stale"),
    rejected: count("rejected"),
    filesWritten: new Set(results.flatMap((one) => one.written)).size,
    filesDeleted: new Set(results.flatMap((one) => one.deleted)).size,
  };
}
