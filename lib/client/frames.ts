/**
 * The framed export: a whole subtree in one answer, each file as a length, a JSON head and its bytes as they are. A last
 * head with the number of files tells a complete stream from a cut one.
 */
import { fail } from "../errors.ts";
import { CLIENT } from "../limits.ts";

/** One file of the stream, its bytes not yet compared with the hash it announces. */
export interface FramedFile {
  readonly path: string;
  readonly revision: string;
  readonly contentType: string;
  /** Empty when the server told none. */
  readonly contentHash: string;
  readonly bytes: Uint8Array;
}

const HEAD_BYTES_MAX = 64 * 1024;
const LENGTH_BYTES = 4;

type Head = Omit<FramedFile, "bytes"> & { readonly size: number };

/**
 * Takes the stream in pieces of any size. Bytes of a file are a view of the piece they came in where they did not span
 * two, so a caller that keeps them keeps the piece. Anything else than frames fails with `unexpected_answer`.
 */
export class FrameReader {
  /** Files handed out so far. */
  files = 0;
  /** True once the last head has come and its count was right. */
  ended = false;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #need = LENGTH_BYTES;
  #state: "length" | "head" | "body" = "length";
  #head: Head | null = null;

  /** The files that became complete with this piece. */
  push(piece: Uint8Array): FramedFile[] {
    const complete: FramedFile[] = [];
    let at = 0;
    for (;;) {
      const missing = this.#need - this.#waitingBytes;
      if (piece.byteLength - at < missing) break;
      const end = at + missing;
      // What began in an earlier piece is joined, and nothing more than that.
      const part = this.#waitingBytes === 0 ? piece.subarray(at, end) : this.#joined(piece.subarray(at, end));
      at = end;
      this.#take(part, complete);
    }
    if (at < piece.byteLength) {
      if (this.ended) refuse("it goes on after its end");
      this.#waiting.push(piece.subarray(at));
      this.#waitingBytes += piece.byteLength - at;
    }
    return complete;
  }

  #joined(last: Uint8Array): Uint8Array {
    const whole = new Uint8Array(this.#waitingBytes + last.byteLength);
    let at = 0;
    for (const part of [...this.#waiting.splice(0), last]) {
      whole.set(part, at);
      at += part.byteLength;
    }
    this.#waitingBytes = 0;
    return whole;
  }

  #take(part: Uint8Array, complete: FramedFile[]): void {
    if (this.ended) refuse("it goes on after its end");
    if (this.#state === "length") {
      const [a, b, c, d] = part as unknown as [number, number, number, number];
      const length = a * 2 ** 24 + (b << 16) + (c << 8) + d;
      if (length > HEAD_BYTES_MAX) refuse(`a head of ${length} bytes is announced`);
      this.#expect("head", length);
    } else if (this.#state === "head") {
      const head = headOf(part);
      if ("end" in head) {
        if (head.files !== this.files) refuse(`${head.files} files are announced, ${this.files} came`);
        this.ended = true;
        this.#expect("length", LENGTH_BYTES);
      } else {
        this.#head = head;
        this.#expect("body", head.size);
        if (head.size === 0) this.#take(part.subarray(0, 0), complete);
      }
    } else {
      const { size: _size, ...file } = this.#head as Head;
      complete.push({ ...file, bytes: part });
      this.files++;
      this.#expect("length", LENGTH_BYTES);
    }
  }

  #expect(state: "length" | "head" | "body", bytes: number): void {
    this.#state = state;
    this.#need = bytes;
  }
}

const decoder = new TextDecoder();

function headOf(part: Uint8Array): Head | { end: true; files: number } {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(decoder.decode(part)) as Record<string, unknown>;
  } catch {
    return refuse("a head is not JSON");
  }
  if (value?.end === true) return { end: true, files: Number(value.files) };
  const { path, revision, contentType, contentHash, size } = value ?? {};
  if (typeof path !== "string" || typeof revision !== "string") return refuse("a head names no file");
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    return refuse(`${path} has the size ${size}`);
  if (size > CLIENT.answerBytesMax)
    return refuse(`${path} has ${size} bytes, the limit is ${CLIENT.answerBytesMax}`);
  return {
    path,
    revision,
    size,
    contentType: typeof contentType === "string" ? contentType : "",
    contentHash: typeof contentHash === "string" ? contentHash : "",
  };
}

function refuse(why: string): never {
  return fail("unexpected_answer", `the export is not a stream of frames: ${why}`, {});
}
