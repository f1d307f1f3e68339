/**
 * Content as JSON without going through strings: an export of many files would otherwise leave three copies of each
 * behind for the garbage collector, and memory would follow the speed of the reader.
 */
import type { FileRow } from "../store/files.ts";
import { fileDocument } from "../workspace/reads.ts";

const encoder = new TextEncoder();
const strictText = new TextDecoder("utf-8", { fatal: true });
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SHORT: Readonly<Record<number, number>> = { 8: 0x62, 9: 0x74, 10: 0x6e, 12: 0x66, 13: 0x72 };
const HEX = encoder.encode("0123456789abcdef");

/** A multiple of three, so that the pieces join without padding in between. */
const BASE64_CHUNK_BYTES = 192 * 1024;
const NOTHING = new Uint8Array(0);
const CLOSE = encoder.encode("}");

/** A whole file document, in pieces that may be sent as they are. */
export function* documentChunks(row: FileRow, bytes: Uint8Array): Generator<Uint8Array> {
  const { content: _content, encoding: _encoding, ...head } = fileDocument(row, NOTHING);
  yield encoder.encode(`${JSON.stringify(head).slice(0, -1)},`);
  yield* contentMembers(bytes);
  yield CLOSE;
}

/** The members `"content"` and, for what is no text, `"encoding"` of a file document, in pieces that may be sent as they are. */
export function* contentMembers(bytes: Uint8Array): Generator<Uint8Array> {
  const { extraBytes, ascii } = surveyed(bytes);
  if (!ascii && !isText(bytes)) {
    yield encoder.encode('"encoding":"base64","content":"');
    for (let at = 0; at < bytes.byteLength; at += BASE64_CHUNK_BYTES)
      yield encoder.encode(bytes.subarray(at, at + BASE64_CHUNK_BYTES).toBase64());
    yield encoder.encode('"');
    return;
  }
  yield encoder.encode('"content":"');
  if (bytes.byteLength > 0) yield extraBytes === 0 ? bytes : escaped(bytes, extraBytes);
  yield encoder.encode('"');
}

/** How many bytes escaping adds, and whether every byte is a character of its own. */
function surveyed(bytes: Uint8Array): { extraBytes: number; ascii: boolean } {
  let extraBytes = 0;
  let high = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    high |= byte;
    if (byte === QUOTE || byte === BACKSLASH) extraBytes += 1;
    else if (byte < 0x20) extraBytes += SHORT[byte] === undefined ? 5 : 1;
  }
  return { extraBytes, ascii: high < 0x80 };
}

/** True for what travels as text: UTF-8 without a byte-order mark, which decoders would drop. */
function isText(bytes: Uint8Array): boolean {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return false;
  try {
    strictText.decode(bytes);
    return true;
  } catch {
    // Not UTF-8 is an answer here.
    return false;
  }
}

function escaped(bytes: Uint8Array, extraBytes: number): Uint8Array {
  const out = new Uint8Array(bytes.byteLength + extraBytes);
  let to = 0;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH) {
      out[to++] = byte;
      continue;
    }
    out[to++] = BACKSLASH;
    const short = byte >= 0x20 ? byte : SHORT[byte];
    if (short !== undefined) out[to++] = short;
    else {
      out.set([0x75, 0x30, 0x30, HEX[byte >> 4] as number, HEX[byte & 15] as number], to);
      to += 5;
    }
  }
  return out;
}
