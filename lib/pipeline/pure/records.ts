/** The envelope around every stored record, and the way back to the record. */
import type { ProviderRecord } from "../../providers/definition.ts";
import { bytesOf, isObject, parseJsonBytes } from "./json.ts";

/** Body of a canonical record and of every mirror alias, as an object. */
export interface Envelope {
  readonly provider: string;
  readonly objectType: string;
  readonly objectId: string;
  readonly deleted: boolean;
  readonly payload: ProviderRecord;
  readonly connectionId?: string;
}

/** Bytes of an envelope: two-space indent, keys in contract order, no trailing newline. */
export function envelopeBytes(envelope: Envelope): Uint8Array {
  const { provider, objectType, objectId, deleted, payload, connectionId } = envelope;
  const body = {
    provider,
    objectType,
    objectId,
    deleted,
    payload,
    ...(connectionId ? { connectionId } : {}),
  };
  return bytesOf(JSON.stringify(body, null, 2));
}

/** True when a body is a whole envelope: provider, objectType and an object payload. */
export function isEnvelope(body: unknown): body is Envelope {
  return (
    isObject(body) &&
    typeof body.provider === "string" &&
    typeof body.objectType === "string" &&
    isObject(body.payload)
  );
}

/** The record inside a body; the body itself when it is no envelope; null when it is no JSON object. */
export function unwrapRecord(body: unknown): ProviderRecord | null {
  if (isEnvelope(body)) return body.payload;
  return isObject(body) ? body : null;
}

/** The record inside a stored file's bytes, or null when it holds none or a tombstone. */
export function recordOfBytes(bytes: Uint8Array): ProviderRecord | null {
  const body = parseJsonBytes(bytes);
  if (isObject(body) && (body.deleted === true || body._deleted === true)) return null;
  return unwrapRecord(body);
}
