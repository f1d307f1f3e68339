import { expect, test } from "bun:test";
import fc from "fast-check";
import { encodeContent } from "../../../../lib/model/content.ts";
import { contentMembers } from "../../../../lib/service/file-api/json-content.ts";

const written = (bytes: Uint8Array) =>
  JSON.parse(
    `{${new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat([...contentMembers(bytes)]))}}`,
  );

test("contentMembers() says what encodeContent() says, for any bytes", () => {
  const text = fc.string({ unit: "binary", maxLength: 60 }).map((value) => new TextEncoder().encode(value));
  const controls = fc.array(fc.nat({ max: 0x7f }), { maxLength: 200 }).map((bytes) => Uint8Array.from(bytes));
  const mark = fc.uint8Array({ maxLength: 9 }).map((rest) => Uint8Array.from([0xef, 0xbb, 0xbf, ...rest]));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 100 }), text, controls, mark), (bytes) => {
      expect(written(bytes)).toEqual(encodeContent(bytes));
    }),
    { numRuns: 2_000 },
  );
});

test("contentMembers() encodes what is no text in pieces that join (S13)", () => {
  for (const size of [192 * 1024 - 1, 192 * 1024, 192 * 1024 + 1, 500_000]) {
    const bytes = new Uint8Array(size).map((_, index) => ((index * 31) % 251) | 0x80);
    const pieces = [...contentMembers(bytes)];
    expect(Math.max(...pieces.map(({ byteLength }) => byteLength))).toBeLessThanOrEqual(256 * 1024);
    expect(written(bytes)).toEqual(encodeContent(bytes));
  }
});
