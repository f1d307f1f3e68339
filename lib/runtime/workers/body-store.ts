/** Large bodies as objects of an R2 bucket. */
import { fail, messageOf } from "../../errors.ts";
import { sha256Hex } from "../../model/sha256.ts";
import type { BodyStore } from "../../ports.ts";
import type { Bucket } from "./types.ts";

/** Longest key the bucket takes, bytes. */
const KEY_BYTES_MAX = 1_024;
/** Keys one call may remove. */
const DELETE_MAX = 1_000;

/**
 * A body store in a bucket that other workspaces may share: every key starts with its workspace. Fails with
 * `unavailable` when the bucket does not answer, so that clients try again.
 */
export function bucketBodyStore(bucket: Bucket): BodyStore {
  return {
    put: (key, bytes) =>
      asked("store", async () => {
        await bucket.put(objectKeyOf(key), bytes);
      }),
    get: (key) =>
      asked("read", async () => {
        const object = await bucket.get(objectKeyOf(key));
        return object === null ? null : new Uint8Array(await object.arrayBuffer());
      }),
    delete: (keys) =>
      asked("remove", async () => {
        for (let from = 0; from < keys.length; from += DELETE_MAX) {
          await bucket.delete(keys.slice(from, from + DELETE_MAX).map(objectKeyOf));
        }
      }),
  };
}

async function asked<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    return fail("unavailable", `cannot ${what} a body: ${messageOf(cause)}`, {}, { cause });
  }
}

/**
 * Removes bodies of a workspace, whatever the rows say; false when `pagesMax` pages of a thousand were not enough.
 */
export async function removeBodies(bucket: Bucket, workspaceId: string, pagesMax: number): Promise<boolean> {
  for (let page = 0; page < pagesMax; page++) {
    // Each page starts anew, because what the last one listed is gone.
    const { objects, truncated } = await bucket.list({ prefix: workspaceId });
    if (objects.length > 0) await bucket.delete(objects.map(({ key }) => key));
    if (!truncated) return true;
  }
  return false;
}

/** A key names its path unless that is too long; then a hash stands for it, which no path can equal, having no slash. */
function objectKeyOf(key: string): string {
  if (new TextEncoder().encode(key).byteLength <= KEY_BYTES_MAX) return key;
  return `${key.slice(0, key.indexOf("/"))}#${sha256Hex(key)}`;
}
