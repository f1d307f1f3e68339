/** Where the two tokens come from. Explicit sources win and are never replaced by others when they are broken. */
import { type ErrorCode, RelayfileError } from "../errors.ts";
import type { CloudCredentials, WorkspaceCredentials } from "../model/credentials.ts";
import { readClaims } from "../model/token.ts";
import type { Env, LocalFs } from "../ports.ts";
import {
  credentialPaths,
  delegatedPaths,
  type FileReading,
  type Home,
  readCloudCredentials,
  readTokenFile,
  readWorkspaceCredentials,
  sharedCloudPath,
  workspaceTokenPath,
} from "./home.ts";

/** A token with its origin. */
export interface FoundToken {
  readonly value: string;
  /** For people: `--token-file PATH`, `env NAME`, or a path. */
  readonly source: string;
  /** The file to read again when the token is due; null for a variable. */
  readonly path: string | null;
  /** True when a flag or variable named it: such a token is never refreshed and may be sent anywhere it was aimed at. */
  readonly explicit: boolean;
  /** Base URL that came with the token; null when it came alone. */
  readonly server: string | null;
  /** The whole cloud credential, for a cloud token from a file; null otherwise. */
  readonly cloud: CloudCredentials | null;
  /** True when another tool owns the file: it is read, never written or rotated. */
  readonly foreign: boolean;
  /** How a workspace token renews itself without the cloud session; null when it cannot. */
  readonly renewal: Renewal | null;
}

/** A single-use refresh token and where to trade it. */
export interface Renewal {
  readonly refreshToken: string;
  readonly refreshUrl: string;
}

/** A token, or why the source that should hold it does not; both null when no source exists. */
export interface TokenSearch {
  readonly found: FoundToken | null;
  readonly problem: RelayfileError | null;
}

interface SearchWorld {
  readonly fs: LocalFs;
  readonly home: Home;
  readonly cwd: string;
  readonly env: Env;
  readonly flag: string | undefined;
}

/** Variables that name a file with the workspace token; the later two are those of the original's daemons. */
const TOKEN_FILE_VARIABLES = [
  "RELAYFILE_TOKEN_FILE",
  "RELAYFILE_MOUNT_CREDS_FILE",
  "RELAYFILE_DELEGATED_CREDENTIALS_FILE",
] as const;

/**
 * The workspace token: `--token-file`, `RELAYFILE_TOKEN_FILE`, `RELAYFILE_TOKEN`, then the credential files. Among
 * the files `credentials.json` wins unless its token belongs to another workspace and one for `workspaceId` is kept.
 */
export function findWorkspaceToken(
  world: SearchWorld & { readonly workspaceId: string | null },
): TokenSearch {
  const fileVariable = TOKEN_FILE_VARIABLES.find((name) => (world.env[name] ?? "") !== "");
  const explicit = findExplicit(
    world,
    "workspace",
    "--token-file",
    fileVariable ?? TOKEN_FILE_VARIABLES[0],
    "RELAYFILE_TOKEN",
  );
  if (explicit !== null) return explicit;
  const path = credentialPaths(world.home).workspace;
  if (path === null) return { found: null, problem: null };
  const current = readWorkspaceCredentials(world.fs, path);
  const kept = world.workspaceId === null ? null : keptToken(world, world.workspaceId);
  const claim = current.state === "ok" ? (readClaims(current.value.token)?.workspaceId ?? null) : null;
  if (kept !== null && (current.state !== "ok" || (claim !== null && claim !== world.workspaceId)))
    return kept;
  if (current.state === "ok") return { found: storedToken(current.value, path), problem: null };
  const delegated = current.state === "missing" ? delegatedToken(world) : null;
  return delegated === null ? broken(current, path) : { found: delegated, problem: null };
}

/** A token of our own credential files. */
export function storedToken(stored: WorkspaceCredentials, path: string): FoundToken {
  const { token, server, refreshToken, refreshUrl } = stored;
  const renewal =
    refreshToken !== undefined && refreshUrl !== undefined ? { refreshToken, refreshUrl } : null;
  return { ...implicit(token, path, server, null), renewal };
}

/** The delegated token of another tool that lives longest, for the asked workspace if there is one. */
function delegatedToken(world: SearchWorld & { readonly workspaceId: string | null }): FoundToken | null {
  const found = delegatedPaths(world.fs, world.home).flatMap((path) => {
    const reading = readTokenFile(world.fs, path);
    if (reading.state !== "ok" || reading.value.server === null) return [];
    const claims = readClaims(reading.value.token);
    if (world.workspaceId !== null && claims?.workspaceId !== world.workspaceId) return [];
    const token = { ...implicit(reading.value.token, path, reading.value.server, null), foreign: true };
    return [{ token, endsAt: claims?.expiresAtSeconds ?? 0 }];
  });
  return found.sort((a, b) => b.endsAt - a.endsAt)[0]?.token ?? null;
}

/**
 * The cloud token: `--cloud-token-file`, `RELAYFILE_CLOUD_TOKEN_FILE`, `RELAYFILE_CLOUD_TOKEN`, then
 * `cloud-credentials.json`, then the file another tool keeps, while its access token lives.
 */
export function findCloudToken(world: SearchWorld & { readonly nowMs: number }): TokenSearch {
  const explicit = findExplicit(
    world,
    "cloud",
    "--cloud-token-file",
    "RELAYFILE_CLOUD_TOKEN_FILE",
    "RELAYFILE_CLOUD_TOKEN",
  );
  if (explicit !== null) return explicit;
  const path = credentialPaths(world.home).cloud;
  const own = path === null ? null : readCloudCredentials(world.fs, path);
  if (own?.state === "ok") {
    return { found: implicit(own.value.accessToken, own.path, own.value.apiUrl, own.value), problem: null };
  }
  const sharedPath = sharedCloudPath(world.home);
  const shared = sharedPath === null ? null : readCloudCredentials(world.fs, sharedPath);
  if (shared?.state === "ok" && Date.parse(shared.value.accessTokenExpiresAt) > world.nowMs) {
    const { accessToken, apiUrl } = shared.value;
    return {
      found: { ...implicit(accessToken, shared.path, apiUrl, shared.value), foreign: true },
      problem: null,
    };
  }
  return own === null ? { found: null, problem: null } : broken(own, own.path);
}

function findExplicit(
  world: SearchWorld,
  wanted: "workspace" | "cloud",
  flag: string,
  fileVariable: string,
  variable: string,
): TokenSearch | null {
  const named: [string, string][] = [
    [flag, world.flag ?? ""],
    [`env ${fileVariable}`, world.env[fileVariable] ?? ""],
  ];
  for (const [name, value] of named) {
    if (value === "") continue;
    const path = value.startsWith("/") || /^[A-Za-z]:[\\/]/.test(value) ? value : `${world.cwd}/${value}`;
    const reading = readTokenFile(world.fs, path);
    if (reading.state !== "ok")
      return { found: null, problem: problemOf(reading, `${name} ${value}`, "invalid_input") };
    const { token, cloud } = reading.value;
    // A file of the other kind also names the other service: its URL must not move this one.
    const server = (cloud === null) === (wanted === "workspace") ? reading.value.server : null;
    const source = `${name} ${value}`;
    return {
      found: { value: token, source, path, explicit: true, server, cloud, foreign: false, renewal: null },
      problem: null,
    };
  }
  const direct = world.env[variable]?.trim() ?? "";
  if (direct === "") return null;
  const source = `env ${variable}`;
  return {
    found: {
      value: direct,
      source,
      path: null,
      explicit: true,
      server: null,
      cloud: null,
      foreign: false,
      renewal: null,
    },
    problem: null,
  };
}

function keptToken(world: SearchWorld, workspaceId: string): TokenSearch | null {
  const path = workspaceTokenPath(world.home, workspaceId);
  const reading = path === null ? null : readWorkspaceCredentials(world.fs, path);
  if (path === null || reading?.state !== "ok") return null;
  return { found: storedToken(reading.value, path), problem: null };
}

function implicit(value: string, path: string, server: string, cloud: CloudCredentials | null): FoundToken {
  return {
    value,
    source: path,
    path,
    explicit: false,
    server: server === "" ? null : server,
    cloud,
    foreign: false,
    renewal: null,
  };
}

function broken(reading: FileReading<unknown>, path: string): TokenSearch {
  return reading.state === "missing"
    ? { found: null, problem: null }
    : { found: null, problem: problemOf(reading, path, "state_corrupt") };
}

function problemOf(reading: FileReading<unknown>, name: string, code: ErrorCode): RelayfileError {
  const problem =
    reading.state === "missing" ? "does not exist" : "problem" in reading ? reading.problem : "";
  return new RelayfileError(code, `${name}: ${problem}`, { path: reading.path });
}
