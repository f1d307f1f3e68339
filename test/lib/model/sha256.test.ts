import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { sha256Hex } from "../../../lib/model/sha256.ts";

const platform = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

describe("sha256Hex()", () => {
  test("gives the published values", () => {
    expect(sha256Hex("")).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  test("agrees with the platform around every block boundary", () => {
    for (let length = 0; length < 200; length++) {
      const bytes = new Uint8Array(length).map((_, n) => (n * 37 + length) & 255);
      expect(sha256Hex(bytes)).toBe(platform(bytes));
    }
  });

  test("agrees with the platform on any bytes and any text", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5_000 }), (bytes) => sha256Hex(bytes) === platform(bytes)),
    );
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        return sha256Hex(text) === platform(new TextEncoder().encode(text));
      }),
    );
  });
});
