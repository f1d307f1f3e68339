/** Receipts: what a create draft becomes once the provider has the record, and how receipts go away again. */
import { isRelayfileError } from "../errors.ts";
import { PIPELINE } from "../limits.ts";
import type { ChangeContext, TreeStore } from "../ports.ts";
import { bytesOf, isObject, parseJsonBytes } from "./pure/json.ts";

/** The body of a rewritten draft. */
export interface Receipt {
  readonly kind: "relayfile.receipt";
  /** Id at the provider; null for an action that creates nothing. */
  readonly created: string | null;
  /** Canonical path of the record; null when it has none. */
  readonly path: string | null;
  /** Web address at the provider; null when it gave none. */
  readonly url: string | null;
  readonly opId: string;
  /** When the provider confirmed, ISO 8601. */
  readonly at: string;
}

/** Content type of receipts, so that a listing tells them from records. */
export const RECEIPT_TYPE = "application/vnd.relayfile.receipt+json";

/** True when a parsed file is a receipt. */
export function isReceipt(body: unknown): body is Receipt {
  return isObject(body) && body.kind === "relayfile.receipt";
}

/**
 * Rewrites a draft in place. A draft that was changed or removed since stays as it is: false. The receipt belongs to
 * no record, so deleting it later reaches no provider.
 */
export async function writeReceipt(
  tree: TreeStore,
  path: string,
  revision: string,
  receipt: Receipt,
  context: ChangeContext,
): Promise<boolean> {
  const bytes = bytesOf(`${JSON.stringify(receipt, null, 2)}\n`);
  try {
    await tree.apply(
      [{ kind: "write", path, bytes, contentType: RECEIPT_TYPE, ifRevision: revision }],
      context,
    );
    return true;
  } catch (error) {
    if (!isRelayfileError(error, "revision_conflict")) throw error;
    // Someone wrote the draft again meanwhile: their text matters more than our receipt.
    return false;
  }
}

/** Removes the receipts among `paths` that are older than a day; returns what was removed. */
export async function sweepReceipts(
  tree: TreeStore,
  paths: readonly string[],
  nowMs: number,
  context: ChangeContext,
): Promise<string[]> {
  const removed: string[] = [];
  for (const path of paths) {
    const file = await tree.read(path);
    const body = file === null ? null : parseJsonBytes(file.bytes);
    if (file === null || !isReceipt(body) || nowMs - Date.parse(body.at) < PIPELINE.receiptKeptMs) continue;
    try {
      await tree.apply([{ kind: "delete", path, ifRevision: file.revision }], context);
      removed.push(path);
    } catch (error) {
      if (!isRelayfileError(error, "revision_conflict")) throw error;
      // It changed between reading and deleting, so it is no longer the receipt that expired.
    }
  }
  return removed;
}
