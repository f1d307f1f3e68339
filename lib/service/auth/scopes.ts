/** Which scopes open which route and path (spec file-api 2.3-2.5). Pure: strings in, a verdict out. */

/** `resource:action` as routes ask for it. */
export type RequiredScope =
  | "fs:read"
  | "fs:write"
  | "sync:read"
  | "sync:trigger"
  | "ops:read"
  | "ops:replay"
  | "admin:read"
  | "admin:replay";

interface Grant {
  readonly plane: string;
  readonly resource: string;
  readonly action: string;
  /** `*` for a scope of three segments; may be empty, which matches nothing. */
  readonly path: string;
}

/** True when the scopes reach `required` somewhere; a grant's own path does not matter (spec 2.4). */
export function allowsSomewhere(scopes: readonly string[], required: RequiredScope): boolean {
  return scopes.includes(required) || grantsFor(scopes, required).length > 0;
}

/**
 * True when the scopes reach `required` at `path` (spec 2.5). A narrow grant confines the token even when the bare
 * literal is also there. `/` as a pattern opens only the root node. The path is never trimmed: `/a ` is not `/a`.
 */
export function allowsPath(scopes: readonly string[], required: RequiredScope, path: string): boolean {
  const grants = grantsFor(scopes, required);
  if (grants.some((grant) => grant.path === "*")) return true;
  if (path !== "" && grants.some((grant) => matchesPattern(grant.path, path))) return true;
  return grants.length === 0 && scopes.includes(required);
}

/** The path patterns that confine `required`, or null when the token reaches every path. */
export function narrowPatterns(scopes: readonly string[], required: RequiredScope): readonly string[] | null {
  const grants = grantsFor(scopes, required);
  if (grants.length === 0) return scopes.includes(required) ? null : [];
  const patterns = grants.map((grant) => grant.path);
  return patterns.some((pattern) => pattern === "*" || pattern === "/**" || pattern === "/*")
    ? null
    : patterns;
}

/** True when `path` satisfies a scope's path pattern. */
export function matchesPattern(pattern: string, path: string): boolean {
  if (pattern === path) return true;
  if (!pattern.startsWith("/")) return pattern === "*";
  const stem = pattern.replace(/\*+$/, "");
  // A star anywhere but at the end is no pattern of this language.
  if (stem.includes("*")) return false;
  if (pattern.endsWith("/**")) return path === stem.slice(0, -1) || path.startsWith(stem);
  if (pattern.endsWith("/*")) return path.startsWith(stem);
  if (pattern.endsWith("**")) return false;
  return pattern.endsWith("*") && path.startsWith(stem);
}

/** True when every scope of `inner` is granted by `outer`: what a token may hand on. */
export function isSubsetOf(inner: readonly string[], outer: readonly string[]): boolean {
  return inner.every((scope) => {
    const grant = parseGrant(scope);
    const required = (grant === null ? scope : `${grant.resource}:${grant.action}`) as RequiredScope;
    const patterns = narrowPatterns(outer, required);
    if (patterns === null) return true;
    if (grant === null || grant.path === "*") return false;
    const root = grant.path.replace(/\/\*+$/, "");
    return patterns.some(
      (pattern) => pattern === grant.path || (pattern.endsWith("/**") && matchesPattern(pattern, root)),
    );
  });
}

/**
 * What a mint grants for a list of requested scopes: those of a known form, in order, without duplicates.
 * Path patterns that can match nothing are dropped, so a caller sees it in the token instead of a silent surprise.
 */
export function grantableScopes(requested: readonly string[]): string[] {
  const known = requested
    .map((scope) => scope.trim())
    .filter((scope) => LITERALS.includes(scope) || isStructuredScope(scope));
  return [...new Set(known)];
}

const LITERALS: readonly string[] = [
  "fs:read",
  "fs:write",
  "sync:read",
  "sync:trigger",
  "ops:read",
  "ops:replay",
  "admin:read",
  "admin:replay",
];

function isStructuredScope(scope: string): boolean {
  const grant = parseGrant(scope);
  if (grant === null || !["relayfile", "workspace", "*"].includes(grant.plane)) return false;
  return isValidScopePath(grant.path);
}

/** A path a scope may carry: `*`, or absolute, canonical, with stars only at the end of the last segment. */
export function isValidScopePath(path: string): boolean {
  if (path === "*") return true;
  if (!path.startsWith("/")) return false;
  if (path === "/") return true;
  const segments = path.slice(1).split("/");
  return segments.every((segment, index) => {
    if (segment === "" || segment === "." || segment === "..") return false;
    if (!segment.includes("*")) return true;
    return index === segments.length - 1 && (segment === "**" || /^[^*]*\*$/.test(segment));
  });
}

function grantsFor(scopes: readonly string[], required: RequiredScope): Grant[] {
  const [resource = "", action = ""] = required.split(":");
  return scopes.flatMap((scope) => {
    const grant = parseGrant(scope);
    if (grant === null) return [];
    const resourceMatches =
      grant.plane === "workspace"
        ? resource === "fs"
        : (grant.plane === "relayfile" || grant.plane === "*") &&
          (grant.resource === resource || grant.resource === "*");
    const actionMatches =
      grant.action === action ||
      grant.action === "*" ||
      (grant.action === "manage" && (action === "read" || action === "write"));
    return resourceMatches && actionMatches ? [grant] : [];
  });
}

/** Cut on the first three colons only: the path may contain more. Fewer than three segments is a literal. */
function parseGrant(scope: string): Grant | null {
  const parts = scope.split(":");
  if (parts.length < 3) return null;
  const [plane = "", resource = "", action = "", ...rest] = parts;
  return { plane, resource, action, path: rest.length === 0 ? "*" : rest.join(":").trim() };
}
