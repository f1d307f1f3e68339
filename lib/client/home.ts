/**
 * The files below RELAYFILE_HOME. Reading never throws: a missing or damaged file is a value that says so, because
 * diagnosing it is half of what this tool is for. Writing is atomic, durable and private.
 */
import type { ZodType } from "zod";
import { fail, messageOf, osCodeOf } from "../errors.ts";
import { DelegatedBundle } from "../model/cloud.ts";
import { CloudCredentials, HOME_FILES, WorkspaceCredentials } from "../model/credentials.ts";
import type { Host, LocalFs, Random } from "../ports.ts";

/** Largest credential or registry file that is read. */
const FILE_BYTES_MAX = 1024 * 1024;

/** Where the files live; `dir` is null when neither RELAYFILE_HOME nor a home directory exists. */
export interface Home {
  readonly dir: string | null;
  /** `env RELAYFILE_HOME` or `default`. */
  readonly source: string;
  /** The user's home directory, for files of other tools; null under RELAYFILE_HOME, which isolates. */
  readonly userDir: string | null;
}

/** What reading one file found. */
export type FileReading<T> =
  | { readonly state: "missing"; readonly path: string }
  | { readonly state: "unreadable"; readonly path: string; readonly problem: string }
  | { readonly state: "invalid"; readonly path: string; readonly problem: string }
  | {
      readonly state: "ok";
      readonly path: string;
      readonly value: T;
      /** True when others than the owner may read or write it. */
      readonly loose: boolean;
    };

/** A token and what came with it in its file. */
export interface TokenFile {
  readonly token: string;
  /** Base URL of the service the file belongs to; null for a bare token. */
  readonly server: string | null;
  /** The whole document when it was a cloud credential file. */
  readonly cloud: CloudCredentials | null;
}

/** Finds the home directory; touches nothing. */
export function homeOf(host: Pick<Host, "env" | "homeDir">): Home {
  const named = host.env.RELAYFILE_HOME;
  if (named !== undefined && named !== "") return { dir: named, source: "env RELAYFILE_HOME", userDir: null };
  return {
    dir: host.homeDir === null ? null : `${host.homeDir}/.relayfile`,
    source: "default",
    userDir: host.homeDir,
  };
}

/** The home directory; fails with `io_error` when there is none. */
export function requireHome(home: Home): string {
  return (
    home.dir ??
    fail("io_error", "no home directory is known, so relayfile has no place for its files", {
      hint: "Set RELAYFILE_HOME to a directory",
    })
  );
}

/** Absolute path of a file below the home directory; null when there is no home. */
export function homePath(home: Home, name: string): string | null {
  return home.dir === null ? null : `${home.dir}/${name}`;
}

/** The file that holds the token of a workspace which is not the current one. */
export function workspaceTokenPath(home: Home, workspaceId: string): string | null {
  return homePath(home, `tokens/${workspaceId.replace(/[^A-Za-z0-9_-]/g, "_")}.json`);
}

/** `~/.agentworkforce/relay/cloud-auth.json`, written by another tool and only ever read here; null under RELAYFILE_HOME. */
export function sharedCloudPath(home: Home): string | null {
  return home.userDir === null ? null : `${home.userDir}/.agentworkforce/relay/cloud-auth.json`;
}

/** Files in which a later version keeps delegated tokens; read only. Sorted, possibly empty. */
export function delegatedPaths(fs: LocalFs, home: Home): string[] {
  if (home.dir === null) return [];
  const single = `${home.dir}/delegated-credentials.json`;
  const shards = childrenOf(fs, `${home.dir}/delegated`).flatMap((workspace) => childrenOf(fs, workspace));
  return [single, ...shards.filter((path) => path.endsWith(".json"))];
}

function childrenOf(fs: LocalFs, directory: string): string[] {
  try {
    if (fs.lstat(directory)?.kind !== "directory") return [];
    const names = fs.readDir(directory).map((entry) => entry.name);
    return names.sort().map((name) => `${directory}/${name}`);
  } catch {
    // Unreadable files of another tool are no source of a token; its own commands report them.
    return [];
  }
}

/** Reads and parses one JSON file. */
export function readJson<T>(fs: LocalFs, path: string, schema: ZodType<T>): FileReading<T> {
  return readWith(fs, path, (text) => {
    const parsed = schema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw new SyntaxError(`${issue?.path.join(".") || "document"}: ${issue?.message ?? "wrong shape"}`);
  });
}

/** Reads `cloud-credentials.json` or a file of its shape. */
export function readCloudCredentials(fs: LocalFs, path: string): FileReading<CloudCredentials> {
  return readJson(fs, path, CloudCredentials);
}

/** Reads `credentials.json` or a file of its shape. */
export function readWorkspaceCredentials(fs: LocalFs, path: string): FileReading<WorkspaceCredentials> {
  return readJson(fs, path, WorkspaceCredentials);
}

/**
 * Reads a token file as `--token-file` and `--cloud-token-file` accept it: the bare token, or JSON in the shape of
 * either credential file, or a delegated bundle of another tool. A file of the other kind is read too: its token is then judged by its kind.
 */
export function readTokenFile(fs: LocalFs, path: string): FileReading<TokenFile> {
  return readWith(fs, path, (text) => {
    const bare = text.trim();
    if (bare === "") throw new SyntaxError("the file is empty");
    if (!bare.startsWith("{")) {
      if (/\s/.test(bare)) throw new SyntaxError("neither a bare token nor a JSON object");
      return { token: bare, server: null, cloud: null };
    }
    const value: unknown = JSON.parse(bare);
    const workspace = WorkspaceCredentials.safeParse(value);
    if (workspace.success) return { token: workspace.data.token, server: workspace.data.server, cloud: null };
    const cloud = CloudCredentials.safeParse(value);
    if (cloud.success) return { token: cloud.data.accessToken, server: cloud.data.apiUrl, cloud: cloud.data };
    const bundle = DelegatedBundle.safeParse(value);
    if (bundle.success)
      return { token: bundle.data.accessToken, server: bundle.data.fileApiUrl, cloud: null };
    throw new SyntaxError("neither {server, token} nor {apiUrl, accessToken, refreshToken, ...}");
  });
}

/**
 * Replaces a file atomically and durably, mode 0600, creating its directory 0700.
 * Fails with `io_error` naming the path; the old content then stays.
 */
export function writePrivateFile(
  world: { readonly fs: LocalFs; readonly random: Random },
  path: string,
  text: string,
): void {
  const { fs } = world;
  const directory = path.slice(0, path.lastIndexOf("/"));
  const temporary = `${path}.tmp-${world.random.uuid().slice(0, 8)}`;
  try {
    fs.makeDir(directory, 0o700);
    fs.writeFile(temporary, new TextEncoder().encode(text), { mode: 0o600, exclusive: true, sync: true });
    fs.rename(temporary, path);
    fs.syncDir(directory);
  } catch (cause) {
    discard(fs, temporary);
    fail("io_error", `cannot write ${path} (${osCodeOf(cause) ?? messageOf(cause)})`, { path }, { cause });
  }
}

/** Writes a document as `writePrivateFile` does. */
export function writePrivateJson(
  world: { readonly fs: LocalFs; readonly random: Random },
  path: string,
  value: unknown,
): void {
  writePrivateFile(world, path, `${JSON.stringify(value, null, 2)}\n`);
}

/** Names of the credential files, with their paths; empty when there is no home. */
export function credentialPaths(home: Home): { cloud: string | null; workspace: string | null } {
  return {
    cloud: homePath(home, HOME_FILES.cloudCredentials),
    workspace: homePath(home, HOME_FILES.workspaceCredentials),
  };
}

function readWith<T>(fs: LocalFs, path: string, parse: (text: string) => T): FileReading<T> {
  let text: string;
  let loose: boolean;
  try {
    const entry = fs.lstat(path);
    if (entry === null) return { state: "missing", path };
    const stat = entry.kind === "symlink" ? fs.lstat(fs.realPath(path)) : entry;
    if (stat?.kind !== "file") return { state: "unreadable", path, problem: "not a regular file" };
    if (stat.sizeBytes > FILE_BYTES_MAX) {
      return { state: "invalid", path, problem: `${stat.sizeBytes} bytes, the limit is ${FILE_BYTES_MAX}` };
    }
    loose = (stat.mode & 0o077) !== 0;
    text = new TextDecoder("utf-8", { fatal: true }).decode(fs.readFile(path));
  } catch (thrown) {
    if (thrown instanceof TypeError) return { state: "invalid", path, problem: "not UTF-8 text" };
    const code = osCodeOf(thrown);
    if (code === "ENOENT" || code === "ENOTDIR") return { state: "missing", path };
    return { state: "unreadable", path, problem: code ?? messageOf(thrown) };
  }
  try {
    return { state: "ok", path, value: parse(text), loose };
  } catch (thrown) {
    // The text of a credential file must not reach a message: parsers quote what they read.
    const detail =
      thrown instanceof SyntaxError && !isJsonParseError(thrown) ? thrown.message : "not valid JSON";
    return { state: "invalid", path, problem: detail };
  }
}

function isJsonParseError(error: SyntaxError): boolean {
  return error.message.startsWith("JSON Parse error") || error.message.includes("in JSON");
}

function discard(fs: LocalFs, path: string): void {
  try {
    fs.unlink(path);
  } catch {
    // The write already failed and is reported; a left-over temporary file is harmless.
  }
}
