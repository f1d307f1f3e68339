/** Writing a result to a local file that the user named: whole or not at all. */
import { fail, messageOf, osCodeOf } from "../lib/errors.ts";
import type { CommandContext } from "./_command.ts";

/** The absolute path of something the user typed. */
export function localPath(context: CommandContext, path: string): string {
  const isAbsolute = path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path);
  return isAbsolute ? path : `${context.ports.host.cwd}/${path}`;
}

/** Replaces a local file with bytes; fails with `io_error` naming it. */
export function writeOutput(context: CommandContext, path: string, bytes: Uint8Array): void {
  const sink = openOutput(context, path);
  sink.append(bytes);
  sink.finish();
}

/** A local file being written beside its place and moved there by `finish`. */
export interface OutputSink {
  append(bytes: Uint8Array): void;
  finish(): void;
  /** Removes what was written so far. */
  discard(): void;
}

/** Starts a local file; nothing is visible under its name before `finish`. */
export function openOutput(context: CommandContext, path: string): OutputSink {
  const { fs, random } = context.ports;
  const target = localPath(context, path);
  const temporary = `${target}.tmp-${random.uuid().slice(0, 8)}`;
  const guarded = (work: () => void) => {
    try {
      work();
    } catch (cause) {
      fail("io_error", `cannot write ${path} (${osCodeOf(cause) ?? messageOf(cause)})`, { path }, { cause });
    }
  };
  guarded(() => fs.writeFile(temporary, new Uint8Array(0), { exclusive: true }));
  return {
    append: (bytes) => guarded(() => fs.appendFile(temporary, bytes)),
    finish: () => guarded(() => fs.rename(temporary, target)),
    discard: () => guarded(() => void fs.unlink(temporary)),
  };
}
