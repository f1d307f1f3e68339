import { expect, test } from "bun:test";
import fc from "fast-check";
import { decodeContent, encodeContent } from "../../../lib/model/file.ts";

test("decodeContent() undoes encodeContent() for any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const { content, encoding } = encodeContent(bytes);
      expect(decodeContent(content, encoding)).toEqual(new Uint8Array(bytes));
    }),
  );
});

test("encodeContent() keeps a byte-order mark, which a text decoder would drop", () => {
  const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x61]);
  const { content, encoding } = encodeContent(bytes);
  expect(decodeContent(content, encoding)).toEqual(bytes);
});

test("encodeContent() sends text as text", () => {
  expect(encodeContent(new TextEncoder().encode("héllo\n"))).toEqual({ content: "héllo\n" });
});

test("decodeContent() answers undefined for malformed base64", () => {
  expect(decodeContent("%%%", "base64")).toBeUndefined();
  expect(decodeContent("e30", " BASE64 ")).toEqual(new TextEncoder().encode("{}"));
});
