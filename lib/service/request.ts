/** Reading requests: size limits before bytes, JSON, correlation ids, who may call at all. */
import { fail } from "../errors.ts";

/** The caller's correlation id; empty when there is none. */
export function correlationIdOf(request: Request): string {
  return request.headers.get("x-correlation-id")?.trim() ?? "";
}

/** The bearer token, or null when the header is missing or of another kind. The prefix is case-sensitive. */
export function bearerOf(request: Request): string | null {
  const header = request.headers.get("authorization");
  if (header === null || !header.startsWith("Bearer ")) return null;
  const token = header.slice("Bearer ".length).trim();
  return token === "" ? null : token;
}

/** The body, never more than `limit` bytes. A larger declared size is refused before a byte is read (cloud#730). */
export async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  const declared = Number(request.headers.get("content-length") ?? Number.NaN);
  if (declared > limit) tooLarge(declared, limit);
  if (declared <= limit) return new Uint8Array(await request.arrayBuffer());
  if (request.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > limit) tooLarge(size, limit);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** The body as a JSON object. Fails with `bad_request` "invalid json body", or `payload_too_large`. */
export async function readJsonObject(request: Request, limit: number): Promise<Record<string, unknown>> {
  const value = parseJson(await readBytes(request, limit));
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  return fail("bad_request", "invalid json body");
}

/** Bytes as JSON. Fails with `bad_request`. */
export function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    return fail("bad_request", "invalid json body", {}, { cause });
  }
}

/**
 * Refuses requests that a web page could have been tricked into: a `Host` that is not ours (DNS rebinding) or an
 * `Origin` of another site (design decision 3). Null lets the request pass. `hosts` are authorities with ports.
 */
export function foreignCaller(request: Request, hosts: readonly string[]): string | null {
  const host = request.headers.get("host");
  if (host !== null && !hosts.includes(host.toLowerCase())) return `host ${host} is not served here`;
  const origin = request.headers.get("origin");
  const caller = /^https?:\/\/(.+)$/i.exec(origin ?? "")?.[1]?.toLowerCase();
  if (origin === null || (caller !== undefined && hosts.includes(caller))) return null;
  return `origin ${origin} may not call this service`;
}

function tooLarge(size: number, limit: number): never {
  return fail("payload_too_large", `body is ${size} bytes, the limit is ${limit}`, { limitBytes: limit });
}
