/** `relayfile export`: a subtree as one archive, streamed to a file or to standard output. */
import { requireWorkspace } from "../lib/client/target.ts";
import { fail, isRelayfileError, messageOf } from "../lib/errors.ts";
import { CLIENT } from "../lib/limits.ts";
import { normalizePath } from "../lib/model/path.ts";
import { type CommandContext, command, type Document } from "./_command.ts";
import { openOutput } from "./_output.ts";
import { TARGET_ARGS, targetFlags, withSession, workspaceAndPath } from "./_target.ts";

/** What `export` prints when the bytes go to a file. */
export interface ExportDocument extends Document {
  readonly kind: "relayfile.export";
  readonly workspaceId: string;
  readonly path: string;
  readonly format: "json" | "tar" | "patch";
  /** The local file; null when the bytes went to standard output. */
  readonly output: string | null;
  readonly sizeBytes: number;
  readonly durationMs: number;
}

export default command({
  name: "export",
  description: "Export a subtree as tar, JSON or patch",
  args: {
    ws: {
      type: "positional",
      description: "Workspace; may be left out when one is current",
      valueHint: "WS",
    },
    path: { type: "positional", description: "Remote path, / when left out", valueHint: "PATH" },
    format: { type: "enum", options: ["tar", "json", "patch"], description: "tar (gzip) when left out" },
    output: {
      type: "string",
      alias: ["o"],
      valueHint: "FILE",
      description: "Local file; standard output when left out",
    },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile export demo --output demo.tar.gz", "the whole workspace"],
    ["relayfile export demo /github --format json | jq '.[].path'", "one provider, streamed"],
  ],
  run: async (args, context) => {
    if (context.globals.json && args.output === undefined) {
      fail("usage", "--json prints one document, so the exported bytes need a place of their own", {
        hint: "Add --output FILE",
      });
    }
    const { workspace, path } = workspaceAndPath(args.ws, args.path);
    const query = { format: args.format ?? "tar", path: normalizePath(path ?? "/") } as const;
    return withSession(targetFlags(args, workspace), context, async (session) => {
      const { clock } = context.ports;
      const startedMs = clock.monotonicMs();
      const files = await session.files();
      const answer = await files.export(query, { signal: context.signal, timeoutMs: CLIENT.joinTimeoutMs });
      requireFormat(answer, query.format);
      const sizeBytes = await drain(answer, args.output, context);
      const document: ExportDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.export",
        workspaceId: requireWorkspace(session.target).id,
        ...query,
        output: args.output ?? null,
        sizeBytes,
        durationMs: Math.round(clock.monotonicMs() - startedMs),
      };
      return { document, exit: "PASS" };
    });
  },
});

const TYPES = { tar: /gzip|tar|octet-stream/, json: /json/, patch: /diff|patch|plain/ } as const;

/** Refuses an answer of another type before a byte of it is written: a page of HTML is no archive. */
function requireFormat(answer: Response, format: keyof typeof TYPES): void {
  const type = answer.headers.get("content-type") ?? "none";
  if (TYPES[format].test(type)) return;
  fail("unexpected_answer", `the export came as ${type}, expected ${format}`, { service: "file-api" });
}

/** Copies the body; resolves with its size. A broken stream fails and leaves no file behind. */
async function drain(answer: Response, output: string | undefined, context: CommandContext): Promise<number> {
  const sink = output === undefined ? null : openOutput(context, output);
  let sizeBytes = 0;
  try {
    for await (const chunk of answer.body ?? []) {
      const bytes = chunk as Uint8Array;
      sizeBytes += bytes.byteLength;
      if (sink === null) context.write(bytes);
      else sink.append(bytes);
    }
  } catch (cause) {
    sink?.discard();
    if (context.signal.aborted) throw context.signal.reason;
    if (isRelayfileError(cause)) throw cause;
    fail(
      "network_unreachable",
      `the export broke off after ${sizeBytes} bytes (${messageOf(cause)})`,
      {},
      { cause },
    );
  }
  sink?.finish();
  return sizeBytes;
}
