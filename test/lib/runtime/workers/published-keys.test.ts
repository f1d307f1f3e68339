/** Keys of another object: asked for once, and not again for every forged token. */
import { describe, expect, test } from "bun:test";
import { publishedKeyResolver } from "../../../../lib/runtime/workers/published-keys.ts";
import type { ControlPlaneStub } from "../../../../lib/runtime/workers/types.ts";
import { importKeys, newKeyText } from "../../../../lib/service/control-plane/keys.ts";
import { FakeClock } from "../../../support/clock.ts";

describe("publishedKeyResolver()", () => {
  test("asks once, believes an unknown id unknown for a while, and then learns of a new key", async () => {
    const clock = new FakeClock();
    const [first, second] = await Promise.all(
      [newKeyText(), newKeyText()].map(async (t) => importKeys(await t)),
    );
    if (!first || !second) throw new Error("no keys");
    const published: Record<string, unknown>[] = [{ ...first.publicJwk }, { kty: "EC", kid: "other" }];
    let asked = 0;
    const publishedKeys = async () => {
      asked++;
      return published;
    };
    const resolve = publishedKeyResolver(() => ({ publishedKeys }) as unknown as ControlPlaneStub, clock);
    expect((await resolve(first.kid))?.type).toBe("public");
    expect(await resolve(second.kid)).toBeNull();
    expect(await resolve("other")).toBeNull();
    expect(asked).toBe(1);
    published.push({ ...second.publicJwk });
    await clock.advance(10_000);
    expect((await resolve(second.kid))?.type).toBe("public");
    expect(asked).toBe(2);
  });
});
