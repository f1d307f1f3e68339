/** The few C library calls that Bun has no function for. Loaded when first needed; absent where the library differs. */
import { dlopen, FFIType } from "bun:ffi";

interface Libc {
  /** Locks an open file; 0 on success. */
  flock(descriptor: number, operation: number): number;
  /** Renames with flags (1: do not replace, 2: exchange); 0 on success; null where there is no such call. */
  renameWith: ((from: string, to: string, flags: number) => number) | null;
  /** Gives an open file without a name its name; 0 on success; null where there is no such call. */
  link: ((descriptor: number, target: string) => number) | null;
  /** Syncs the file system that holds an open file; null where there is no such call. */
  syncfs: ((descriptor: number) => number) | null;
}

let loaded: Libc | null | undefined;

/** The C library, or null on systems without one we know. */
export function libc(): Libc | null {
  if (loaded === undefined) loaded = load();
  return loaded;
}

function load(): Libc | null {
  const flock = { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 } as const;
  const syncfs = { args: [FFIType.i32], returns: FFIType.i32 } as const;
  if (process.platform === "darwin") {
    const { symbols } = dlopen("libSystem.B.dylib", { flock });
    return { flock: symbols.flock, syncfs: null, renameWith: null, link: null };
  }
  if (process.platform !== "linux") return null;
  for (const name of ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]) {
    try {
      const { symbols } = dlopen(name, { flock, syncfs });
      return {
        flock: symbols.flock,
        syncfs: symbols.syncfs,
        renameWith: loadRename(name),
        link: loadLink(name),
      };
    } catch {
      // The other C library of Linux is tried next.
    }
  }
  return null;
}

/** Only newer C libraries of Linux have it. */
function loadRename(name: string): Libc["renameWith"] {
  const types = [FFIType.i32, FFIType.ptr, FFIType.i32, FFIType.ptr, FFIType.u32] as const;
  try {
    const { symbols } = dlopen(name, { renameat2: { args: types, returns: FFIType.i32 } });
    // Made once: a mirror renames thousands of files in a row.
    const [from, to] = [new Uint8Array(PATH_BYTES_MAX), new Uint8Array(PATH_BYTES_MAX)];
    return (source, target, flags) =>
      terminated(from, source) && terminated(to, target)
        ? symbols.renameat2(AT_FDCWD, from, AT_FDCWD, to, flags)
        : -1;
  } catch {
    // The plain rename remains, with a check just before it.
    return null;
  }
}

/**
 * Newer kernels name an open file of ours directly; older ones want privilege for that, and are asked by the path under
 * which they show open files.
 */
function loadLink(name: string): Libc["link"] {
  const types = [FFIType.i32, FFIType.ptr, FFIType.i32, FFIType.ptr, FFIType.i32] as const;
  const { symbols } = dlopen(name, { linkat: { args: types, returns: FFIType.i32 } });
  const [nothing, shown, to] = [new Uint8Array(1), new Uint8Array(64), new Uint8Array(PATH_BYTES_MAX)];
  let direct = true;
  return (descriptor, target) => {
    if (!terminated(to, target)) return -1;
    if (direct && symbols.linkat(descriptor, nothing, AT_FDCWD, to, AT_EMPTY_PATH) === 0) return 0;
    if (!terminated(shown, `/proc/self/fd/${descriptor}`)) return -1;
    if (symbols.linkat(AT_FDCWD, shown, AT_FDCWD, to, AT_SYMLINK_FOLLOW) !== 0) return -1;
    direct = false;
    return 0;
  };
}

const AT_SYMLINK_FOLLOW = 0x400;
const AT_EMPTY_PATH = 0x1000;

/** Writes a path and the zero that ends it into a buffer; false when it does not fit, as no path of Linux would. */
function terminated(buffer: Uint8Array, path: string): boolean {
  const { read, written } = encoder.encodeInto(path, buffer);
  if (read < path.length || written >= buffer.byteLength || path.includes("\0")) return false;
  buffer[written] = 0;
  return true;
}

const encoder = new TextEncoder();
const PATH_BYTES_MAX = 4_096;
const AT_FDCWD = -100;
