/** The local disk on Bun: `node:fs` in its synchronous form, plus one call to sync a whole file system. */
import * as fs from "node:fs";
import { osCodeOf } from "../../errors.ts";
import type { FileStat, LocalFs } from "../../ports.ts";
import { libc } from "./libc.ts";

const NO_REPLACE = 1;
const EXCHANGE = 2;

/** The disk of this machine. */
export function bunLocalFs(): LocalFs {
  return {
    lstat(path) {
      try {
        const stat = fs.lstatSync(path, { throwIfNoEntry: false });
        return stat === undefined ? null : statOf(stat);
      } catch (error) {
        // A parent that is a file: the path does not exist.
        if (osCodeOf(error) === "ENOTDIR") return null;
        throw error;
      }
    },
    readDir: (path) =>
      fs
        .readdirSync(path, { withFileTypes: true })
        .map((entry) => ({ name: entry.name, kind: kindOf(entry) })),
    readFile: (path) => fs.readFileSync(path),
    writeFile(path, bytes, { mode = 0o644, exclusive = false, sync = false } = {}) {
      const handle = fs.openSync(path, exclusive ? "wx" : "w", mode);
      try {
        writeWhole(handle, bytes);
        if (sync) fs.fsyncSync(handle);
      } finally {
        fs.closeSync(handle);
      }
    },
    appendFile: (path, bytes) => fs.appendFileSync(path, bytes),
    rename: (from, to) => fs.renameSync(from, to),
    exchange: (a, b) => libc()?.renameWith?.(a, b, EXCHANGE) === 0,
    renameNew(from, to) {
      const rename = libc()?.renameWith ?? null;
      if (rename === null) return null;
      if (rename(from, to, NO_REPLACE) === 0) return true;
      return fs.lstatSync(to, { throwIfNoEntry: false }) === undefined ? null : false;
    },
    ...unnamedFiles(),
    unlink(path) {
      try {
        fs.unlinkSync(path);
        return true;
      } catch (error) {
        if (osCodeOf(error) === "ENOENT" || osCodeOf(error) === "ENOTDIR") return false;
        throw error;
      }
    },
    removeDir: (path) => fs.rmdirSync(path),
    makeDir: (path, mode) => {
      fs.mkdirSync(path, { recursive: true, ...(mode === undefined ? {} : { mode }) });
    },
    chmod: (path, mode) => fs.chmodSync(path, mode),
    realPath: (path) => fs.realpathSync(path),
    syncDir: (path) =>
      withDescriptor(path, (handle) => {
        // Windows cannot sync a directory; its entries are durable with the file.
        if (process.platform !== "win32") fs.fsyncSync(handle);
      }),
    syncTree(path) {
      const syncfs = libc()?.syncfs ?? null;
      withDescriptor(path, (handle) => {
        if (syncfs !== null && syncfs(handle) === 0) return;
        syncFiles(path);
      });
    },
    freeBytes(path) {
      const { bavail, bsize } = fs.statfsSync(path);
      return bavail * bsize;
    },
  };
}

/** Open for writing, without a name: Linux's `O_TMPFILE`, which Bun has no name for. */
const UNNAMED = fs.constants.O_WRONLY | fs.constants.O_DIRECTORY | 0o20000000;
/** Descriptors held at once; the rest of the process needs some too. */
const UNNAMED_MAX = { most: 2_000, shareOfLimit: 0.25 } as const;

/** Files without a name: not every system, file system or sandbox can, and the first refusal settles it. */
function unnamedFiles(): Pick<LocalFs, "writeUnnamed" | "nameUnnamed" | "dropUnnamed"> {
  const held = new Set<number>();
  let heldMax: number | null = null;
  let works = process.platform === "linux";
  return {
    writeUnnamed(directory, bytes, mode) {
      heldMax ??= Math.min(UNNAMED_MAX.most, descriptorLimit() * UNNAMED_MAX.shareOfLimit);
      if (!works || held.size >= heldMax) return null;
      const handle = openUnnamed(directory, mode);
      if (handle === null) {
        works = false;
        return null;
      }
      held.add(handle);
      try {
        writeWhole(handle, bytes);
        return handle;
      } catch (error) {
        held.delete(handle);
        fs.closeSync(handle);
        throw error;
      }
    },
    nameUnnamed(handle, path) {
      if (libc()?.link?.(handle, path) === 0) return true;
      if (fs.lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false;
      works = false;
      return null;
    },
    dropUnnamed(handle) {
      if (held.delete(handle)) fs.closeSync(handle);
    },
  };
}

/** Null where the file system knows no such files, or the directory is none. */
function openUnnamed(directory: string, mode: number): number | null {
  try {
    return fs.openSync(directory, UNNAMED, mode);
  } catch (error) {
    if (["EOPNOTSUPP", "ENOTSUP", "EISDIR", "EINVAL"].includes(osCodeOf(error) ?? "")) return null;
    throw error;
  }
}

/** How many files this process may have open. */
function descriptorLimit(): number {
  try {
    const limits = fs.readFileSync("/proc/self/limits", "utf8");
    return Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? 0);
  } catch {
    // Nothing is known of a limit: none are held.
    return 0;
  }
}

function writeWhole(handle: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.byteLength) {
    written += fs.writeSync(handle, bytes, written, bytes.byteLength - written);
  }
}

/** Without a call for the whole file system every file below the path is synced by itself. */
function syncFiles(path: string): void {
  for (const entry of fs.readdirSync(path, { withFileTypes: true })) {
    const child = `${path}/${entry.name}`;
    if (entry.isDirectory()) syncFiles(child);
    else if (entry.isFile()) withDescriptor(child, (handle) => fs.fsyncSync(handle));
  }
  if (process.platform !== "win32") withDescriptor(path, (handle) => fs.fsyncSync(handle));
}

function withDescriptor(path: string, use: (descriptor: number) => void): void {
  const handle = fs.openSync(path, "r");
  try {
    use(handle);
  } finally {
    fs.closeSync(handle);
  }
}

function statOf(stat: fs.Stats): FileStat {
  const { size, mtimeMs, ctimeMs, ino, dev, mode, uid } = stat;
  return {
    kind: kindOf(stat),
    sizeBytes: size,
    mtimeMs,
    ctimeMs,
    inode: ino,
    deviceId: dev,
    mode: mode & 0o7777,
    // Windows has no such numbers and answers 0 for everybody.
    ...(process.platform === "win32" ? {} : { ownerId: uid }),
  };
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }) {
  if (entry.isFile()) return "file";
  if (entry.isDirectory()) return "directory";
  return entry.isSymbolicLink() ? "symlink" : "other";
}
