/** A disk that does not take what is written, as one error that a person understands. */
import { messageOf, osCodeOf, RelayfileError } from "../errors.ts";

const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "SQLITE_FULL"]);
/** A database tells by codes of its own; one that cannot be opened is on a disk that cannot be written, too. */
const UNWRITABLE = /^(EROFS|EIO|SQLITE_(IOERR|READONLY|CANTOPEN)\w*)$/;

/**
 * The fault of a disk behind something thrown, or null when it is none. It names the directory, because names of single
 * files change from attempt to attempt; `fallback` is the directory where the system did not say.
 */
export function localFault(thrown: unknown, fallback: string): RelayfileError | null {
  if (thrown instanceof RelayfileError && thrown.code !== "io_error") return null;
  const told = thrown instanceof RelayfileError ? (thrown.cause ?? thrown) : thrown;
  const code = osCodeOf(told) ?? "";
  const full = FULL.has(code);
  if (!full && !UNWRITABLE.test(code)) return thrown instanceof RelayfileError ? thrown : null;
  const { path, dest } = told as { path?: unknown; dest?: unknown };
  const file = [dest, path].find((one): one is string => typeof one === "string" && one.startsWith("/"));
  const directory = file === undefined ? fallback : file.slice(0, file.lastIndexOf("/")) || "/";
  const message = full
    ? `the disk is full (${directory})`
    : `the disk cannot be written (${code}, ${directory})`;
  return new RelayfileError(
    "io_error",
    message,
    {
      path: directory,
      os: code,
      reason: messageOf(told),
      hint: full
        ? "Free space there, then repeat; what was saved in the mirror is still there"
        : "Make the disk writable, then repeat; what was saved in the mirror is still there",
    },
    { cause: thrown },
  );
}
