/** `relayfile refresh`: has the service read records again, for discovery files or for one provider. */
import { withProgress } from "../lib/client/join.ts";
import type { Session } from "../lib/client/session.ts";
import { requireWorkspace } from "../lib/client/target.ts";
import { type ExitName, fail } from "../lib/errors.ts";
import { CLIENT } from "../lib/limits.ts";
import type { RefreshedProvider, SamplingWarning } from "../lib/model/integration.ts";
import { type CommandContext, command, type Document } from "./_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "./_target.ts";

/** What `refresh` prints. */
export interface RefreshDocument extends Document {
  readonly kind: "relayfile.refresh";
  readonly workspaceId: string;
  /** `discovery`: the control plane wrote discovery files. `provider`: the file API queued a read of one provider. */
  readonly scope: "discovery" | "provider";
  readonly durationMs: number;
  readonly timedOut: boolean;
  /** One row per provider; for scope `provider` the queued request. */
  readonly refreshed: readonly RefreshRow[];
  readonly errors: readonly { readonly provider: string | null; readonly message: string }[];
}

/** What happened to one provider. `backfilled` alone does not prove that its schemas have content (cloud#778). */
export interface RefreshRow {
  readonly provider: string;
  readonly backfilled: boolean | null;
  readonly status: string | null;
  readonly errors: number;
  readonly samplingWarnings: readonly SamplingWarning[];
  /** Id of the queued request, for scope `provider`. */
  readonly requestId: string | null;
}

export default command({
  name: "refresh",
  description: "Write discovery files again, or read one provider again",
  args: {
    ws: {
      type: "positional",
      description: "Workspace; may be left out when one is current",
      valueHint: "WS",
    },
    provider: {
      type: "string",
      valueHint: "P",
      description: "Queue a new read of this provider at the file API instead of a discovery refresh",
    },
    "reset-schema": {
      type: "strings",
      valueHint: "PROVIDER/RESOURCE",
      description:
        "Have this schema forget what earlier samples taught it, such as a wrong readOnly; repeatable",
    },
    reason: {
      type: "string",
      valueHint: "TEXT",
      description: "Recorded with --provider, manual when left out",
    },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile refresh demo", "discovery files of all providers; waits up to 240 s"],
    ["relayfile refresh demo --provider github", "queue a read of one provider"],
    ["relayfile refresh --reset-schema jira/issues", "infer that schema from the records alone"],
  ],
  run: async (args, context) => {
    if (args.ws !== undefined && args.provider === undefined && (await isProvider(args.ws))) {
      fail("usage", `${args.ws} is a provider, not a workspace`, {
        hint: `relayfile refresh --provider ${args.ws}`,
      });
    }
    return withSession(targetFlags(args, args.ws), context, async (session) => {
      if (args.provider !== undefined && args["reset-schema"].length > 0)
        fail(
          "usage",
          "--reset-schema belongs to a discovery refresh, --provider queues a read: give one of them",
        );
      const document =
        args.provider === undefined
          ? await refreshDiscovery(session, args["reset-schema"], context)
          : await refreshProvider(session, args.provider, args.reason ?? "manual", context);
      return { document, exit: exitOf(document) };
    });
  },
});

/** True for the id of a provider; a workspace of that name is still reached by `--workspace`. */
async function isProvider(word: string): Promise<boolean> {
  const { providerById } = await import("../lib/providers/registry.ts");
  return providerById(word) !== null;
}

async function refreshDiscovery(
  session: Session,
  reset: readonly string[],
  context: CommandContext,
): Promise<RefreshDocument> {
  const { clock, log } = context.ports;
  const { id } = requireWorkspace(session.target);
  const startedMs = clock.monotonicMs();
  const work = () => session.controlAsWorkspace.refreshDiscovery(id, { signal: context.signal }, reset);
  const report = await withProgress({ clock, log }, "refreshing discovery", CLIENT.refreshTimeoutMs, work);
  return {
    schemaVersion: "1.0",
    kind: "relayfile.refresh",
    workspaceId: report.workspaceId,
    scope: "discovery",
    durationMs: Math.round(clock.monotonicMs() - startedMs),
    timedOut: report.timedOut ?? false,
    refreshed: report.refreshed.map(rowOf),
    errors: (report.errors ?? []).map(({ provider, message }) => ({ provider: provider ?? null, message })),
  };
}

async function refreshProvider(
  session: Session,
  provider: string,
  reason: string,
  context: CommandContext,
): Promise<RefreshDocument> {
  const { clock } = context.ports;
  const startedMs = clock.monotonicMs();
  const files = await session.files();
  const queued = await files.refresh(provider, reason, { signal: context.signal });
  const row = {
    provider,
    backfilled: null,
    status: queued.status,
    errors: 0,
    samplingWarnings: [],
    requestId: queued.id,
  };
  return {
    schemaVersion: "1.0",
    kind: "relayfile.refresh",
    workspaceId: files.workspaceId,
    scope: "provider",
    durationMs: Math.round(clock.monotonicMs() - startedMs),
    timedOut: false,
    refreshed: [row],
    errors: [],
  };
}

function rowOf(row: RefreshedProvider): RefreshRow {
  return {
    provider: row.provider,
    backfilled: row.discoveryBackfilled ?? row.backfilled ?? null,
    status: row.discoveryBackfillStatus ?? null,
    errors: row.errors,
    samplingWarnings: row.samplingWarnings ?? [],
    requestId: null,
  };
}

function exitOf(document: RefreshDocument): ExitName {
  if (document.timedOut) return "UNDETERMINED";
  const failed = document.errors.length > 0 || document.refreshed.some((row) => row.errors > 0);
  return failed ? "FINDINGS" : "PASS";
}
