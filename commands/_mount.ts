/** What commands about a local mirror share: which mirror is meant, found without credentials. */
import { registryOf } from "../lib/client/registry.ts";
import { resolveTarget, type Target, type TargetFlags } from "../lib/client/target.ts";
import { fail } from "../lib/errors.ts";
import type { MountState } from "../lib/model/mount-state.ts";
import {
  absolutePath,
  defaultStateDir,
  type PrivatePaths,
  privatePaths,
  type RuntimeLayout,
  runtimeLayout,
} from "../lib/mount/layout.ts";
import { runningDaemon } from "../lib/mount/lock.ts";
import { readPublicState, type StateReading } from "../lib/mount/public-state.ts";
import type { MountWorld } from "../lib/mount/world.ts";
import { shellLine } from "../verify/http/exchange.ts";
import type { ArgSpecs, CommandContext } from "./_command.ts";

/** Flags of the commands that look at a mirror. */
export const MIRROR_ARGS = {
  workspace: {
    type: "string",
    alias: ["w"],
    valueHint: "WS",
    description: "Workspace by name, rw_ id or UUID",
  },
  mount: {
    type: "string",
    alias: ["local-dir"],
    valueHint: "DIR",
    description: "Mirror directory, when it is not the registered one",
  },
} as const satisfies ArgSpecs;

/** A mirror on this machine, or the knowledge that there is none. */
export interface LocalMirror {
  readonly target: Target;
  readonly workspaceId: string | null;
  readonly name: string | null;
  /** Absolute; null when no mirror is configured. */
  readonly dir: string | null;
  readonly layout: RuntimeLayout | null;
  readonly state: StateReading;
}

/** The public state when it is readable, else null. */
export function stateOf(mirror: LocalMirror): MountState | null {
  return mirror.state.kind === "ok" ? mirror.state.state : null;
}

/**
 * Finds the mirror: `--mount`, the registered directory of the workspace, or a mirror around the working directory.
 * Needs no credentials; an unknown name fails with the reason only when nothing local answers, and a directory that
 * never was a mirror with `not_found`.
 */
export async function findMirror(
  args: { readonly ws?: string; readonly workspace?: string; readonly mount?: string },
  context: CommandContext,
): Promise<LocalMirror> {
  const { fs, host } = context.ports;
  const asked = args.ws ?? args.workspace;
  const target = await resolve({ workspace: asked, mount: args.mount }, context);
  const dir =
    args.mount !== undefined
      ? absolutePath(args.mount, host.cwd)
      : (target.mountDir ??
        (asked === undefined ? mirrorAround(context, absolutePath(host.cwd, "/")) : null));
  if (args.mount !== undefined && dir !== null) await requireKnown(dir, target, context);
  const layout = dir === null ? null : runtimeLayout(dir);
  const state: StateReading = layout === null ? { kind: "missing" } : readPublicState(fs, layout.state);
  const inState = state.kind === "ok" ? (state.state.workspaceId ?? null) : null;
  const workspaceId =
    args.mount === undefined ? (target.workspace?.id ?? inState) : (inState ?? target.workspace?.id ?? null);
  if (workspaceId === null && dir === null) {
    throw target.problems.workspace ?? noWorkspace();
  }
  const same = target.workspace !== null && target.workspace.id === workspaceId;
  return { target, workspaceId, name: same ? (target.workspace?.name ?? null) : null, dir, layout, state };
}

/** A mirror has its runtime area; one that was removed is registered, or its daemon still holds the lease. */
async function requireKnown(dir: string, target: Target, context: CommandContext): Promise<void> {
  if (context.ports.fs.lstat(runtimeLayout(dir).area) !== null) return;
  if (registryOf(target.registry).workspaces.some((one) => one.localDir === dir)) return;
  if (runningDaemon(await mountWorld(context), dir) !== null) return;
  const name = target.workspace?.name ?? target.workspace?.id ?? "WORKSPACE";
  fail("not_found", `no mirror is known at ${dir}`, {
    path: dir,
    hint: shellLine(["relayfile", "mount", name, dir]),
  });
}

/** What is known locally; the control plane is asked only about a name that nothing local answers. */
async function resolve(flags: TargetFlags, context: CommandContext): Promise<Target> {
  const local = await resolveTarget(flags, context.ports, { lookup: false });
  const unknown = local.workspace === null && local.requestedWorkspace !== null && flags.mount === undefined;
  const target = unknown && local.cloudToken !== null ? await resolveTarget(flags, context.ports) : local;
  if (target.mountDir !== null || target.workspace === null) return target;
  const { id } = target.workspace;
  const entry = registryOf(target.registry).workspaces.find((one) =>
    [one.id, one.relayWorkspaceId].includes(id),
  );
  return { ...target, mountDir: entry?.localDir ?? null };
}

/** The mirror's directory; fails with `not_running` when none is configured. */
export function requireMirror(mirror: LocalMirror): { dir: string; layout: RuntimeLayout } {
  if (mirror.dir !== null && mirror.layout !== null) return { dir: mirror.dir, layout: mirror.layout };
  return fail("not_running", `workspace ${mirror.name ?? mirror.workspaceId} has no local mirror`, {
    hint: `relayfile mount ${mirror.name ?? mirror.workspaceId} DIR`,
  });
}

/** True when naming the workspace is enough to mean this mirror. */
export function isRegistered({ target, workspaceId, dir }: LocalMirror): boolean {
  return registryOf(target.registry).workspaces.some(
    (one) => one.localDir === dir && [one.id, one.relayWorkspaceId].includes(workspaceId ?? ""),
  );
}

/** The command that starts the daemon of a mirror; one that is not the registered one has to be asked for by name. */
export function startCommand(mirror: LocalMirror): string[] {
  const { name, workspaceId, dir } = mirror;
  const start = ["relayfile", "mount", name ?? workspaceId ?? "WORKSPACE", dir ?? "DIR", "--background"];
  return isRegistered(mirror) ? start : [...start, "--rehome"];
}

/** The same, to be pasted. */
export function startLine(mirror: LocalMirror): string {
  return shellLine(startCommand(mirror));
}

/** Where a mirror's private state was told to be. */
export interface StatePlace {
  readonly stateDir: string;
  readonly stateFile?: string;
  readonly mountKind?: string;
}

/** The place that the last mount of this mirror recorded, else what the environment says, else the default. */
export function statePlaceOf(mirror: LocalMirror, context: CommandContext): StatePlace {
  const { host } = context.ports;
  const entry = registryOf(mirror.target.registry).workspaces.find((one) => one.localDir === mirror.dir);
  const place = {
    dir: entry?.mountStateDir ?? host.env.RELAYFILE_MOUNT_STATE_DIR,
    file: entry?.mountStateFile ?? host.env.RELAYFILE_MOUNT_STATE_FILE,
    kind: entry?.mountKind ?? host.env.RELAYFILE_MOUNT_KIND,
  };
  return {
    stateDir: absolutePath(place.dir || defaultStateDir(host), host.cwd),
    ...(place.file ? { stateFile: absolutePath(place.file, host.cwd) } : {}),
    ...(place.kind ? { mountKind: place.kind } : {}),
  };
}

/** The private state of a mirror. */
export function privateStateOf(
  mirror: LocalMirror,
  context: CommandContext,
  sha256: MountWorld["sha256"],
): PrivatePaths {
  const identity = {
    workspaceId: mirror.workspaceId ?? "",
    remoteRoot: stateOf(mirror)?.remoteRoot ?? "/",
    localRoot: mirror.dir ?? "",
  };
  return privatePaths({ ...identity, ...statePlaceOf(mirror, context) }, sha256);
}

/** The daemon's world over a command's ports; loaded only by commands that need it. */
export async function mountWorld(context: CommandContext): Promise<MountWorld> {
  const { bunMountWorld } = await import("../lib/runtime/bun/mount-world.ts");
  return bunMountWorld(context.ports);
}

/** The innermost directory at or above an absolute path that is a mirror, or null. */
export function mirrorAround(context: CommandContext, path: string): string | null {
  const { fs } = context.ports;
  for (let dir = path; dir !== "/"; dir = dir.slice(0, dir.lastIndexOf("/")) || "/") {
    if (fs.lstat(`${dir}/.relay/state.json`)?.kind === "file") return dir;
  }
  return null;
}

function noWorkspace(): never {
  return fail("workspace_required", "no workspace was named and none is the default");
}
