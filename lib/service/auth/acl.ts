/**
 * Permission rules of files (spec file-api 3.3): parsing, evaluation, and the one resolver every route uses.
 * Rules come from `.relayfile.acl` markers of ancestor directories and from the file itself.
 */
import { ancestorsOf, basenameOf, joinPath, parentOf } from "../../model/path.ts";
import type { SqlDriver } from "../../ports.ts";
import { type FileRow, findFile, gonePermissions } from "../store/files.ts";

/** Leaf name of a marker; it governs everything below its directory, itself excluded. */
export const ACL_MARKER = ".relayfile.acl";

/** Who asks. */
export interface Caller {
  readonly agent: string;
  readonly workspaceId: string;
  readonly scopes: readonly string[];
}

interface Rule {
  readonly deny: boolean;
  readonly subject: "public" | "agent" | "scope" | "workspace";
  readonly value: string;
}

const AGENT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;
const SCOPE = /^[a-zA-Z][a-zA-Z0-9]*(:[a-zA-Z0-9*/._-]+)*$/;
const WORKSPACE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,255}$/;
/** Seeders append the action to an agent rule; it carries no meaning here, and ignoring the rule would open the file. */
const ACTION_SUFFIX = /:(?:read|write|manage|\*)$/;

/** One rule of a permission string, or null when it is a mere tag. */
export function parseRule(text: string): Rule | null {
  const match = /^(?:(allow|deny):)?(.+)$/is.exec(text.trim());
  if (match === null) return null;
  const deny = match[1]?.toLowerCase() === "deny";
  const rest = (match[2] ?? "").trim();
  if (rest === "*" || /^(?:public|any)$/i.test(rest)) return { deny, subject: "public", value: "" };
  const colon = rest.indexOf(":");
  const subject = rest.slice(0, colon).toLowerCase();
  const value = rest.slice(colon + 1).trim();
  if (subject === "scope" && SCOPE.test(value)) return { deny, subject, value };
  const bare = value.replace(ACTION_SUFFIX, "");
  if (subject === "agent" && AGENT.test(bare)) return { deny, subject, value: bare };
  if (subject === "workspace" && WORKSPACE.test(bare)) return { deny, subject, value: bare };
  return null;
}

/** The verdict of a list of permission strings: any deny wins, then any allow; rules that miss the caller deny. */
export function isAllowed(permissions: readonly string[], caller: Caller): boolean {
  const rules = permissions.map(parseRule).filter((rule) => rule !== null);
  if (rules.length === 0) return true;
  const matching = rules.filter((rule) => matchesCaller(rule, caller));
  if (matching.some((rule) => rule.deny)) return false;
  return matching.length > 0;
}

/**
 * The permission strings a marker's content stands for: `{"semantics":{"permissions":[...]}}` or
 * `{"permissions":[...]}`. Null when the content says nothing of the kind.
 */
export function permissionsOfMarker(path: string, bytes: Uint8Array): string[] | null {
  if (basenameOf(path) !== ACL_MARKER) return null;
  try {
    const value = JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown> | null;
    const list = (value?.semantics as Record<string, unknown> | undefined)?.permissions ?? value?.permissions;
    if (!Array.isArray(list)) return null;
    return [...new Set(list.filter((v) => typeof v === "string").map((v) => v.trim()))]
      .filter(Boolean)
      .sort();
  } catch {
    // A marker may hold any text; what is not JSON carries no rules.
    return null;
  }
}

/** Resolves effective permissions; keeps what it looked up, so use one per request. */
export class AclResolver {
  private readonly inherited = new Map<string, readonly string[]>();
  private anyRules: boolean | null = null;

  constructor(private readonly sql: SqlDriver) {}

  /** False when no file of the workspace carries permissions or did so: then everything is allowed. */
  hasRules(): boolean {
    this.anyRules ??=
      this.sql.all("SELECT 1 FROM files WHERE permissions IS NOT NULL LIMIT 1").length > 0 ||
      this.sql.all("SELECT 1 FROM gone_permissions LIMIT 1").length > 0;
    return this.anyRules;
  }

  /** Permissions that apply to everything below a directory: its markers, root first. */
  inheritedAt(directory: string): readonly string[] {
    const known = this.inherited.get(directory);
    if (known !== undefined) return known;
    const above = directory === "/" ? [] : this.inheritedAt(parentOf(directory));
    const own = findFile(this.sql, joinPath(directory, ACL_MARKER))?.permissions ?? [];
    const all = own.length === 0 ? above : [...above, ...own];
    this.inherited.set(directory, all);
    return all;
  }

  /** Effective permissions of a path, whether or not a file is there. */
  effective(path: string, file?: Pick<FileRow, "permissions"> | null): readonly string[] {
    if (!this.hasRules()) return [];
    const marker = basenameOf(path) === ACL_MARKER;
    const directory = parentOf(path);
    const inherited =
      path === "/" ? [] : marker ? this.inheritedAbove(directory) : this.inheritedAt(directory);
    const own = (file === undefined ? findFile(this.sql, path) : file)?.permissions ?? [];
    return own.length === 0 ? inherited : [...inherited, ...own];
  }

  /** True when the caller may touch the path. */
  allows(path: string, caller: Caller, file?: Pick<FileRow, "permissions"> | null): boolean {
    return !this.hasRules() || isAllowed(this.effective(path, file), caller);
  }

  /** As `allows` for a name out of the past: a file that is gone stays as hidden as it was. */
  allowsName(path: string, caller: Caller): boolean {
    if (!this.hasRules()) return true;
    const file = findFile(this.sql, path);
    const gone = file === null ? gonePermissions(this.sql, path) : null;
    return isAllowed(this.effective(path, gone === null ? file : { permissions: gone }), caller);
  }

  /** True when only rules of the file itself keep the caller away: a refusal would then say that it exists. */
  hides(path: string, caller: Caller): boolean {
    return !this.allows(path, caller) && isAllowed(this.effective(path, null), caller);
  }

  /** True when nobody is kept away from a path, now or while its file existed. */
  isPublic(path: string): boolean {
    if (!this.hasRules()) return true;
    const own = findFile(this.sql, path)?.permissions ?? gonePermissions(this.sql, path);
    const rules = this.effective(path, { permissions: own })
      .map(parseRule)
      .filter((rule) => rule !== null);
    return rules.every(({ deny, subject }) => !deny && subject === "public");
  }

  /** A marker does not apply to itself. */
  private inheritedAbove(directory: string): readonly string[] {
    return directory === "/" ? [] : this.inheritedAt(parentOf(directory));
  }
}

function matchesCaller(rule: Rule, caller: Caller): boolean {
  if (rule.subject === "public") return true;
  if (rule.subject === "agent") return rule.value === caller.agent;
  if (rule.subject === "workspace") return rule.value === caller.workspaceId;
  return caller.scopes.includes(rule.value);
}

/** Directories whose markers could govern a path; used to tell whether a whole subtree shares one verdict. */
export function markerPathsOf(path: string): string[] {
  return ancestorsOf(path).map((directory) => joinPath(directory, ACL_MARKER));
}
