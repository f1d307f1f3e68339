/** What one caller may know of: scopes and permission rules in one answer, for files, directories, events and counts. */
import { containsPath } from "../../model/path.ts";
import type { SqlDriver } from "../../ports.ts";
import { directoryCount } from "../store/directories.ts";
import { boundsBelow, type FileRow, filesWithPermissions, rangeOfFiles } from "../store/files.ts";
import { ACL_MARKER, AclResolver, type Caller, isAllowed } from "./acl.ts";
import { allowsPath, matchesPattern, narrowPatterns } from "./scopes.ts";

/** Permission-bearing files considered when a subtree is counted; beyond that a count is not worth its cost. */
const COUNT_POINTS_MAX = 5_000;
/** Files looked at to find one visible file in a directory of mixed verdicts. */
const PROBE_MAX = 2_000;

/** One caller's view of one workspace; make one per request. */
export class Visibility {
  readonly acl: AclResolver;
  private readonly patterns: readonly string[] | null;
  private readonly directories = new Map<string, boolean>();

  constructor(
    private readonly sql: SqlDriver,
    private readonly caller: Caller,
  ) {
    this.acl = new AclResolver(sql);
    this.patterns = narrowPatterns(caller.scopes, "fs:read");
  }

  /** True when neither scopes nor rules hide anything. */
  get everything(): boolean {
    return this.patterns === null && !this.acl.hasRules();
  }

  /** As `everything`, also when rules exist that keep only others away; costs a look at each of them. */
  seesAll(): boolean {
    if (this.everything) return true;
    if (this.patterns !== null) return false;
    const points = filesWithPermissions(this.sql, "/", COUNT_POINTS_MAX + 1);
    if (points.length > COUNT_POINTS_MAX) return false;
    return points.every(
      (file) =>
        this.acl.allows(file.path, this.caller, file) &&
        isAllowed(this.acl.inheritedAt(parentDirectory(file.path)), this.caller),
    );
  }

  /** True when the caller may read the path. `file` is its row when the caller has it; without it also names of the past are judged. */
  seesPath(path: string, file?: Pick<FileRow, "permissions"> | null): boolean {
    if (!allowsPath(this.caller.scopes, "fs:read", path)) return false;
    return file === undefined
      ? this.acl.allowsName(path, this.caller)
      : this.acl.allows(path, this.caller, file);
  }

  /** As `seesPath` for routes with a scope of their own: a token without any `fs:read` grant is not confined by paths. */
  seesName(path: string): boolean {
    const confined = this.patterns !== null && this.patterns.length > 0;
    return (
      (!confined || allowsPath(this.caller.scopes, "fs:read", path)) && this.acl.allowsName(path, this.caller)
    );
  }

  /** True when the caller must not even learn that the file exists, though it may read beside it. */
  hidesFile(path: string): boolean {
    return allowsPath(this.caller.scopes, "fs:read", path) && this.acl.hides(path, this.caller);
  }

  /** True when a visible file lies below the directory. */
  seesDirectory(path: string): boolean {
    if (this.everything) return true;
    const known = this.directories.get(path);
    if (known !== undefined) return known;
    const seen = this.probe(path);
    this.directories.set(path, seen);
    return seen;
  }

  /** Visible files below a directory at any depth; null when counting them would mean reading them. */
  count(base: string, excludeRuntime: boolean): number | null {
    const whole = (directory: string) => {
      const { files, runtime } = directoryCount(this.sql, directory);
      return excludeRuntime ? files - runtime : files;
    };
    if (this.everything) return whole(base);
    if (this.patterns !== null) return null;
    const points = filesWithPermissions(this.sql, base, COUNT_POINTS_MAX + 1);
    if (points.length > COUNT_POINTS_MAX) return null;
    return this.region(base, points, whole);
  }

  /** Each marker's region shares one verdict; files with rules of their own are judged one by one. */
  private region(base: string, points: readonly FileRow[], whole: (directory: string) => number): number {
    const markers = points.filter((file) => file.path.endsWith(`/${ACL_MARKER}`));
    const regions = [base, ...markers.map((file) => file.path.slice(0, -ACL_MARKER.length - 1) || "/")];
    const unique = [...new Set(regions)];
    let total = 0;
    for (const root of unique) {
      const nested = unique.filter(
        (other) =>
          other !== root &&
          containsPath(root, other) &&
          !unique.some(
            (mid) => mid !== root && mid !== other && containsPath(root, mid) && containsPath(mid, other),
          ),
      );
      const size = nested.reduce((rest, inner) => rest - whole(inner), whole(root));
      if (isAllowed(this.acl.inheritedAt(root), this.caller)) total += size;
    }
    for (const file of points) {
      const counted = isAllowed(this.acl.inheritedAt(parentDirectory(file.path)), this.caller);
      const seen = this.acl.allows(file.path, this.caller, file);
      total += Number(seen) - Number(counted);
    }
    return total;
  }

  private probe(directory: string): boolean {
    const { from, to } = boundsBelow(directory);
    if (this.patterns !== null) {
      const reaches = this.patterns.some(
        (pattern) =>
          matchesPattern(pattern, `${directory}/x`) ||
          pattern.startsWith(from) ||
          containsPath(directory, pattern.replace(/\/\*+$/, "")),
      );
      if (!reaches) return false;
      const fully = this.patterns.some(
        (pattern) => matchesPattern(pattern, directory) && pattern !== directory,
      );
      if (fully && !this.acl.hasRules()) return directoryCount(this.sql, directory).files > 0;
    }
    let position = from;
    for (let looked = 0; looked < PROBE_MAX; ) {
      const rows = rangeOfFiles(this.sql, { from: position, to, limit: 200 });
      if (rows.some((file) => this.seesPath(file.path, file))) return true;
      if (rows.length < 200) return false;
      looked += rows.length;
      position = rows.at(-1)?.path ?? to;
    }
    return false;
  }
}

function parentDirectory(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
