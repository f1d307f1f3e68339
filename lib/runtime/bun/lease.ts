/** Advisory locks that exclude other processes and end with ours: `flock`, which record locks do not exclude on Linux. */
import * as fs from "node:fs";
import { fail } from "../../errors.ts";
import type { Lease } from "../../mount/world.ts";
import { libc } from "./libc.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;

/** Takes the lock of a file, creating it 0600, and writes `content` into it; null when another process holds it. */
export function acquireLease(path: string, content: string): Lease | null {
  const flock = libc()?.flock ?? null;
  const handle = fs.openSync(path, fs.constants.O_RDWR | fs.constants.O_CREAT, 0o600);
  if (flock === null) {
    fs.closeSync(handle);
    return fail("not_supported", "this system offers no file lock that relayfile knows", {
      hint: "Use Linux or macOS for the mount daemon",
    });
  }
  if (flock(handle, LOCK_EX | LOCK_NB) !== 0) {
    fs.closeSync(handle);
    return null;
  }
  fs.ftruncateSync(handle, 0);
  fs.writeSync(handle, content, 0);
  let released = false;
  return {
    release() {
      if (released) return;
      released = true;
      fs.closeSync(handle);
    },
  };
}
