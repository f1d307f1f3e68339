/** From the words of `relayfile mount` to what is to be mounted: where, what, how, and which words exclude each other. */
import { registryOf } from "../lib/client/registry.ts";
import type { Target } from "../lib/client/target.ts";
import { fail } from "../lib/errors.ts";
import { parseDuration } from "../lib/model/duration.ts";
import type { RegisteredWorkspace } from "../lib/model/workspace.ts";
import type { MountFlags, SyncMode } from "../lib/mount/config.ts";
import { absolutePath, defaultStateDir, requireStateDir } from "../lib/mount/layout.ts";
import { runningDaemon } from "../lib/mount/lock.ts";
import type { MountWorld } from "../lib/mount/world.ts";
import { requireRemoteRoot } from "../lib/sync/remote-path.ts";
import { shellLine } from "../verify/http/exchange.ts";
import type { ArgValues, CommandContext } from "./_command.ts";
import type { MOUNT_ARGS } from "./_mount-args.ts";
import { readPathsFile } from "./_paths-file.ts";

/** The parsed words of `relayfile mount`. */
export type MountArgs = ArgValues<typeof MOUNT_ARGS>;

/** The flags that variables may stand in for; undefined where none was given. */
export function mountFlags(args: MountArgs): MountFlags {
  return {
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
  };
}

/** The ways to run exclude each other, and only one that goes on can print a stream. Fails with `usage`. */
export function requireOneMode(args: MountArgs, context: CommandContext): void {
  const modes = ["once", "flush-outbox-once", "push-local-once", "notify-flush", "background"] as const;
  const given = modes.filter((mode) => args[mode]);
  if (given.length > 1) fail("usage", `--${given.join(" and --")} cannot be combined`);
  if (!args.events) return;
  if (given.length > 0) fail("usage", `--events tells of a mount in the foreground, not of --${given[0]}`);
  if (context.globals.json) fail("usage", "--events prints a stream and --json one document: give one");
}

/** Where the index is kept: `--state-file`, else below `--state-dir`; both are refused inside the mirror. */
export function statePlace(args: MountArgs, localRoot: string, context: CommandContext) {
  const { env, cwd } = context.ports.host;
  const dir = args["state-dir"] || env.RELAYFILE_MOUNT_STATE_DIR || defaultStateDir(context.ports.host);
  const file = args["state-file"] || env.RELAYFILE_MOUNT_STATE_FILE;
  const kind = args["mount-kind"] || env.RELAYFILE_MOUNT_KIND;
  return {
    stateDir: requireStateDir(absolutePath(dir, cwd), localRoot),
    stateFile: file ? requireStateDir(absolutePath(file, cwd), localRoot) : undefined,
    mountKind: kind === "flush" || kind === "initial-sync" ? kind : "daemon",
  };
}

/** Prefix of this mount's correlation ids. */
export function correlationPrefix({ ports }: CommandContext): string {
  const named = ports.host.env.RELAYFILE_MOUNT_CORRELATION_ID?.trim() ?? "";
  if (/^[A-Za-z0-9_-]{1,64}$/.test(named)) return named;
  if (named !== "")
    ports.log.warn("ignoring a variable of the wrong form", { name: "RELAYFILE_MOUNT_CORRELATION_ID" });
  return "mount";
}

/**
 * The mirror directory, absolute: as given, else as recorded. Fails with `usage` when another one is recorded, and with
 * `lock_held` while a daemon mirrors that one: a workspace that moved away from it would leave nobody to stop it.
 */
export function localDirectory(
  args: MountArgs,
  context: CommandContext,
  target: Target,
  world: MountWorld,
): string {
  const { host } = context.ports;
  const recorded = target.mountDir ?? entryOf(target)?.localDir ?? null;
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
  const holder = recorded === null || recorded === dir ? null : runningDaemon(world, recorded);
  if (holder !== null) {
    fail(
      "lock_held",
      `this workspace is being mirrored in ${recorded}${holder.pid === null ? "" : ` by process ${holder.pid}`}`,
      { ...holder, root: recorded, hint: shellLine(["relayfile", "unmount", "--mount", recorded ?? ""]) },
    );
  }
  return dir;
}

/** The remote path to mirror: as given by flag, file or variable, else as recorded, else everything. */
export function remoteRoot(args: MountArgs, context: CommandContext, target: Target): string {
  const paths = givenPaths(args, context) ?? entryOf(target)?.remotePaths ?? ["/"];
  const [path = "/", ...others] = new Set(paths.map((one) => requireRemoteRoot(one)));
  if (others.length > 0) {
    fail("not_supported", `one mirror has one remote path, not ${others.length + 1}`, {
      hint: "Mount each path into a directory of its own",
    });
  }
  return path;

  function givenPaths(values: MountArgs, { ports }: CommandContext): readonly string[] | null {
    const listed = (file: string | undefined) =>
      file ? readPathsFile(ports.fs, absolutePath(file, ports.host.cwd)) : null;
    const { env } = ports.host;
    if (values["remote-path"].length > 0) return values["remote-path"];
    const fromFile = listed(values["paths-file"]);
    if (fromFile !== null) return fromFile;
    return env.RELAYFILE_REMOTE_PATH ? [env.RELAYFILE_REMOTE_PATH] : listed(env.RELAYFILE_MOUNT_PATHS_FILE);
  }
}

/** `--full-pull-min-interval` accepts a bare -1, which is no duration. */
function minInterval(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  return text === "-1"
    ? -1
    : (parseDuration(text) ??
        fail("usage", `--full-pull-min-interval is "${text}", a duration such as 12h, or -1, is needed`));
}

function entryOf({ registry, workspace }: Target): RegisteredWorkspace | undefined {
  if (workspace === null) return undefined;
  return registryOf(registry).workspaces.find((one) => [one.id, one.relayWorkspaceId].includes(workspace.id));
}
