/** Fields of request bodies: text, content, semantics, identities. Unknown fields are ignored everywhere. */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { decodeContent } from "../../model/content.ts";
import type { ContentIdentity, Semantics } from "../../model/file.ts";

/** A text field, trimmed; null when absent, of another type or blank. */
export function textField(body: Readonly<Record<string, unknown>>, name: string): string | null {
  const value = body[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

/** A path as it was sent; null when absent, of another type or blank. Never trimmed: names may end in a space (spec 3.1). */
export function sentPath(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value : null;
}

/** A blank or missing query parameter is null. */
export function queryText(query: URLSearchParams, name: string): string | null {
  const value = query.get(name)?.trim() ?? "";
  return value === "" ? null : value;
}

/** Why content cannot be used, in the words of bulk answers. */
export class ContentProblem extends Error {
  constructor(
    readonly code: "invalid_encoding" | "invalid_content",
    message: string,
  ) {
    super(message);
  }
}

/** The bytes of `content` under `encoding` (spec file-api 4.3). Throws a `ContentProblem`. */
export function contentBytes(body: Readonly<Record<string, unknown>>): Uint8Array {
  const encoding = typeof body.encoding === "string" ? body.encoding.trim().toLowerCase() : body.encoding;
  if (
    encoding !== undefined &&
    encoding !== null &&
    !["", "utf-8", "utf8", "base64"].includes(encoding as string)
  ) {
    throw new ContentProblem(
      "invalid_encoding",
      `encoding ${JSON.stringify(body.encoding)} is not utf-8 or base64`,
    );
  }
  const content = body.content ?? "";
  if (typeof content !== "string") throw new ContentProblem("invalid_content", "content is not a string");
  const bytes = decodeContent(content, encoding as string | undefined);
  if (bytes === undefined) throw new ContentProblem("invalid_content", "content is not valid base64");
  return bytes;
}

/** An idempotency identity, or null when it is missing or blank in a part (spec file-api 4.7). */
export function identityField(value: unknown): ContentIdentity | null {
  if (typeof value !== "object" || value === null) return null;
  const { kind, key, ttlSeconds } = value as Record<string, unknown>;
  if (typeof kind !== "string" || typeof key !== "string") return null;
  if (kind.trim() === "" || key.trim() === "") return null;
  const ttl =
    typeof ttlSeconds === "number" && Number.isFinite(ttlSeconds) && ttlSeconds > 0 ? { ttlSeconds } : {};
  return { kind: kind.trim(), key: key.trim(), ...ttl };
}

/** Semantics as stored: trimmed, without blanks and duplicates, lists sorted (spec file-api 3.2). */
export function semanticsField(value: unknown): Semantics | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const raw = value as Record<string, unknown>;
  const properties = propertiesOf(raw.properties);
  const lists = Object.fromEntries(
    (["relations", "permissions", "comments"] as const)
      .map((name) => [name, listOf(raw[name], name)] as const)
      .filter(([, list]) => list.length > 0),
  );
  return { ...(Object.keys(properties).length === 0 ? {} : { properties }), ...lists };
}

function propertiesOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const entries = Object.entries(value)
    .map(([key, v]) => [key.trim(), (typeof v === "string" ? v : (JSON.stringify(v) ?? "")).trim()] as const)
    .filter(([key]) => key !== "");
  requireCount(entries.length, "properties");
  return Object.fromEntries(entries);
}

function listOf(value: unknown, name: string): string[] {
  if (!Array.isArray(value)) return [];
  const texts = value.filter((v): v is string => typeof v === "string").map((v) => v.trim());
  const list = [...new Set(texts.filter((v) => v !== ""))].sort();
  requireCount(list.length, name);
  return list;
}

function requireCount(count: number, name: string): void {
  if (count <= FILE_API.semanticsEntriesMax) return;
  fail("bad_request", `semantics.${name} has ${count} entries, the limit is ${FILE_API.semanticsEntriesMax}`);
}
