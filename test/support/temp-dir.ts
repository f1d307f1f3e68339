/** Directories that exist for one test and leave nothing behind. */
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A fresh directory, links resolved. Use with `using`, or call `remove`. */
export interface TempDir extends Disposable {
  readonly path: string;
  /** A path below it. */
  join(...parts: string[]): string;
  remove(): void;
}

/** Creates a directory whose name starts with `prefix`. */
export function tempDir(prefix = "relayfile-test-"): TempDir {
  const path = mkdtempSync(join(realpathSync(tmpdir()), prefix));
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 });
  return { path, join: (...parts) => join(path, ...parts), remove, [Symbol.dispose]: remove };
}
