/** The real process behind the front door. */
import type { OutputStream, Terminal } from "../../ui/terminal.ts";

/** The words, streams and signals of this process. `argv` are the arguments after the program's name. */
export function bunTerminal(argv: readonly string[]): Terminal {
  return {
    argv,
    env: process.env,
    stdout: outputStream(process.stdout),
    stderr: outputStream(process.stderr),
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

/** A closed pipe is an answer (`false`), never an exception. */
function outputStream(stream: NodeJS.WriteStream): OutputStream {
  let open = true;
  let listening = false;
  return {
    isTty: stream.isTTY === true,
    columns: stream.columns || null,
    write(chunk) {
      if (!listening) {
        listening = true;
        // The callback of the write that failed reports it; without a listener the process would die.
        stream.on("error", () => {
          open = false;
        });
      }
      return new Promise((resolve) => {
        stream.write(chunk, (error) => {
          if (error) open = false;
          resolve(open);
        });
      });
    },
  };
}
