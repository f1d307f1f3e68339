/** Compares a whole text with a stored one; `UPDATE_GOLDEN=1` rewrites it. */

import { expect } from "bun:test";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const ROOT = join(import.meta.dir, "..", "golden");

/** Expects `text` to equal `test/golden/<name>`. A missing file fails unless goldens are being rewritten. */
export function expectGolden(name: string, text: string): void {
  const path = join(ROOT, name);
  if (process.env.UPDATE_GOLDEN === "1") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  if (!existsSync(path)) throw new Error(`no golden ${name}; write it with UPDATE_GOLDEN=1`);
  expect(text, `differs from test/golden/${name}; UPDATE_GOLDEN=1 rewrites it`).toBe(
    readFileSync(path, "utf8"),
  );
}
