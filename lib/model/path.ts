/** Remote paths: `/`-separated, absolute, compared as bytes. The workspace is a flat map from path to file. */
import { fail } from "../errors.ts";
import { FILE_API } from "../limits.ts";

const encoder = new TextEncoder();

/** Number of UTF-8 bytes of a text. */
export function utf8Length(text: string): number {
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return encoder.encode(text).byteLength;
  }
  return text.length;
}

/**
 * The file API's normalisation (path contract v1): empty becomes `/`, a missing leading slash is added, one trailing
 * slash is cut. Nothing else changes: `..`, doubled slashes, case and Unicode stay as they are.
 */
export function normalizePath(path: string): string {
  if (path === "") return "/";
  const absolute = path.startsWith("/") ? path : `/${path}`;
  return absolute.length > 1 && absolute.endsWith("/") ? absolute.slice(0, -1) : absolute;
}

/** True when `candidate` is `base` or lies below it. Both are normalised first. */
export function containsPath(base: string, candidate: string): boolean {
  const [outer, inner] = [normalizePath(base), normalizePath(candidate)];
  return outer === "/" || inner === outer || inner.startsWith(`${outer}/`);
}

/** The segments of a path; `/` has none. */
export function segmentsOf(path: string): string[] {
  const normalized = normalizePath(path);
  return normalized === "/" ? [] : normalized.slice(1).split("/");
}

/** The last segment; empty for `/`. */
export function basenameOf(path: string): string {
  return segmentsOf(path).at(-1) ?? "";
}

/** The path without its last segment; `/` for top-level paths and for `/` itself. */
export function parentOf(path: string): string {
  const normalized = normalizePath(path);
  const cut = normalized.lastIndexOf("/");
  return cut <= 0 ? "/" : normalized.slice(0, cut);
}

/** Joins segments below a base path. Segments are used as they are. */
export function joinPath(base: string, ...segments: string[]): string {
  const normalized = normalizePath(base);
  return [normalized === "/" ? "" : normalized, ...segments].join("/");
}

/** Ancestor directories of a path, outermost first, `/` included, the path itself excluded. */
export function ancestorsOf(path: string): string[] {
  const normalized = normalizePath(path);
  const ancestors = ["/"];
  for (let cut = normalized.indexOf("/", 1); cut > 0; cut = normalized.indexOf("/", cut + 1))
    ancestors.push(normalized.slice(0, cut));
  return ancestors;
}

/** Compares two strings by code point, the order of every list the services return. */
export function comparePaths(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    // No destructuring here: sorting and merging long lists spends its time in this loop.
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates sort above every other UTF-16 unit in UTF-8 order.
    const sx = x >= 0xd800 && x <= 0xdfff;
    const sy = y >= 0xd800 && y <= 0xdfff;
    if (sx !== sy) return sx ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}

/**
 * A path that may be written: absolute, no empty, `.` or `..` segment, no NUL, within the byte limits.
 * Fails with `invalid_path`, naming the value and the limit.
 */
export function requireWritablePath(path: string): string {
  const normalized = normalizePath(path);
  const reason = writablePathProblem(normalized);
  if (reason !== null) fail("invalid_path", reason, { path: normalized });
  return normalized;
}

/** Why a normalised path may not be written, or null when it may. */
export function writablePathProblem(path: string): string | null {
  const bytes = utf8Length(path);
  if (bytes > FILE_API.pathBytesMax) return `path is ${bytes} bytes, the limit is ${FILE_API.pathBytesMax}`;
  if (path.includes("\u0000")) return "path contains a NUL character";
  if (path === "/") return "path / is the workspace root, not a file";
  // A short path without such a segment, which is nearly every one, has no segment that could be wrong.
  if (bytes <= FILE_API.pathSegmentBytesMax && !/\/\.{0,2}(?:\/|$)/.test(path)) return null;
  for (const segment of segmentsOf(path)) {
    if (segment === "" || segment === "." || segment === "..") {
      return `path ${JSON.stringify(path)} has an empty, . or .. segment`;
    }
    const size = utf8Length(segment);
    if (size > FILE_API.pathSegmentBytesMax) {
      return `path segment is ${size} bytes, the limit is ${FILE_API.pathSegmentBytesMax}`;
    }
  }
  return null;
}
