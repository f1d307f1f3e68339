/** What `ingest` is given: recorded webhooks or raw records, told apart by what lies at the path. */
import { INPUT_BYTES_MAX, kindOf, readText } from "../lib/client/local-input.ts";
import {
  type ModelOf,
  needModel,
  type RecordFile,
  readRecordFiles,
  recordsOf,
} from "../lib/client/record-files.ts";
import { readWebhookFiles, type WebhookFile } from "../lib/client/webhook-files.ts";
import { fail } from "../lib/errors.ts";
import type { LocalFs } from "../lib/ports.ts";
import { providerById, resourceOf, resourceOfModel } from "../lib/providers/registry.ts";
import type { CommandContext } from "./_command.ts";
import { readInput } from "./_input.ts";
import { localPath } from "./_output.ts";

/** What is to be delivered. */
export type IngestInput =
  | { readonly form: "webhooks"; readonly payloads: readonly WebhookFile[] }
  | { readonly form: "records"; readonly files: readonly RecordFile[] };

/** The options that decide the form. */
export interface IngestFlags {
  readonly provider: string;
  readonly path: string;
  readonly event: string | undefined;
  readonly model: string | undefined;
}

/** Reads everything before anything is sent. Fails with `invalid_input`, or `usage` for options that exclude each other. */
export async function readIngestInput(flags: IngestFlags, context: CommandContext): Promise<IngestInput> {
  if (flags.event !== undefined && flags.model !== undefined)
    return fail("usage", "--event is for webhooks, --model for records: give one of them");
  if (flags.path === "-") return readStdin(flags, context);
  const { fs } = context.ports;
  const path = localPath(context, flags.path);
  const isWebhooks = flags.model === undefined && (flags.event !== undefined || looksLikeWebhooks(fs, path));
  if (isWebhooks) return { form: "webhooks", payloads: readWebhookFiles(fs, path, flags.event) };
  const options = { model: flags.model ?? null, modelOf: modelOf(flags.provider) };
  return { form: "records", files: readRecordFiles(fs, path, options) };
}

async function readStdin(flags: IngestFlags, context: CommandContext): Promise<IngestInput> {
  const source = "standard input";
  const bytes = await readInput(context, INPUT_BYTES_MAX);
  const text = new TextDecoder().decode(bytes);
  if (flags.event !== undefined) {
    return { form: "webhooks", payloads: [{ source, event: flags.event, body: text, problem: null }] };
  }
  return {
    form: "records",
    files: [{ source, model: flags.model ?? needModel(source), slots: recordsOf(text, source) }],
  };
}

/**
 * True for payload files, for directories that hold one or an index of them, for such an index itself, and for a single
 * JSON object, which is asked for its event.
 */
function looksLikeWebhooks(fs: LocalFs, path: string): boolean {
  const kind = kindOf(fs, path);
  if (kind === "directory") return holdsPayload(fs, path);
  if (kind !== "file" || /\.(ndjson|jsonl)$/i.test(path)) return kind === null;
  if (path.endsWith(".payload.json")) return true;
  const value = parsed(readText(fs, path, INPUT_BYTES_MAX));
  if (Array.isArray(value)) return value.length > 0 && value.every(isIndexEntry);
  return typeof value === "object" && value !== null;
}

function holdsPayload(fs: LocalFs, directory: string): boolean {
  return fs.readDir(directory).some(({ name, kind }) => {
    if (kind === "directory") return holdsPayload(fs, `${directory}/${name}`);
    if (name.endsWith(".payload.json")) return true;
    return name === "index.json" && looksLikeWebhooks(fs, `${directory}/${name}`);
  });
}

function isIndexEntry(entry: unknown): boolean {
  return typeof entry === "object" && entry !== null && "name" in entry && "examples" in entry;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // One record per line is no single JSON document; the reader of records says so when it is not that either.
    return null;
  }
}

/** A model by any name people give a file: `Issue`, `issues`, `jira-issues`. */
function modelOf(providerName: string): ModelOf {
  const provider = providerById(providerName);
  return (name) => {
    if (provider === null) return null;
    const bare = name.toLowerCase().replace(new RegExp(`^${provider.id}[-_.]?`), "");
    const resource = resourceOf(provider, bare) ?? resourceOfModel(provider, bare);
    return resource?.records?.models[0] ?? null;
  };
}
