/**
 * Which services, workspace and credentials a command means: the first hit of flags, environment, credential files
 * and defaults (design decision 14), each value with the place it came from. Nothing is refused here: a broken file
 * or an unknown name becomes a problem that the caller raises when it needs the value.
 */
import { type ErrorCode, isRelayfileError, RelayfileError } from "../errors.ts";
import { DEFAULT_URLS } from "../model/credentials.ts";
import { readClaims } from "../model/token.ts";
import {
  type RegisteredWorkspace,
  relayIdOf,
  type WorkspaceRegistry,
  workspaceIdForm,
} from "../model/workspace.ts";
import type { Env, Ports } from "../ports.ts";
import { controlApi } from "./control-api.ts";
import { type FileReading, type Home, homeOf } from "./home.ts";
import { findWorkspace, readRegistry, registryOf } from "./registry.ts";
import { type FoundToken, findCloudToken, findWorkspaceToken } from "./tokens.ts";
import { lookupWorkspace } from "./workspace-lookup.ts";

/** Values given on the command line; undefined means not given. */
export interface TargetFlags {
  readonly fileApi?: string;
  readonly controlPlane?: string;
  /** A name, an `rw_` id or a UUID. */
  readonly workspace?: string;
  readonly tokenFile?: string;
  readonly cloudTokenFile?: string;
  /** A mirror directory. */
  readonly mount?: string;
}

/** What resolving needs of the world. */
export type TargetPorts = Pick<Ports, "fs" | "host" | "clock" | "fetch" | "random">;

/** A workspace as far as it is known; `id` goes into every file API path. */
export interface TargetWorkspace {
  readonly id: string;
  /** The control plane's UUID, or null when unknown. */
  readonly cloudId: string | null;
  readonly name: string | null;
}

/** Everything a command talks to. */
export interface Target {
  /** Without trailing slash. May be anything the user typed: check with `requireBaseUrl` before use. */
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  readonly workspace: TargetWorkspace | null;
  /** The text that asked for a workspace and its source, also when it could not be resolved. */
  readonly requestedWorkspace: { readonly value: string; readonly source: string } | null;
  readonly workspaceToken: FoundToken | null;
  readonly cloudToken: FoundToken | null;
  readonly home: Home;
  /** The mirror directory, absolute; null when none is known. */
  readonly mountDir: string | null;
  /** Where each value came from: `--flag`, `env NAME`, a file path, `default`; null for a value that is absent. */
  readonly sources: Readonly<Record<TargetValue, string | null>>;
  /** Why a value that was asked for is absent. */
  readonly problems: Readonly<Partial<Record<TargetValue, RelayfileError>>>;
  readonly registry: FileReading<WorkspaceRegistry>;
}

/** Names of the values with a source. */
export type TargetValue =
  | "fileApiUrl"
  | "controlPlaneUrl"
  | "workspace"
  | "workspaceToken"
  | "cloudToken"
  | "mountDir";

/**
 * Resolves a target. Reads files and variables; asks the control plane only for a workspace name or UUID that nothing
 * local knows, and only when a cloud token exists and `lookup` is not false.
 */
export async function resolveTarget(
  flags: TargetFlags,
  ports: TargetPorts,
  options: { readonly lookup?: boolean } = {},
): Promise<Target> {
  const { fs, host } = ports;
  const home = homeOf(host);
  const registry = readRegistry(fs, home);
  const known = registryOf(registry);
  const asked = first(flag("--workspace", flags.workspace), variable(host.env, "RELAYFILE_WORKSPACE"));
  const askedId = asked === null ? null : registeredId(known, asked.value);
  const token = findWorkspaceToken({
    fs,
    home,
    cwd: host.cwd,
    env: host.env,
    flag: flags.tokenFile,
    workspaceId: askedId,
  });
  const cloud = findCloudToken({
    fs,
    home,
    cwd: host.cwd,
    env: host.env,
    flag: flags.cloudTokenFile,
    nowMs: ports.clock.now(),
  });
  const claim = token.found === null ? null : (readClaims(token.found.value)?.workspaceId ?? null);
  const requested =
    asked ??
    (claim === null || token.found === null
      ? null
      : { value: claim, source: `workspace claim of ${token.found.source}` }) ??
    (known.default === undefined ? null : { value: known.default, source: `default of ${registry.path}` });
  const match =
    requested === null ? { kind: "none" as const } : findWorkspace(known.workspaces, requested.value, claim);
  const entry = match.kind === "one" ? match.workspace : null;

  const controlPlane = first(
    flag("--control-plane", flags.controlPlane),
    variable(host.env, "RELAYFILE_CLOUD_API_URL"),
    variable(host.env, "CLOUD_API_URL"),
    fromFile(cloud.found?.server, cloud.found?.source),
    fromFile(entry?.cloudApiUrl, registry.path),
  ) ?? { value: DEFAULT_URLS.controlPlane, source: "default" };
  const fileApi = first(
    flag("--file-api", flags.fileApi),
    variable(host.env, "RELAYFILE_BASE_URL"),
    variable(host.env, "RELAYFILE_SERVER"),
    ...serverOrder(token.found, entry, claim, registry.path),
  ) ?? { value: DEFAULT_URLS.fileApi, source: "default" };
  const mount = first(flag("--mount", flags.mount), fromFile(entry?.localDir, registry.path));

  const base: Target = {
    fileApiUrl: trimUrl(fileApi.value),
    controlPlaneUrl: trimUrl(controlPlane.value),
    workspace: entry === null ? null : describe(entry),
    requestedWorkspace: requested,
    workspaceToken: token.found,
    cloudToken: cloud.found,
    home,
    mountDir: mount === null ? null : absolute(mount.value, host.cwd),
    sources: {
      fileApiUrl: fileApi.source,
      controlPlaneUrl: controlPlane.source,
      workspace: requested?.source ?? null,
      workspaceToken: token.found?.source ?? null,
      cloudToken: cloud.found?.source ?? null,
      mountDir: mount?.source ?? null,
    },
    problems: {
      ...(token.problem === null ? {} : { workspaceToken: token.problem }),
      ...(cloud.problem === null ? {} : { cloudToken: cloud.problem }),
    },
    registry,
  };
  if (requested === null || entry !== null) return base;
  if (match.kind === "ambiguous") {
    const text = `workspace name ${requested.value} means several ids: ${match.ids.join(", ")}`;
    return withProblem(base, "workspace_required", text, `relayfile workspace list`);
  }
  return resolveUnregistered(base, requested.value, claim, ports, options.lookup !== false);
}

/** The workspace of a target; fails with why it or the token that could name it is missing, else `workspace_required`. */
export function requireWorkspace(target: Target): TargetWorkspace {
  if (target.workspace !== null) return target.workspace;
  throw (
    target.problems.workspace ??
    target.problems.workspaceToken ??
    new RelayfileError("workspace_required", "no workspace was named and none is the default")
  );
}

/** A base URL that can be used: http or https, without user, query or fragment. Fails with `usage`. */
export function requireBaseUrl(url: string, source: string | null): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  const good =
    parsed !== null &&
    (parsed.protocol === "https:" || parsed.protocol === "http:") &&
    parsed.username + parsed.password + parsed.search + parsed.hash === "";
  if (good) return url;
  throw new RelayfileError(
    "usage",
    `${source ?? "the base URL"} is not a plain http(s) URL: ${withoutSecrets(url, parsed)}`,
    {
      hint: "Give it as https://host or http://127.0.0.1:PORT, without user, query or fragment",
    },
  );
}

/** `registered` as a target's workspace. */
export function describe(registered: RegisteredWorkspace): TargetWorkspace {
  const id = relayIdOf(registered) ?? registered.name;
  const cloudId =
    registered.id !== undefined && workspaceIdForm(registered.id) === "cloud" ? registered.id : null;
  return { id, cloudId, name: registered.name };
}

interface Hit {
  readonly value: string;
  readonly source: string;
}

async function resolveUnregistered(
  base: Target,
  text: string,
  claim: string | null,
  ports: TargetPorts,
  lookup: boolean,
): Promise<Target> {
  const form = workspaceIdForm(text);
  if (form === "relay" || text === claim)
    return { ...base, workspace: { id: text, cloudId: null, name: null } };
  const token = base.cloudToken;
  if (
    !lookup ||
    token === null ||
    !URL.canParse(base.controlPlaneUrl) ||
    boundElsewhere(token, base.controlPlaneUrl)
  ) {
    const how =
      token === null ? "and there is no cloud session to ask" : "and the control plane was not asked";
    const hint = token === null && base.workspaceToken === null ? "relayfile login" : undefined;
    const problem = withProblem(
      base,
      "workspace_not_found",
      `no workspace ${text} is registered here, ${how}`,
      hint,
    );
    // A UUID is still a usable guess: the service's answer to it is evidence.
    return form === "cloud" ? { ...problem, workspace: { id: text, cloudId: text, name: null } } : problem;
  }
  const api = controlApi({
    service: "control-plane",
    baseUrl: base.controlPlaneUrl,
    token: () => token.value,
    fetch: ports.fetch,
    random: ports.random,
    correlationPrefix: "cli",
  });
  try {
    return { ...base, workspace: await lookupWorkspace(api, text) };
  } catch (thrown) {
    if (!isRelayfileError(thrown)) throw thrown;
    const failed = { ...base, problems: { ...base.problems, workspace: thrown } };
    return form === "cloud" ? { ...failed, workspace: { id: text, cloudId: text, name: null } } : failed;
  }
}

/** True when a token came from a file of another control plane or file API and must not be sent to `url`. */
export function boundElsewhere(token: FoundToken, url: string): boolean {
  if (token.explicit || token.server === null) return false;
  return originOf(token.server) !== originOf(url);
}

function originOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const { protocol, hostname, port } = new URL(url);
  const loopback = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return `${protocol}//${loopback ? "loopback" : hostname}:${port}`;
}

function withProblem(base: Target, code: ErrorCode, message: string, hint?: string): Target {
  const problem = new RelayfileError(code, message, hint === undefined ? {} : { hint });
  return { ...base, problems: { ...base.problems, workspace: problem } };
}

function registeredId(registry: WorkspaceRegistry, text: string): string {
  const match = findWorkspace(registry.workspaces, text);
  return match.kind === "one" ? (relayIdOf(match.workspace) ?? text) : text;
}

/** A token's own server first, unless the token belongs to another workspace than the one asked for. */
function serverOrder(
  token: FoundToken | null,
  entry: RegisteredWorkspace | null,
  claim: string | null,
  registryPath: string,
): (Hit | null)[] {
  const ofToken = fromFile(token?.server, token?.source);
  const ofEntry = fromFile(entry?.server, registryPath);
  const foreign = entry !== null && claim !== null && claim !== relayIdOf(entry);
  return foreign && token?.explicit === false ? [ofEntry, ofToken] : [ofToken, ofEntry];
}

function first(...hits: (Hit | null)[]): Hit | null {
  return hits.find((hit) => hit !== null) ?? null;
}

function flag(name: string, value: string | undefined): Hit | null {
  return value === undefined || value === "" ? null : { value, source: name };
}

function variable(env: Env, name: string): Hit | null {
  const value = env[name];
  return value === undefined || value === "" ? null : { value, source: `env ${name}` };
}

function fromFile(value: string | null | undefined, source: string | undefined): Hit | null {
  return value === undefined || value === null || value === "" ? null : { value, source: source ?? "file" };
}

function trimUrl(url: string): string {
  return url.trim().replace(/\/+$/, "");
}

function absolute(path: string, cwd: string): string {
  const isAbsolute = path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
  return isAbsolute ? path : `${cwd}/${path.replace(/^\.\//, "")}`;
}

function withoutSecrets(text: string, parsed: URL | null): string {
  if (parsed === null) return JSON.stringify(text.slice(0, 80));
  return parsed.origin === "null" ? parsed.protocol : `${parsed.origin}${parsed.pathname}`;
}
