/** The real process behind the front door. */
import { fail, messageOf, osCodeOf } from "../../errors.ts";
import type { OutputStream, Terminal } from "../../ui/terminal.ts";

/** The words, streams and signals of this process. `argv` are the arguments after the program's name. */
export function bunTerminal(argv: readonly string[]): Terminal {
  return {
    argv,
    env: process.env,
    stdout: outputStream(Bun.stdout, "stdout"),
    stderr: outputStream(Bun.stderr, "stderr"),
    onSignal(listener) {
      const onInterrupt = () => listener("SIGINT");
      const onTerminate = () => listener("SIGTERM");
      process.on("SIGINT", onInterrupt);
      process.on("SIGTERM", onTerminate);
      return () => {
        process.off("SIGINT", onInterrupt);
        process.off("SIGTERM", onTerminate);
      };
    },
    exitNow: (code) => process.exit(code),
  };
}

/**
 * Writes go to the descriptor directly: creating a stream of `process` costs more than the rest of a short run. A closed
 * pipe is an answer (`false`); any other failure to write stdout is `io_error`.
 */
function outputStream(file: typeof Bun.stdout, name: "stdout" | "stderr"): OutputStream {
  return {
    async screen() {
      // A descriptor that was closed before the start has no facts; it is no terminal either.
      const stat = await file.stat().catch(() => null);
      const isDevice = stat?.isCharacterDevice() ?? false;
      if (!isDevice) return { isTty: false, columns: null };
      return { isTty: process[name].isTTY === true, columns: process[name].columns || null };
    },
    async write(chunk) {
      try {
        await Bun.write(file, chunk);
        return true;
      } catch (error) {
        if (name === "stderr" || osCodeOf(error) === "EPIPE") return false;
        return fail("io_error", `cannot write to stdout: ${messageOf(error)}`, {}, { cause: error });
      }
    },
  };
}
