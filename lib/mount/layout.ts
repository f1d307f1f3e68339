/** Where everything lives, inside and outside a mount root (spec mount-daemon 1.1, 1.2, 1.4.1). */
import { fail } from "../errors.ts";
import { RUNTIME_DIR } from "../model/mount-state.ts";
import type { Host } from "../ports.ts";
import type { Sha256 } from "../sync/names.ts";

export { absolutePath } from "../model/local-path.ts";

/** Paths of one mount's runtime area. All absolute. */
export function runtimeLayout(localRoot: string) {
  const area = `${localRoot}/${RUNTIME_DIR}`;
  return {
    area,
    state: `${area}/state.json`,
    deadLetters: `${area}/dead-letter`,
    outbox: `${area}/outbox`,
    capabilities: `${area}/outbox/capabilities.json`,
    conflicts: `${area}/conflicts`,
    resolved: `${area}/conflicts/resolved`,
    pendingDeletes: `${area}/pending-deletes`,
    denials: `${area}/permissions-denied.log`,
    staging: `${area}/staging`,
    pid: `${area}/mount.pid`,
    log: `${area}/mount.log`,
    lock: `${area}/mount.lock`,
    legacyState: `${localRoot}/.relayfile-mount-state.json`,
  } as const;
}

/** Paths of one mount's runtime area. */
export type RuntimeLayout = ReturnType<typeof runtimeLayout>;

/** The id of a mount: 32 hex characters over what makes it this mount and no other. */
export function mountIdOf(
  identity: { workspaceId: string; remoteRoot: string; localRoot: string; kind?: string },
  sha256: Sha256,
): string {
  const kind = identity.kind === "flush" || identity.kind === "initial-sync" ? identity.kind : "daemon";
  return sha256([identity.workspaceId, identity.remoteRoot, identity.localRoot, kind].join("\0")).slice(
    0,
    32,
  );
}

/** Default directory that holds the private states of all mounts; RELAYFILE_HOME moves it. */
export function defaultStateDir(host: Host): string {
  const home = host.env.RELAYFILE_HOME?.trim();
  return `${home || host.homeDir || host.tempDir}/.relayfile-mount-state`;
}

/** Where the private state of one mount is: a directory for requests, and the index. Both absolute. */
export interface PrivatePaths {
  readonly dir: string;
  readonly database: string;
}

/** The private state of a mount: below the directory of all mounts, or around an index that was named. */
export function privatePaths(
  mount: {
    readonly workspaceId: string;
    readonly remoteRoot: string;
    readonly localRoot: string;
    readonly stateDir: string;
    readonly stateFile?: string;
    readonly mountKind?: string;
  },
  sha256: Sha256,
): PrivatePaths {
  if (mount.stateFile !== undefined) return { dir: `${mount.stateFile}.d`, database: mount.stateFile };
  const dir = `${mount.stateDir}/${mountIdOf({ ...mount, kind: mount.mountKind }, sha256)}`;
  return { dir, database: `${dir}/state.db` };
}

/**
 * Refuses a private state directory that is relative, too long, has control characters, or lies inside the mount
 * (G10): a mirror must never sync its own index.
 */
export function requireStateDir(stateDir: string, localRoot: string): string {
  const bytes = new TextEncoder().encode(stateDir).byteLength;
  if (!stateDir.startsWith("/") && !/^[A-Za-z]:[\\/]/.test(stateDir))
    fail("usage", `state directory "${stateDir}" is not absolute`);
  if (bytes > 1_024) fail("usage", `state directory is ${bytes} bytes, the limit is 1024`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here.
  if (/[\x00-\x1f\x7f]/.test(stateDir)) fail("usage", "state directory contains a control character");
  const component = stateDir.split("/").find((part) => new TextEncoder().encode(part).byteLength > 255);
  if (component !== undefined) fail("usage", "state directory has a component of more than 255 bytes");
  if (stateDir === localRoot || stateDir.startsWith(`${localRoot}/`))
    fail("usage", `state directory ${stateDir} is inside the mount ${localRoot}`);
  return stateDir;
}

/** Directory of the leases that other tools look at. */
export function leaseDir(host: Host): string {
  const moved = host.env.RELAYFILE_HOME?.trim();
  if (moved) return `${moved}/mount-leases`;
  const home = host.homeDir ?? host.tempDir;
  const cache =
    host.platform === "darwin"
      ? `${home}/Library/Caches`
      : host.platform === "win32"
        ? (host.env.LocalAppData ?? host.env.LOCALAPPDATA ?? `${home}/AppData/Local`)
        : host.env.XDG_CACHE_HOME || `${home}/.cache`;
  return `${cache}/relayfile/mount-leases`;
}

/** A server URL in the form two spellings of one server share: lower case, no default port, user, fragment or final slash. */
export function canonicalServer(server: string): string {
  try {
    const url = new URL(server);
    return `${url.protocol}//${url.host}${url.pathname.replace(/\/+$/, "")}${url.search}`;
  } catch {
    // Not a URL: the text itself is the only identity there is.
    return server;
  }
}

/** `YYYYMMDDTHHMMSSZ` of an instant, as used in artifact names. */
export function artifactStamp(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]/g, "").replace(/\.\d+/, "");
}

/** RFC 3339 in UTC with milliseconds. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** RFC 3339 in UTC, whole seconds, as dead letters and pid files carry. */
export function secondsTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}
