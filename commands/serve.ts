/** `relayfile serve`: the embedded file API, control plane and provider simulator over one data directory. */
import { FILE_API } from "../lib/limits.ts";
import { MAY_2026_ERA } from "../lib/model/era.ts";
import { absolutePath } from "../lib/model/local-path.ts";
import { startStack } from "../lib/runtime/bun/stack.ts";
import { command, type Document } from "./_command.ts";

/** What `serve` prints when both services answer. */
export interface ServeDocument extends Document {
  readonly kind: "relayfile.serve";
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  readonly simulatorUrl: string;
  /** The id in file API paths. */
  readonly workspaceId: string;
  readonly workspaceName: string;
  readonly tokenFile: string;
  readonly cloudTokenFile: string;
  readonly dataDir: string;
  /** Connected at start. */
  readonly providers: readonly string[];
  /** Set in a shell, these make every other command work without flags. */
  readonly environment: Readonly<Record<string, string>>;
}

/** The command. */
export default command({
  name: "serve",
  description: "Run the embedded file API and control plane on loopback",
  args: {
    data: {
      type: "string",
      required: true,
      description: "Data directory, created when missing",
      valueHint: "DIR",
    },
    port: { type: "integer", min: 0, max: 65_535, description: "Port of both services; 0 takes a free one" },
    workspace: {
      type: "string",
      description: "Workspace to create or use (default local)",
      valueHint: "NAME",
    },
    provider: {
      type: "strings",
      description: "Provider to connect to its simulator, with an initial sync; repeatable",
      valueHint: "P",
    },
    emulate: { type: "enum", options: ["2026-05"], description: "Behave as deployments did then" },
    "join-delay": { type: "duration", description: "Answer joins this late", valueHint: "DURATION" },
    "rate-limit": {
      type: "integer",
      min: 0,
      max: 10_000_000,
      description: `Requests per agent in 10 s before 429 with Retry-After; 0 sets no limit (default ${FILE_API.rateLimitMax})`,
      valueHint: "N",
    },
    timezone: { type: "string", description: "Time zone of digests (default UTC)", valueHint: "ZONE" },
  },
  examples: [
    [
      "relayfile serve --data ./relay-data --provider linear",
      "a workspace filled with sample Linear records",
    ],
    ["relayfile serve --data ./relay-data --json", "one JSON document with URLs and token files when ready"],
    ["relayfile serve --data ./relay-data --join-delay 40s", "reproduce slow joins"],
  ],
  run: async (args, context) => {
    const { ports, signal } = context;
    const stack = await startStack({
      dataDir: absolutePath(args.data, ports.host.cwd),
      providers: args.provider,
      rateLimit: { max: args["rate-limit"] ?? FILE_API.rateLimitMax, windowMs: FILE_API.rateLimitWindowMs },
      ports,
      ...(args.port === undefined ? {} : { port: args.port }),
      ...(args.workspace === undefined ? {} : { workspaceName: args.workspace }),
      ...(args.emulate === undefined ? {} : { era: MAY_2026_ERA }),
      ...(args["join-delay"] === undefined ? {} : { joinDelayMs: args["join-delay"] }),
      ...(args.timezone === undefined ? {} : { timeZone: args.timezone }),
    });
    const document: ServeDocument = {
      schemaVersion: "1.0",
      kind: "relayfile.serve",
      fileApiUrl: stack.fileApiUrl,
      controlPlaneUrl: stack.controlPlaneUrl,
      simulatorUrl: stack.simulatorUrl,
      workspaceId: stack.workspaceId,
      workspaceName: stack.workspaceName,
      tokenFile: stack.tokenFile,
      cloudTokenFile: stack.cloudTokenFile,
      dataDir: stack.dataDir,
      providers: args.provider,
      environment: {
        RELAYFILE_BASE_URL: stack.fileApiUrl,
        RELAYFILE_CLOUD_API_URL: stack.controlPlaneUrl,
        RELAYFILE_WORKSPACE: stack.workspaceId,
        RELAYFILE_HOME: stack.dataDir,
      },
    };
    try {
      context.ready(document);
      await aborted(signal);
    } finally {
      await stack.stop();
    }
    return { document, exit: "PASS" };
  },
});

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
}
