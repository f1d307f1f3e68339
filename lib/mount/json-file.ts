/** JSON documents on disk: written to a hidden sibling and renamed, so that a reader never sees half a document. */
import type { LocalFs, Random } from "../ports.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * How to write. `sync` makes the file and its directory entry durable before returning; `bytes` only the file, so that
 * after a power cut the name has the old content or the new one, never half of it.
 */
export interface WriteOptions {
  readonly mode?: number;
  readonly sync?: boolean | "bytes";
  readonly indent?: number;
}

/** Reads text; null when there is no regular file: links are not followed. Other failures throw. */
export function readText(fs: LocalFs, path: string): string | null {
  if (fs.lstat(path)?.kind !== "file") return null;
  return decoder.decode(fs.readFile(path));
}

/** The JSON value of a file: absent, a value, or text that does not parse. */
export function readJson(fs: LocalFs, path: string): { value: unknown } | { problem: string } | null {
  const text = readText(fs, path);
  if (text === null) return fs.lstat(path) === null ? null : { problem: "not a regular file" };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : "not JSON" };
  }
}

/**
 * Writes a file atomically. A directory in its place is refused by the rename (EISDIR), the temporary file removed.
 * Failures name the file, also where the system names none.
 */
export function writeAtomic(
  { fs, random }: { fs: LocalFs; random: Random },
  path: string,
  bytes: Uint8Array,
  options: WriteOptions = {},
): void {
  const slash = path.lastIndexOf("/");
  const name = path.slice(slash + 1);
  const temporary = `${path.slice(0, slash)}/${name.startsWith(".") ? "" : "."}${name.slice(0, 120)}.tmp-${random.uuid().slice(0, 8)}`;
  try {
    fs.writeFile(temporary, bytes, {
      mode: options.mode ?? 0o644,
      exclusive: true,
      sync: options.sync !== undefined && options.sync !== false,
    });
    fs.rename(temporary, path);
  } catch (error) {
    if (error instanceof Error) Object.assign(error, { path, dest: path });
    fs.unlink(temporary);
    throw error;
  }
  if (options.sync === true) fs.syncDir(path.slice(0, slash));
}

/** Writes a JSON document atomically; indented documents end with a newline. */
export function writeJson(
  ports: { fs: LocalFs; random: Random },
  path: string,
  value: unknown,
  options: WriteOptions = {},
): void {
  const text = JSON.stringify(value, null, options.indent);
  writeAtomic(ports, path, encoder.encode(options.indent ? `${text}\n` : text), options);
}
