/** What never leaves the mirror and what never enters it (spec mount-daemon 1.5). */
import type { RelativeRemotePath } from "./remote-path.ts";

const STATE_FILE = ".relayfile-mount-state.json";
const SOURCE_CONTROL: ReadonlySet<string> = new Set([".git", ".hg", ".svn", ".bzr", "_darcs", ".jj"]);
const CATALOG: ReadonlySet<string> = new Set([
  ".relay",
  ".skills",
  "digests",
  "node_modules",
  "_PERMISSIONS.md",
]);
const STAGING =
  /^(\.#.*|\.goutputstream-.*|\.~lock\..*#|.*___jb_tmp___|.*___jb_old___|.*\.sw[opx]|.*\.tmp|.*~)$/i;
const STAGING_INFIX = /(\.tmp-|\.writer-tmp-)./i;
const SECRET_LIKE = /^(\.env(\..+)?|\.npmrc|\.pypirc|\.netrc|\.git-credentials)$/;

/** Rules that keep a path out, by name. */
export type ExclusionReason =
  | "runtime"
  | "source_control"
  | "catalog"
  | "root_name"
  | "editor_staging"
  | "state_file"
  | "not_regular"
  | "oversize";

/** Facts about the mount that the rules depend on. */
export interface MountNames {
  readonly remoteRoot: string;
  /** Last component of the mount root. */
  readonly rootName: string;
  /** True when the file system under the root folds case. */
  readonly foldsCase: boolean;
}

/** True for the daemon's own area and index files: dropped in both directions at any depth. */
export function isRuntimeSegment(segment: string): boolean {
  return segment === ".relay" || segment === STATE_FILE || segment.startsWith(`${STATE_FILE}.tmp-`);
}

/** Why a remote path is not mirrored down, or null when it is. */
export function downExclusion(rel: RelativeRemotePath, names: MountNames): ExclusionReason | null {
  const segments = rel.split("/");
  if (segments.some(isRuntimeSegment)) return "runtime";
  return isSourceControl(segments[0] ?? "", names) ? "source_control" : null;
}

/** Why a local path is not sent up, or null when it is. `tracked`: the server already has it. */
export function upExclusion(
  rel: RelativeRemotePath,
  tracked: boolean,
  names: MountNames,
): ExclusionReason | null {
  const down = downExclusion(rel, names);
  if (down !== null) return down;
  const segments = rel.split("/");
  const top = segments[0] ?? "";
  if (CATALOG.has(top)) return "catalog";
  if (names.remoteRoot === "/" && top === names.rootName) return "root_name";
  return !tracked && isEditorStaging(segments.at(-1) ?? "") ? "editor_staging" : null;
}

/** True when a directory with this name at this depth need not be entered by a scan. */
export function isPrunedDirectory(name: string, depth: number, names: MountNames): boolean {
  if (isRuntimeSegment(name)) return true;
  return depth === 0 && (isSourceControl(name, names) || CATALOG.has(name));
}

/** True for names that editors and atomic writers use for a moment. */
export function isEditorStaging(name: string): boolean {
  return STAGING.test(name) || STAGING_INFIX.test(name);
}

/** True for top-level names that usually hold secrets; they sync, but the user is told. */
export function looksLikeSecret(name: string): boolean {
  return SECRET_LIKE.test(name);
}

function isSourceControl(top: string, names: MountNames): boolean {
  if (SOURCE_CONTROL.has(top)) return true;
  return names.foldsCase && SOURCE_CONTROL.has(top.toLowerCase());
}
