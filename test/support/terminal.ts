/** A terminal that records what was written to it. */
import type { OutputStream, Terminal } from "../../lib/ui/terminal.ts";

/** The recording and a way to send signals. */
export interface RecordedTerminal extends Terminal {
  readonly text: { stdout: string; stderr: string };
  readonly exitedNow: number[];
  signal(name: "SIGINT" | "SIGTERM"): void;
}

/** A terminal with the given words. Streams are no TTY unless asked; `closed` makes stdout a broken pipe. */
export function recordedTerminal(
  argv: readonly string[],
  options: { env?: Record<string, string>; tty?: boolean; columns?: number; closed?: boolean } = {},
): RecordedTerminal {
  const text = { stdout: "", stderr: "" };
  const listeners = new Set<(signal: "SIGINT" | "SIGTERM") => void>();
  const exitedNow: number[] = [];
  const stream = (name: "stdout" | "stderr"): OutputStream => ({
    screen: async () => ({ isTty: options.tty ?? false, columns: options.columns ?? null }),
    write: async (chunk) => {
      if (options.closed && name === "stdout") return false;
      text[name] += typeof chunk === "string" ? chunk : new TextDecoder().decode(chunk);
      return true;
    },
  });
  return {
    argv,
    env: options.env ?? {},
    stdout: stream("stdout"),
    stderr: stream("stderr"),
    onSignal: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    exitNow: (code) => void exitedNow.push(code),
    text,
    exitedNow,
    signal: (name) => {
      for (const listener of listeners) listener(name);
    },
  };
}
