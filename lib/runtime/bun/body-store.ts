/** Large bodies as files: written beside, fsynced, renamed; names are hashes of keys, so any path fits any file system. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fail, messageOf, osCodeOf } from "../../errors.ts";
import type { BodyStore } from "../../ports.ts";

/** A body store in a directory, which is created when missing. Fails with `io_error`. */
export function diskBodyStore(directory: string): BodyStore {
  const fileOf = (key: string) => {
    // Not `node:crypto`: loading that module alone takes milliseconds of every start.
    const name = new Bun.CryptoHasher("sha256").update(key).digest("hex");
    return {
      folder: join(directory, name.slice(0, 2)),
      file: join(directory, name.slice(0, 2), name.slice(2)),
    };
  };
  let serial = 0;
  return {
    put: async (key, bytes) => {
      const { folder, file } = fileOf(key);
      const partial = `${file}.${++serial}.partial`;
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        const handle = openSync(partial, "w", 0o600);
        try {
          writeAll(handle, bytes);
          fsyncSync(handle);
        } finally {
          closeSync(handle);
        }
        renameSync(partial, file);
        const folderHandle = openSync(folder, "r");
        try {
          fsyncSync(folderHandle);
        } finally {
          closeSync(folderHandle);
        }
      } catch (cause) {
        rmSync(partial, { force: true });
        fail(
          "io_error",
          `cannot store a body in ${directory}: ${messageOf(cause)}`,
          { directory },
          { cause },
        );
      }
    },
    get: async (key) => {
      try {
        return new Uint8Array(await readFile(fileOf(key).file));
      } catch (cause) {
        if (osCodeOf(cause) === "ENOENT") return null;
        return fail(
          "io_error",
          `cannot read a body in ${directory}: ${messageOf(cause)}`,
          { directory },
          { cause },
        );
      }
    },
    delete: async (keys) => {
      for (const key of keys) rmSync(fileOf(key).file, { force: true });
    },
  };
}

function writeAll(handle: number, bytes: Uint8Array): void {
  for (let offset = 0; offset < bytes.byteLength; ) offset += writeSync(handle, bytes, offset);
}
