/** Bodies in a bucket, over a bucket of our own with the platform's limits. */
import { describe, expect, test } from "bun:test";
import { bucketBodyStore, removeBodies } from "../../../../lib/runtime/workers/body-store.ts";
import type { Bucket } from "../../../../lib/runtime/workers/types.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function bucket() {
  const objects = new Map<string, Uint8Array>();
  const calls = { deletes: 0 };
  const it: Bucket = {
    put: async (key, value) => {
      if (bytes(key).byteLength > 1_024) throw new Error("key too long");
      objects.set(key, value);
    },
    get: async (key) => {
      const found = objects.get(key);
      return found === undefined ? null : { arrayBuffer: async () => found.slice().buffer };
    },
    delete: async (keys) => {
      const list = typeof keys === "string" ? [keys] : keys;
      if (list.length > 1_000) throw new Error("too many keys");
      calls.deletes++;
      for (const key of list) objects.delete(key);
    },
    list: async ({ prefix }) => {
      const found = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
      return {
        objects: found.slice(0, 1_000).map((key) => ({ key })),
        truncated: found.length > 1_000,
      };
    },
  };
  return { it, objects, calls };
}

describe("bucketBodyStore()", () => {
  test("keeps a body under its own key, and under a hash when that is too long", async () => {
    const { it, objects } = bucket();
    const store = bucketBodyStore(it);
    const short = "rw_aaaaaaaa/a@rev_1";
    const long = `rw_aaaaaaaa/${"é".repeat(512)}@rev_2`;
    await store.put(short, bytes("1"));
    await store.put(long, bytes("2"));
    expect(await store.get(short)).toEqual(bytes("1"));
    expect(await store.get(long)).toEqual(bytes("2"));
    expect(await store.get("rw_aaaaaaaa/none@rev_3")).toBeNull();
    const [first, second] = [...objects.keys()];
    expect(first).toBe(short);
    expect(second).toMatch(/^rw_aaaaaaaa#[0-9a-f]{64}$/);
    await store.delete([short, long]);
    expect(objects.size).toBe(0);
  });

  test("removes any number of bodies within the limit of one call", async () => {
    const { it, objects, calls } = bucket();
    const store = bucketBodyStore(it);
    const keys = Array.from({ length: 2_500 }, (_, n) => `rw_aaaaaaaa/f${n}@rev_${n}`);
    for (const key of keys) await store.put(key, bytes(""));
    await store.delete(keys);
    expect([objects.size, calls.deletes]).toEqual([0, 3]);
  });
});

describe("bucketBodyStore() without its bucket", () => {
  test("fails so that clients try again", async () => {
    const broken = () => Promise.reject(new Error("internal error (10001)"));
    const store = bucketBodyStore({ put: broken, get: broken, delete: broken, list: broken });
    for (const call of [store.put("k", bytes("")), store.get("k"), store.delete(["k"])]) {
      const error = await call.catch((thrown) => thrown);
      expect([error.code, error.next, error.message]).toEqual([
        "unavailable",
        "retry",
        expect.stringContaining("10001"),
      ]);
    }
  });
});

describe("removeBodies()", () => {
  test("removes those of one workspace, and says when more are left", async () => {
    const { it, objects } = bucket();
    for (let n = 0; n < 2_500; n++) objects.set(`rw_aaaaaaaa/f${n}@rev_${n}`, bytes(""));
    objects.set(`rw_aaaaaaaa#${"0".repeat(64)}`, bytes(""));
    objects.set("rw_bbbbbbbb/f@rev_1", bytes(""));
    expect(await removeBodies(it, "rw_aaaaaaaa", 2)).toBe(false);
    expect(await removeBodies(it, "rw_aaaaaaaa", 2)).toBe(true);
    expect([...objects.keys()]).toEqual(["rw_bbbbbbbb/f@rev_1"]);
  });
});
