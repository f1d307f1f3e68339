/** Reading files that a user named as input: what they are, their text, their JSON, with errors that name them. */
import { fail, isRelayfileError, messageOf, osCodeOf } from "../errors.ts";
import type { LocalFs } from "../ports.ts";

/** The largest file that is read as one piece. */
export const INPUT_BYTES_MAX = 256 * 1024 * 1024;

/** What a path is, links followed once; null when nothing is there. Fails with `invalid_input`. */
export function kindOf(fs: LocalFs, path: string): string | null {
  try {
    const stat = fs.lstat(path);
    return stat?.kind === "symlink" ? (fs.lstat(fs.realPath(path))?.kind ?? null) : (stat?.kind ?? null);
  } catch (cause) {
    return fail(
      "invalid_input",
      `cannot look at ${path} (${osCodeOf(cause) ?? messageOf(cause)})`,
      {},
      { cause },
    );
  }
}

/** A UTF-8 file. Fails with `invalid_input`, naming it. */
export function readText(fs: LocalFs, file: string, bytesMax: number): string {
  try {
    const bytes = fs.readFile(file);
    if (bytes.byteLength > bytesMax)
      fail("invalid_input", `${file} is ${bytes.byteLength} bytes, the limit is ${bytesMax}`);
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    if (isRelayfileError(cause)) throw cause;
    const why = cause instanceof TypeError ? "not UTF-8 text" : (osCodeOf(cause) ?? messageOf(cause));
    return fail("invalid_input", `cannot read ${file} (${why})`, {}, { cause });
  }
}

/** JSON of a file. Fails with `invalid_input`, naming it. */
export function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fail("invalid_input", `${file} is not valid JSON (${messageOf(cause)})`, {}, { cause });
  }
}
