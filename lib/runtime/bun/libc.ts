/** The few C library calls that Bun has no function for. Loaded when first needed; absent where the library differs. */
import { dlopen, FFIType } from "bun:ffi";

interface Libc {
  /** Locks an open file; 0 on success. */
  flock(descriptor: number, operation: number): number;
  /** Renames with flags (1: do not replace, 2: exchange); 0 on success; null where there is no such call. */
  renameWith: ((from: string, to: string, flags: number) => number) | null;
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
    return { flock: symbols.flock, syncfs: null, renameWith: null };
  }
  if (process.platform !== "linux") return null;
  for (const name of ["libc.so.6", `libc.musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`]) {
    try {
      const { symbols } = dlopen(name, { flock, syncfs });
      return { flock: symbols.flock, syncfs: symbols.syncfs, renameWith: loadRename(name) };
    } catch {
      // The other C library of Linux is tried next.
    }
  }
  return null;
}

/** Only newer C libraries of Linux have it. */
function loadRename(name: string): Libc["renameWith"] {
  const types = [FFIType.i32, FFIType.cstring, FFIType.i32, FFIType.cstring, FFIType.u32] as const;
  try {
    const { symbols } = dlopen(name, { renameat2: { args: types, returns: FFIType.i32 } });
    const bytes = (path: string) => Buffer.from(`${path}\0`);
    return (from, to, flags) => symbols.renameat2(AT_FDCWD, bytes(from), AT_FDCWD, bytes(to), flags);
  } catch {
    // The plain rename remains, with a check just before it.
    return null;
  }
}

const AT_FDCWD = -100;
