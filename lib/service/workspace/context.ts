/** What the parts of a workspace object share. */
import { FILE_API } from "../../limits.ts";
import type { Clock, Log, Random } from "../../ports.ts";
import type { Pipeline } from "../pipeline.ts";
import type { Body } from "../store/files.ts";
import type { WorkspaceStore } from "../store/store.ts";

/**
 * Content up to this size lives in SQLite, larger content in the body store. Measured by
 * `scripts/bench/service/threshold.ts`: up to here rows are read at least as fast as files and written five times faster.
 */
export const INLINE_BYTES_MAX = 64 * 1024;

/** Lower-case hex SHA-256. */
export type Sha256 = (bytes: Uint8Array) => string | Promise<string>;

/** The world of one workspace. */
export interface WorkspaceContext {
  readonly store: WorkspaceStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sha256: Sha256;
  readonly pipeline: Pipeline;
  /** Ids of the envelopes that this process is working on; due work leaves them alone. */
  readonly inFlight: Set<string>;
  /** Asks the runtime to call `runDue` at about this time (ms); earlier requests win. */
  wake(atMs: number): void;
}

/** Bytes as content that work may write: hashed, and stored beforehand when they are large. */
export async function prepareBody(context: WorkspaceContext, path: string, bytes: Uint8Array): Promise<Body> {
  const hash = await context.sha256(bytes);
  if (bytes.byteLength <= INLINE_BYTES_MAX) return { bytes, hash, key: null };
  // A number is taken durably before the body is stored, so that a crash in between can never reuse the key; the key is
  // noted with it, so that a body whose write never happens is found again.
  const key = await context.store.commit((tx) => {
    const reserved = `${context.store.workspaceId}${path}@rev_${tx.next("revision")}`;
    tx.sql.run("INSERT INTO loose_bodies (key, at) VALUES (?, ?)", [reserved, tx.now]);
    return reserved;
  });
  await context.store.bodies.put(key, bytes);
  return { bytes, hash, key };
}

/** Web Crypto's SHA-256, for runtimes without a synchronous one. */
export const webSha256: Sha256 = async (bytes) =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>)).toHex();

/** A page size: blank, unreadable or too small gives the default, too large the maximum (spec file-api 10.5). */
export function pageSize(
  raw: string | null,
  fallback: number = FILE_API.listPageDefault,
  max: number = FILE_API.listPageMax,
): number {
  const value = raw === null || !/^\s*\d+\s*$/.test(raw) ? Number.NaN : Number(raw);
  return Number.isNaN(value) || value < 1 ? fallback : Math.min(value, max);
}
