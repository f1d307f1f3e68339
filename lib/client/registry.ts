/** `workspaces.json`: the workspaces this machine knows, by name, with their mirror directories. */
import { fail } from "../errors.ts";
import { HOME_FILES } from "../model/credentials.ts";
import { comparePaths } from "../model/path.ts";
import { type RegisteredWorkspace, WorkspaceRegistry } from "../model/workspace.ts";
import type { LocalFs } from "../ports.ts";
import { type LockWorld, withFileLock } from "./file-lock.ts";
import { type FileReading, type Home, homePath, readJson, requireHome, writePrivateJson } from "./home.ts";

/** Reads the registry; a missing file or home is a reading of state `missing`. */
export function readRegistry(fs: LocalFs, home: Home): FileReading<WorkspaceRegistry> {
  const path = homePath(home, HOME_FILES.workspaces);
  return path === null
    ? { state: "missing", path: HOME_FILES.workspaces }
    : readJson(fs, path, WorkspaceRegistry);
}

/** The registry's content, empty when the file is missing or damaged. */
export function registryOf(reading: FileReading<WorkspaceRegistry>): WorkspaceRegistry {
  return reading.state === "ok" ? reading.value : { workspaces: [] };
}

/**
 * Changes the registry under a lock shared by all processes. Fields we do not know survive; entries are sorted by
 * name; the first workspace becomes the default, and a removed default passes to the first that remains.
 * A damaged file fails with `state_corrupt` and is left as it is.
 */
export async function updateRegistry(
  world: LockWorld,
  home: Home,
  change: (workspaces: readonly RegisteredWorkspace[], registry: WorkspaceRegistry) => RegistryChange,
): Promise<WorkspaceRegistry> {
  const path = `${requireHome(home)}/${HOME_FILES.workspaces}`;
  return withFileLock(world, path, () => {
    const reading = readRegistry(world.fs, home);
    if (reading.state === "invalid" || reading.state === "unreadable") {
      fail("state_corrupt", `${path}: ${reading.problem}`, { path });
    }
    const before = registryOf(reading);
    const { workspaces, default: chosen } = change(before.workspaces, before);
    const sorted = [...workspaces].sort((a, b) => comparePaths(a.name, b.name));
    const wanted = chosen ?? before.default;
    const known = sorted.some((one) => one.name === wanted);
    const { default: _default, ...rest } = before;
    const fallback = sorted[0]?.name;
    const name = known ? wanted : fallback;
    const after: WorkspaceRegistry = {
      ...(name === undefined ? {} : { default: name }),
      ...rest,
      workspaces: sorted,
    };
    writePrivateJson(world, path, after);
    return after;
  });
}

/** The new entries, and the new default when it changes. */
export interface RegistryChange {
  readonly workspaces: readonly RegisteredWorkspace[];
  readonly default?: string;
}

/**
 * Adds or updates one workspace. An entry with the same file API id is the same workspace even under another name;
 * its other fields stay. `createdAt` is set once.
 */
export function upsertWorkspace(
  workspaces: readonly RegisteredWorkspace[],
  entry: Omit<RegisteredWorkspace, "createdAt"> & { name: string },
  nowMs: number,
): RegisteredWorkspace[] {
  const now = new Date(nowMs).toISOString();
  const id = entry.relayWorkspaceId ?? entry.id;
  const ids = [id, entry.id].filter((one) => one !== undefined);
  const same = (one: RegisteredWorkspace) => idsOf(one).some((known) => ids.includes(known));
  const old = workspaces.find(same) ?? workspaces.find((one) => one.name === entry.name);
  const others = workspaces.filter((one) => one !== old);
  const fresh = { ...old, ...entry, createdAt: old?.createdAt ?? now, lastUsedAt: now };
  return [...others, fresh];
}

/** What a text that names a workspace matches in the registry. */
export type RegistryMatch =
  | { readonly kind: "one"; readonly workspace: RegisteredWorkspace }
  | { readonly kind: "none" }
  /** One name, several ids. */
  | { readonly kind: "ambiguous"; readonly ids: readonly string[] };

/** Finds a workspace by exact id, else by name; `tokenWorkspaceId` breaks a tie between equal names. */
export function findWorkspace(
  workspaces: readonly RegisteredWorkspace[],
  text: string,
  tokenWorkspaceId: string | null = null,
): RegistryMatch {
  const byId = workspaces.find((one) => one.id === text || one.relayWorkspaceId === text);
  if (byId !== undefined) return { kind: "one", workspace: byId };
  const named = workspaces.filter((one) => one.name === text);
  const [only] = named;
  if (only === undefined) return { kind: "none" };
  if (named.length === 1) return { kind: "one", workspace: only };
  const tied = named.find((one) => tokenWorkspaceId !== null && idsOf(one).includes(tokenWorkspaceId));
  return tied === undefined
    ? { kind: "ambiguous", ids: named.flatMap(idsOf) }
    : { kind: "one", workspace: tied };
}

function idsOf(one: RegisteredWorkspace): string[] {
  return [one.relayWorkspaceId, one.id].filter((id): id is string => id !== undefined);
}
