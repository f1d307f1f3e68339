/**
 * The typed path between the two sides of a mount. Only a value of `RelativeRemotePath` may become a local path or
 * an upload, so traversal, root collisions and unmappable names are refused in one place (spec mount-daemon 2.13, P4).
 */
import { fail } from "../errors.ts";
import { MOUNT } from "../limits.ts";
import { normalizePath, utf8Length } from "../model/path.ts";

declare const brand: unique symbol;

/** A path below both roots: non-empty, `/`-separated, no empty, `.` or `..` segment, no NUL, no backslash. */
export type RelativeRemotePath = string & { readonly [brand]: true };

/** Why a text is not a `RelativeRemotePath`, or null when it is one. Segments are never trimmed. */
export function relativePathProblem(text: string): string | null {
  if (text === "") return "path is empty";
  if (text.startsWith("/")) return "path is absolute";
  if (text.includes("\u0000")) return "path contains a NUL character";
  if (text.includes("\\")) return "path contains a backslash, which remote syntax reads as a separator";
  const bytes = utf8Length(text);
  if (bytes > MOUNT.pathBytesMax) return `path is ${bytes} bytes, the limit is ${MOUNT.pathBytesMax}`;
  for (const segment of text.split("/")) {
    if (segment === "" || segment === "." || segment === "..") return `path has the segment "${segment}"`;
  }
  return null;
}

/** The typed path, or a failure `invalid_path` that names the reason. */
export function relativeRemotePath(text: string): RelativeRemotePath {
  const problem = relativePathProblem(text);
  if (problem !== null) fail("invalid_path", problem, { path: text });
  return text as RelativeRemotePath;
}

/** One end of a mapping: the typed path, or why the path has no counterpart on the other side. */
export type Mapped =
  | { readonly rel: RelativeRemotePath }
  /** `taken`: the name would do, were it not another file's. `excluded`: left out by rule, which is no trouble. */
  | { readonly problem: string; readonly taken?: true; readonly excluded?: true };

/**
 * The path below `remoteRoot` of an absolute remote path. Problems: outside the root, the root itself, or a name that
 * cannot exist locally. With remote root `/` the single segment equal to the mount's own name is refused (I1, P1).
 */
export function belowRemoteRoot(remoteRoot: string, rootName: string, remotePath: string): Mapped {
  const root = normalizePath(remoteRoot);
  const prefix = root === "/" ? "/" : `${root}/`;
  if (!remotePath.startsWith(prefix)) return { problem: `path is outside ${root}` };
  const text = remotePath.slice(prefix.length);
  const problem = relativePathProblem(text);
  if (problem !== null) return { problem };
  if (root === "/" && text === rootName) return { problem: "path is named like the mount root" };
  return { rel: text as RelativeRemotePath };
}

/** The absolute remote path of a path below the remote root. */
export function toRemotePath(remoteRoot: string, rel: RelativeRemotePath): string {
  const root = normalizePath(remoteRoot);
  return root === "/" ? `/${rel}` : `${root}/${rel}`;
}

/** A remote root as given on a command line, in the file API's form; fails with `invalid_path`. */
export function requireRemoteRoot(text: string): string {
  const root = normalizePath(text.trim());
  if (root === "/") return root;
  const problem = relativePathProblem(root.slice(1));
  if (problem !== null) fail("invalid_path", `remote path ${root}: ${problem}`, { path: root });
  return root;
}
