import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type FramedFile, FrameReader } from "../../../lib/client/frames.ts";
import { isRelayfileError } from "../../../lib/errors.ts";

function frame(head: unknown, body: Uint8Array = new Uint8Array()): Uint8Array {
  const text = new TextEncoder().encode(JSON.stringify(head));
  const bytes = new Uint8Array(4 + text.byteLength + body.byteLength);
  new DataView(bytes.buffer).setUint32(0, text.byteLength);
  bytes.set(text, 4);
  bytes.set(body, 4 + text.byteLength);
  return bytes;
}

function stream(bodies: readonly Uint8Array[], count = bodies.length): Uint8Array {
  const frames = bodies.map((body, n) =>
    frame({ path: `/f${n}`, revision: `rev_${n}`, contentHash: "h", size: body.byteLength }, body),
  );
  return Uint8Array.from([...frames, frame({ end: true, files: count })].flatMap((one) => [...one]));
}

function read(bytes: Uint8Array, cuts: readonly number[] = []): { files: FramedFile[]; reader: FrameReader } {
  const reader = new FrameReader();
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.byteLength];
  const files = places.slice(1).flatMap((end, index) => reader.push(bytes.slice(places[index], end)));
  return { files, reader };
}

function refusal(bytes: Uint8Array): string {
  try {
    read(bytes);
  } catch (error) {
    if (isRelayfileError(error, "unexpected_answer")) return error.message;
    throw error;
  }
  return "nothing was refused";
}

describe("FrameReader", () => {
  test("push() gives the same files however the stream is cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (bodies, cuts) => {
          const bytes = stream(bodies);
          const { files, reader } = read(
            bytes,
            cuts.map((cut) => cut % (bytes.byteLength + 1)),
          );
          expect(files.map(({ bytes: body }) => [...body])).toEqual(bodies.map((body) => [...body]));
          expect(files.map(({ path }) => path)).toEqual(bodies.map((_body, n) => `/f${n}`));
          expect(reader.ended).toBe(true);
        },
      ),
    );
  });

  test("ended stays false for a stream that was cut anywhere", () => {
    const bytes = stream([new Uint8Array(3), new Uint8Array(0)]);
    for (let end = 0; end < bytes.byteLength; end++)
      expect(read(bytes.subarray(0, end)).reader.ended).toBe(false);
  });

  test("push() refuses what is no stream of frames", () => {
    const one = new Uint8Array(1);
    const cases: [string, Uint8Array][] = [
      ["bytes is announced", new TextEncoder().encode("<html><body>not found</body></html>")],
      ["not JSON", Uint8Array.from([0, 0, 0, 1, 0x7b])],
      ["names no file", frame({ size: 1 }, one)],
      ["names no file", frame(null)],
      ["has the size -1", frame({ path: "/a", revision: "r", size: -1 }, one)],
      ["has the size undefined", frame({ path: "/a", revision: "r" }, one)],
      ["the limit is", frame({ path: "/a", revision: "r", size: 1e12 }, one)],
      ["2 files are announced, 1 came", stream([one], 2)],
      ["goes on after its end", Uint8Array.from([...stream([one]), 0])],
      ["goes on after its end", Uint8Array.from([...stream([one]), ...stream([one])])],
    ];
    for (const [message, bytes] of cases) expect(refusal(bytes)).toContain(message);
  });
});
