/**
 * Writing and reading the two archive formats of a release. Written here because the same input must give the same
 * bytes, with modes, on every system: no times, no users, entries in the order given.
 */
import { deflateRawSync, gunzipSync, gzipSync, inflateRawSync } from "node:zlib";

/** One file of an archive. */
export interface ArchiveEntry {
  /** Relative, forward slashes. At most 100 bytes. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** 0o755 for programs, 0o644 for the rest. */
  readonly mode: number;
}

const BLOCK = 512;

/** A gzipped ustar archive. */
export function writeTarGz(entries: readonly ArchiveEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const { name, bytes, mode } of entries) {
    parts.push(
      tarHeader(name, bytes.length, mode),
      bytes,
      new Uint8Array((BLOCK - (bytes.length % BLOCK)) % BLOCK),
    );
  }
  parts.push(new Uint8Array(2 * BLOCK));
  return gzipSync(Buffer.concat(parts), { level: 9 });
}

/** The entries of a gzipped ustar archive. Throws when it is damaged. */
export function readTarGz(archive: Uint8Array): ArchiveEntry[] {
  const tar = gunzipSync(archive);
  const entries: ArchiveEntry[] = [];
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0; ) {
    const header = tar.subarray(at, at + BLOCK);
    const text = (from: number, to: number) =>
      header.subarray(from, to).toString("latin1").split("\0")[0] ?? "";
    if (Number.parseInt(text(148, 156), 8) !== checksum(header))
      throw new Error(`damaged tar header at byte ${at}`);
    const size = Number.parseInt(text(124, 136), 8);
    const start = at + BLOCK;
    if (start + size > tar.length) throw new Error(`${text(0, 100)} is cut off`);
    entries.push({
      name: text(0, 100),
      mode: Number.parseInt(text(100, 108), 8),
      bytes: tar.subarray(start, start + size),
    });
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return entries;
}

/** A zip archive with deflated entries. */
export function writeZip(entries: readonly ArchiveEntry[]): Uint8Array {
  const files: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, bytes, mode } of entries) {
    const body = deflateRawSync(bytes, { level: 9 });
    const fixed = zipFields(name, bytes, body.length);
    const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), fixed, Buffer.from(name), body]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((0o100000 | mode) * 0x10000, 6);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.from("PK\x01\x02\x14\x03", "latin1"), fixed, tail, Buffer.from(name));
    files.push(local);
    offset += local.length;
  }
  const central = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(entries.length, 8);
  end.writeUInt16LE(entries.length, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...files, central, end]);
}

/** The entries of a zip archive as `writeZip` makes it. Throws when it is damaged. */
export function readZip(archive: Uint8Array): ArchiveEntry[] {
  const zip = Buffer.from(archive);
  const end = zip.lastIndexOf("PK\x05\x06");
  if (end < 0) throw new Error("no end of central directory");
  const entries: ArchiveEntry[] = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const [packed, nameLength] = [zip.readUInt32LE(at + 20), zip.readUInt16LE(at + 28)];
    const name = zip.toString("utf8", at + 46, at + 46 + nameLength);
    const start = zip.readUInt32LE(at + 42) + 30 + nameLength;
    const bytes = inflateRawSync(zip.subarray(start, start + packed));
    if (Bun.hash.crc32(bytes) !== zip.readUInt32LE(at + 16))
      throw new Error(`${name} does not match its checksum`);
    entries.push({ name, bytes, mode: (zip.readUInt32LE(at + 38) >>> 16) & 0o777 });
    at += 46 + nameLength;
  }
  return entries;
}

function tarHeader(name: string, size: number, mode: number): Uint8Array {
  if (Buffer.byteLength(name) > 100) throw new Error(`${name} is longer than a tar name may be`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, length: number) => `${value.toString(8).padStart(length - 1, "0")}\0`;
  header.write(name, 0, "utf8");
  header.write(octal(mode, 8) + octal(0, 8) + octal(0, 8) + octal(size, 12) + octal(0, 12), 100, "latin1");
  header.write("0", 156, "latin1");
  header.write("ustar\x0000", 257, "latin1");
  header.write(`${checksum(header).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** Sum of the header's bytes with the checksum field taken as spaces. */
function checksum(header: Uint8Array): number {
  return header.reduce((sum, byte, at) => sum + (at >= 148 && at < 156 ? 32 : byte), 0);
}

/** The 26 bytes that local header and directory share: version, flags, method, fixed time, sums, sizes, name length. */
function zipFields(name: string, bytes: Uint8Array, packedLength: number): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(8, 4);
  fields.writeUInt16LE(0x21, 8);
  fields.writeUInt32LE(Bun.hash.crc32(bytes), 10);
  fields.writeUInt32LE(packedLength, 14);
  fields.writeUInt32LE(bytes.length, 18);
  fields.writeUInt16LE(Buffer.byteLength(name), 22);
  return fields;
}
