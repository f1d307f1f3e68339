/** `relayfile mount`: mirrors a workspace to a directory, in the foreground, in the background, or once. */

import { homeOf } from "../lib/client/home.ts";
import { registryOf, updateRegistry, upsertWorkspace } from "../lib/client/registry.ts";
import type { Session } from "../lib/client/session.ts";
import { requireWorkspace, type Target } from "../lib/client/target.ts";
import { lookupWorkspace } from "../lib/client/workspace-lookup.ts";
import { fail, isRelayfileError } from "../lib/errors.ts";
import { readClaims } from "../lib/model/token.ts";
import type { RegisteredWorkspace } from "../lib/model/workspace.ts";
import { type MountConfig, mountConfig, type SyncMode } from "../lib/mount/config.ts";
import { runDaemon } from "../lib/mount/daemon.ts";
import { absolutePath, defaultStateDir, runtimeLayout } from "../lib/mount/layout.ts";
import { teeToFile } from "../lib/mount/log-file.ts";
import { runOnce } from "../lib/mount/once.ts";
import { type OpenMount, openMount } from "../lib/mount/open.ts";
import { register, waitForRegistration } from "../lib/mount/process.ts";
import type { MountWorld } from "../lib/mount/world.ts";
import { requireRemoteRoot } from "../lib/sync/remote-path.ts";
import { type ArgValues, type CommandContext, type CommandResult, command } from "./_command.ts";
import { mountWorld } from "./_mount.ts";
import { MOUNT_ARGS, refuseUnsupported } from "./_mount-args.ts";
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
  const world = await mountWorld(context);
  const flags = targetFlags(args, args.ws);
  const session = await connect(flags, context);
  const workspace = requireWorkspace(session.target);
  const localRoot = localDirectory(args, context, session.target.mountDir ?? recordedDir(session.target));
  const target = { ...(await session.fileTarget()), correlationPrefix: "mount" };
  const token = await target.token();
  const config = mountConfig(
    {
      workspaceId: workspace.id,
      localRoot,
      remoteRoot: remoteRoot(args, context, session.target),
      server: target.baseUrl,
      stateDir: absolutePath(
        args["state-dir"] ??
          context.ports.host.env.RELAYFILE_MOUNT_STATE_DIR ??
          defaultStateDir(context.ports.host),
        context.ports.host.cwd,
      ),
      scopes: token === null ? null : (readClaims(token)?.scopes ?? null),
    },
    {
      provider: args.provider,
      syncMode: args["sync-mode"] as SyncMode | undefined,
      intervalMs: args.interval,
      intervalJitter: args["interval-jitter"],
      timeoutMs: args.timeout,
      bootstrapTimeoutMs: args["bootstrap-timeout"],
      cursorTimeoutMs: args["cursor-timeout"],
      fullPullMinIntervalMs: minInterval(args["full-pull-min-interval"]),
      fullReconcile: args["full-reconcile"],
      websocket:
        args["no-websocket"] || args.websocket === "false"
          ? false
          : args.websocket === undefined
            ? undefined
            : true,
      fileSettleMs: args["file-settle-delay"],
      atomicSettleMs: args["atomic-save-settle-delay"],
      batchWindowMs: args["change-batch-window"],
      lowMemory: args["low-memory"],
      logHttpStatus: args["log-http-status"],
      resetAfterClobber: args["reset-after-clobber"],
    },
    context.ports.host.env,
    context.ports.log,
  );
  if (args.background) return background(args, world, config, context);
  const logFile = args["log-file"] ?? runtimeLayout(localRoot).log;
  const opened = openMount(loggingWorld(world, config, { logFile, quiet: args.daemonized }), config, target);
  try {
    await remember(context, await named(session), config);
    return args.once
      ? await once(opened, config, context)
      : await foreground(args, opened, config, logFile, context);
  } finally {
    opened.close();
  }
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
  logFile: string,
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
      onReady: () => context.ready(document),
    });
  } finally {
    unregister();
  }
  const stopped: MountDocument = { ...document, state: "stopped" };
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
  const { runningDaemon } = await import("../lib/mount/lock.ts");
  const { mountStateDir } = await import("../lib/mount/open.ts");
  const layout = runtimeLayout(config.localRoot);
  const holder = runningDaemon(world, config.localRoot);
  if (holder !== null) {
    fail(
      "lock_held",
      `${config.localRoot} is already mounted${holder.pid === null ? "" : ` by process ${holder.pid}`}`,
      {
        ...holder,
        hint: "relayfile unmount, or look with relayfile status",
      },
    );
  }
  if (world.fs.lstat(config.localRoot)?.kind !== "directory") prepareRoot(world, config, { trackedFiles: 0 });
  world.fs.makeDir(layout.area);
  const pidFile = args["pid-file"] ?? layout.pid;
  const logFile = args["log-file"] ?? layout.log;
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
    stateDir: mountStateDir(config, world),
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

/** The recorded directory of a workspace that was asked for by another of its names. */
function recordedDir(target: Target): string | null {
  return entryOf(target)?.localDir ?? null;
}

function entryOf({ registry, workspace }: Target): RegisteredWorkspace | undefined {
  if (workspace === null) return undefined;
  return registryOf(registry).workspaces.find((one) => [one.id, one.relayWorkspaceId].includes(workspace.id));
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

function localDirectory(args: Args, context: CommandContext, recorded: string | null): string {
  const { host } = context.ports;
  const named = args.dir ?? args["local-dir"] ?? host.env.RELAYFILE_LOCAL_DIR;
  if (named === undefined || named === "") {
    return (
      recorded ??
      fail("usage", "a directory is needed: this workspace was not mounted here before", {
        hint: "relayfile mount WORKSPACE DIR",
      })
    );
  }
  const dir = absolutePath(named, host.cwd);
  if (dir === "/") fail("usage", "the file system root cannot be a mirror");
  if (
    recorded !== null &&
    recorded !== dir &&
    !args.rehome &&
    context.ports.fs.lstat(`${recorded}/.relay`) !== null
  ) {
    fail("usage", `this workspace is mirrored in ${recorded}`, {
      hint: "Give that directory, or repeat with --rehome",
    });
  }
  return dir;
}

function remoteRoot(args: Args, context: CommandContext, target: Target): string {
  const fromEnv = context.ports.host.env.RELAYFILE_REMOTE_PATH;
  const given = args["remote-path"].length > 0 ? args["remote-path"] : fromEnv ? [fromEnv] : [];
  const paths = given.length > 0 ? given : (entryOf(target)?.remotePaths ?? ["/"]);
  if (paths.length > 1) {
    fail("not_supported", "one mirror has one remote path", {
      hint: "Mount each path into a directory of its own",
    });
  }
  return requireRemoteRoot(paths[0] ?? "/");
}

/** `--full-pull-min-interval` accepts a bare -1, which is no duration. */
function minInterval(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text === "-1") return -1;
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(text);
  const unit = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }[match?.[2] ?? "ms"] ?? 1;
  return match
    ? Number(match[1]) * unit
    : fail("usage", `--full-pull-min-interval is "${text}", a duration or -1 is needed`);
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
