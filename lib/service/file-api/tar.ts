/** The tar format (POSIX ustar with pax headers for long names), one header at a time, so that archives can be streamed. */

const BLOCK = 512;
const encoder = new TextEncoder();

/** One member. */
export interface TarMember {
  /** Without a leading slash. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Milliseconds. */
  readonly modifiedAtMs: number;
}

/** Header blocks of a member. A name that does not fit is carried by a pax record before it. */
export function tarHeader(member: TarMember): Uint8Array {
  const plain = header(member.name, member.sizeBytes, member.modifiedAtMs, "0");
  if (encoder.encode(member.name).byteLength <= 100) return plain;
  const record = encoder.encode(paxRecord("path", member.name));
  const short = new TextDecoder().decode(encoder.encode(member.name).subarray(0, 96)).replace(/\uFFFD$/u, "");
  return join([
    header("pax", record.byteLength, member.modifiedAtMs, "x"),
    record,
    tarPadding(record.byteLength),
    header(short, member.sizeBytes, member.modifiedAtMs, "0"),
  ]);
}

/** Zeros that fill content up to the next block. */
export function tarPadding(sizeBytes: number): Uint8Array {
  return new Uint8Array((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
}

/** The two empty blocks that end an archive. */
export function tarEnd(): Uint8Array {
  return new Uint8Array(2 * BLOCK);
}

function header(name: string, sizeBytes: number, modifiedAtMs: number, type: "0" | "x"): Uint8Array {
  const block = new Uint8Array(BLOCK);
  const put = (text: string, offset: number, length: number) =>
    block.set(encoder.encode(text).subarray(0, length), offset);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, "0")}\u0000`;
  put(name, 0, 100);
  put(octal(0o644, 8), 100, 8);
  put(octal(0, 8), 108, 8);
  put(octal(0, 8), 116, 8);
  put(octal(sizeBytes, 12), 124, 12);
  put(octal(Math.max(0, Math.floor(modifiedAtMs / 1_000)), 12), 136, 12);
  put("        ", 148, 8);
  put(type, 156, 1);
  put("ustar\u000000", 257, 8);
  const checksum = block.reduce((sum, byte) => sum + byte, 0);
  put(`${checksum.toString(8).padStart(6, "0")}\u0000 `, 148, 8);
  return block;
}

/** `<length> <key>=<value>\n`, where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const size = encoder.encode(rest).byteLength;
  let total = size + String(size).length;
  total = size + String(total).length;
  return `${total}${rest}`;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.byteLength;
  }
  return whole;
}
