/** `--paths-file`: remote paths in a file, as a JSON array or one a line. */
import { fail } from "../lib/errors.ts";
import type { LocalFs } from "../lib/ports.ts";

const BYTES_MAX = 65_536;

/**
 * The paths in a file, trimmed, without comments. Fails with `usage` for a file that cannot be read or names none: a
 * typo must not mirror everything.
 */
export function readPathsFile(fs: LocalFs, file: string): readonly string[] {
  const stat = fs.lstat(file);
  const kind = stat?.kind === "symlink" ? "file" : stat?.kind;
  if (kind !== "file") fail("usage", `--paths-file ${file} is not a file`, { file });
  const bytes = fs.readFile(file);
  if (bytes.byteLength > BYTES_MAX)
    fail("usage", `--paths-file ${file} is ${bytes.byteLength} bytes, the limit is ${BYTES_MAX}`, { file });
  const text = new TextDecoder().decode(bytes);
  const paths = /^\s*[[{"]/.test(text) ? fromJson(text, file) : fromLines(text);
  if (paths.length === 0) {
    fail("usage", `--paths-file ${file} names no path`, {
      file,
      hint: "Write one remote path, such as /github",
    });
  }
  return paths;
}

function fromLines(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/^#.*|\s#.*/, "").trim())
    .filter((line) => line !== "");
}

function fromJson(text: string, file: string): string[] {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((one) => typeof one === "string"))
      return value.map((one) => one.trim()).filter((one) => one !== "");
  } catch {
    // Told below, together with arrays of something else.
  }
  return fail("usage", `--paths-file ${file} is not a JSON array of paths`, { file });
}
