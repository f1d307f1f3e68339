/** `relayfile mount`: mirrors a workspace to a directory, in the foreground, in the background, or once. */

import { homeOf } from "../lib/client/home.ts";
import type { ServiceTarget } from "../lib/client/http.ts";
import { updateRegistry, upsertWorkspace } from "../lib/client/registry.ts";
import type { Session } from "../lib/client/session.ts";
import { requireWorkspace, type Target } from "../lib/client/target.ts";
import { lookupWorkspace } from "../lib/client/workspace-lookup.ts";
import { fail, isRelayfileError } from "../lib/errors.ts";
import { readClaims } from "../lib/model/token.ts";
import { newsText } from "../lib/mount/bootstrap.ts";
import { type MountConfig, mountConfig } from "../lib/mount/config.ts";
import { runDaemon } from "../lib/mount/daemon.ts";
import type { Engine } from "../lib/mount/engine.ts";
import { defaultStateDir, privatePaths, runtimeLayout } from "../lib/mount/layout.ts";
import { localFault } from "../lib/mount/local-fault.ts";
import { teeToFile } from "../lib/mount/log-file.ts";
import { loggingFetch } from "../lib/mount/log-http.ts";
import { runOnce } from "../lib/mount/once.ts";
import { mirroredBefore, type OpenMount, openMount } from "../lib/mount/open.ts";
import { announceChild, refuseWhileStarting, register, waitForRegistration } from "../lib/mount/process.ts";
import type { MountWorld } from "../lib/mount/world.ts";
import { type ArgValues, type CommandContext, type CommandResult, command } from "./_command.ts";
import { mountWorld } from "./_mount.ts";
import { MOUNT_ARGS, refuseUnsupported } from "./_mount-args.ts";
import { type EventStream, mountEvents } from "./_mount-events.ts";
import { flush, notify, refuseFreshIndex } from "./_mount-flush.ts";
import {
  correlationPrefix,
  localDirectory,
  mountFlags,
  remoteRoot,
  requireOneMode,
  statePlace,
} from "./_mount-input.ts";
import { connect, targetFlags } from "./_target.ts";

/** `relayfile.mount`: a mount as it runs. */
export interface MountDocument {
  readonly schemaVersion: "1.0";
  readonly kind: "relayfile.mount";
  readonly workspaceId: string;
  readonly localDir: string;
  readonly remoteRoot: string;
  readonly server: string;
  readonly mode: "foreground" | "background" | "once";
  readonly pid: number;
  readonly logFile: string;
  readonly stateDir: string;
  readonly state: "running" | "stopped";
}

type Args = ArgValues<typeof MOUNT_ARGS>;

/** What every way of mounting begins with. */
interface Prepared {
  readonly world: MountWorld;
  readonly target: ServiceTarget;
  readonly config: MountConfig;
  readonly session: Session;
}

export default command({
  name: "mount",
  description: "Mirror a workspace to a directory",
  aliases: ["start"],
  args: MOUNT_ARGS,
  examples: [
    ["relayfile mount demo ./mirror", "mirror in the foreground until Ctrl-C"],
    ["relayfile mount demo ./mirror --background", "start a daemon; stop it with relayfile unmount demo"],
    ["relayfile mount demo ./mirror --once", "sync once; exit 0 only when everything agrees"],
    ["relayfile mount resume demo --restore", "bring back files whose mass deletion was held"],
  ],
  run: (args, context) => (args.ws === "resume" ? resume(args, context) : mount(args, context)),
});

/** Runs the mount a command line asks for. */
export async function mount(args: Args, context: CommandContext): Promise<CommandResult> {
  refuseUnsupported(args, context);
  requireOneMode(args, context);
  const world = await mountWorld(context);
  const flags = targetFlags(args, args.ws);
  const session = await connect(flags, context);
  const workspace = requireWorkspace(session.target);
  const localRoot = localDirectory(args, context, session.target, world);
  const target = { ...(await session.fileTarget()), correlationPrefix: correlationPrefix(context) };
  const token = await target.token();
  const config = mountConfig(
    {
      workspaceId: workspace.id,
      localRoot,
      remoteRoot: remoteRoot(args, context, session.target),
      server: target.baseUrl,
      ...statePlace(args, localRoot, context),
      scopes: token === null ? null : (readClaims(token)?.scopes ?? null),
    },
    mountFlags(args),
    context.ports.host.env,
    context.ports.log,
  );
  try {
    return await work(args, { world, target, config, session }, context);
  } catch (error) {
    throw localFault(error, localRoot) ?? error;
  }
}

/** The mount as its flags want it. */
async function work(
  args: Args,
  { world, target, config, session }: Prepared,
  context: CommandContext,
): Promise<CommandResult> {
  if (args["notify-flush"]) return notify(args.timeout, world, config, context);
  if (args.background) return background(args, world, config, context);
  const logFile = args["log-file"] ?? runtimeLayout(config.localRoot).log;
  const logging = loggingWorld(world, config, { logFile, quiet: args.daemonized });
  if (args["push-local-once"]) refuseFreshIndex(world, config);
  const traced = config.logHttpStatus ? { ...target, fetch: loggingFetch(target.fetch, logging) } : target;
  const opened = openMount(logging, config, traced, { mustBeWhole: args["push-local-once"] });
  const stream = args.events ? mountEvents(opened.engine, context) : null;
  if (stream === null) showBootstrap(opened.engine, context);
  try {
    await remember(context, await named(session), config);
    if (args["push-local-once"] || args["flush-outbox-once"])
      return await flush(opened, config, args["push-local-once"], context);
    return args.once
      ? await once(opened, config, context)
      : await foreground(args, opened, config, { logFile, stream }, context);
  } finally {
    opened.close();
  }
}

/** On a terminal the first copy shows how far it is, in one line that goes when it ends. */
function showBootstrap(engine: Engine, context: CommandContext): void {
  engine.news.bootstrap = (news) => context.status?.(news.phase === "progress" ? newsText(news) : null);
}

async function once(opened: OpenMount, config: MountConfig, context: CommandContext): Promise<CommandResult> {
  const report = await runOnce(opened.engine, context.signal);
  const document = {
    schemaVersion: "1.0",
    kind: "relayfile.mount-once",
    workspaceId: config.workspaceId,
    localDir: config.localRoot,
    remoteRoot: config.remoteRoot,
    ...report,
  } as const;
  if (report.converged) return { document, exit: "PASS" };
  if (report.error?.kind === "auth") return { document, exit: "AUTH" };
  if (report.heldDeletes > 0) return { document, exit: "SAFETY" };
  return { document, exit: report.deadLetters > 0 ? "FINDINGS" : "UNDETERMINED" };
}

async function foreground(
  args: Args,
  opened: OpenMount,
  config: MountConfig,
  { logFile, stream }: { logFile: string; stream: EventStream | null },
  context: CommandContext,
): Promise<CommandResult> {
  const { engine, stateDir } = opened;
  const { host } = engine.world;
  const document: MountDocument = {
    schemaVersion: "1.0",
    kind: "relayfile.mount",
    workspaceId: config.workspaceId,
    localDir: config.localRoot,
    remoteRoot: config.remoteRoot,
    server: config.server,
    mode: args.daemonized ? "background" : "foreground",
    pid: host.pid,
    logFile,
    stateDir,
    state: "running",
  };
  const pidFile = args["pid-file"] ?? engine.layout.pid;
  const unregister = register(engine.world, pidFile, {
    workspaceId: config.workspaceId,
    localDir: config.localRoot,
    logFile,
  });
  try {
    await runDaemon(engine, {
      stateDir,
      logFile,
      signal: context.signal,
      onReady: () => (stream === null ? context.ready(document) : stream.ready(document)),
    });
  } finally {
    unregister();
  }
  const stopped: MountDocument = { ...document, state: "stopped" };
  stream?.stopped(stopped);
  return { document: stopped, exit: "PASS" };
}

/** Starts the daemon as a process of its own and waits until it has registered. */
async function background(
  args: Args,
  world: MountWorld,
  config: MountConfig,
  context: CommandContext,
): Promise<CommandResult> {
  const { prepareRoot } = await import("../lib/mount/guard.ts");
  const { runningDaemon, stopHint } = await import("../lib/mount/lock.ts");
  const layout = runtimeLayout(config.localRoot);
  const holder = runningDaemon(world, config.localRoot);
  if (holder !== null) {
    fail(
      "lock_held",
      `${config.localRoot} is already mounted${holder.pid === null ? "" : ` by process ${holder.pid}`}`,
      {
        ...holder,
        hint: stopHint(config.localRoot),
      },
    );
  }
  if (world.fs.lstat(config.localRoot)?.kind !== "directory")
    prepareRoot(world, config, { trackedFiles: mirroredBefore(world, config) });
  world.fs.makeDir(layout.area);
  const pidFile = args["pid-file"] ?? layout.pid;
  const logFile = args["log-file"] ?? layout.log;
  refuseWhileStarting(world, pidFile, config.localRoot);
  const { pid } = world.spawnSelf(
    (argv) => [
      ...argv.filter((word) => word !== "--background"),
      "--daemonized",
      "--pid-file",
      pidFile,
      "--log-file",
      logFile,
    ],
    logFile,
  );
  const facts = { workspaceId: config.workspaceId, localDir: config.localRoot, logFile };
  announceChild(world, pidFile, { pid, ...facts });
  await waitForRegistration(world, { pid, pidFile, logFile, signal: context.signal });
  const document: MountDocument = {
    schemaVersion: "1.0",
    kind: "relayfile.mount",
    workspaceId: config.workspaceId,
    localDir: config.localRoot,
    remoteRoot: config.remoteRoot,
    server: config.server,
    mode: "background",
    pid,
    logFile,
    stateDir: privatePaths(config, world.sha256).dir,
    state: "running",
  };
  return { document, exit: "PASS" };
}

/** `mount resume`: a person's decision about deletes that were held. */
async function resume(args: Args, context: CommandContext): Promise<CommandResult> {
  if (args["confirm-deletes"] === args.restore) {
    fail("usage", "mount resume needs either --confirm-deletes or --restore", {
      hint: "relayfile mount resume WS --restore",
    });
  }
  const { findMirror, requireMirror, stateOf } = await import("./_mount.ts");
  const { askMount } = await import("./_ask.ts");
  const mirror = await findMirror(
    { ws: args.dir, workspace: args.workspace, mount: args["local-dir"] },
    context,
  );
  const { dir } = requireMirror(mirror);
  const choice = args.restore ? "restore" : "confirm";
  const value = await askMount(mirror, { kind: "resume", deletes: choice }, context);
  return {
    document: {
      schemaVersion: "1.0",
      kind: "relayfile.mount-resume",
      workspaceId: mirror.workspaceId,
      localDir: dir,
      deletes: choice,
      held: (stateOf(mirror)?.heldDeletes as { paths?: number } | undefined)?.paths ?? 0,
      ...(value as object),
    } as CommandResult["document"],
    exit: "PASS",
  };
}

/** The target with the workspace's name, asked for once so that later commands can use it; best effort. */
async function named(session: Session): Promise<Target> {
  const { target, cloud, control } = session;
  const { workspace } = target;
  if (workspace === null || !cloud.available || (workspace.name !== null && workspace.name !== workspace.id))
    return target;
  try {
    return { ...target, workspace: await lookupWorkspace(control, workspace.id) };
  } catch (error) {
    if (!isRelayfileError(error)) throw error;
    return target;
  }
}

/** The registry learns where the workspace is mirrored; a mount works without one. */
async function remember(context: CommandContext, target: Target, config: MountConfig): Promise<void> {
  const { workspace } = target;
  if (workspace === null) return;
  try {
    await updateRegistry(context.ports, homeOf(context.ports.host), (workspaces) => ({
      workspaces: upsertWorkspace(
        workspaces,
        {
          name: workspace.name ?? workspace.id,
          id: workspace.cloudId ?? workspace.id,
          ...(workspace.cloudId === null ? {} : { relayWorkspaceId: workspace.id }),
          localDir: config.localRoot,
          server: config.server,
          remotePaths: [config.remoteRoot],
          // Undefined takes back what an earlier mount was told.
          mountStateDir:
            config.stateDir === defaultStateDir(context.ports.host) ? undefined : config.stateDir,
          mountStateFile: config.stateFile,
          mountKind: config.mountKind === "daemon" ? undefined : config.mountKind,
        },
        context.ports.clock.now(),
      ),
    }));
  } catch (error) {
    if (!isRelayfileError(error)) throw error;
    context.ports.log.warn("the registry was not updated", { reason: error.message });
  }
}

/** The world with a log that also goes to the mirror's log file; a daemon's own stderr is that file already. */
function loggingWorld(
  world: MountWorld,
  config: MountConfig,
  { logFile, quiet }: { logFile: string; quiet: boolean },
): MountWorld {
  const layout = runtimeLayout(config.localRoot);
  const usable = world.fs.lstat(layout.area)?.kind === "directory" || logFile !== layout.log;
  return usable ? { ...world, log: teeToFile(quiet ? SILENT : world.log, world, logFile) } : world;
}

const SILENT: MountWorld["log"] = { debug() {}, info() {}, warn() {}, error() {} };
