/** Runs a command line through the real front door, with ports of the test's choosing. */
import { COMMANDS, SECTIONS } from "../../commands/mod.ts";
import type { Ports } from "../../lib/ports.ts";
import { runFrontDoor } from "../../lib/ui/front-door.ts";
import { recordedTerminal } from "./terminal.ts";

/** What one run left behind. */
export interface CliRun {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The document on stdout; fails when stdout is not exactly one JSON value. */
  readonly document: Record<string, unknown>;
}

/** Runs `words`, separated by spaces or given one by one; `stdin` is what standard input holds. */
export async function runCli(words: string | readonly string[], ports: Ports, stdin = ""): Promise<CliRun> {
  const argv = typeof words === "string" ? words.split(" ") : words;
  const terminal = { ...recordedTerminal(argv), stdin: async () => new TextEncoder().encode(stdin) };
  const exit = await runFrontDoor(terminal, {
    sections: SECTIONS,
    commands: COMMANDS,
    openPorts: async ({ log }) => ({ ...ports, log }),
  });
  const { stdout, stderr } = terminal.text;
  return {
    exit,
    stdout,
    stderr,
    get document() {
      return JSON.parse(stdout) as Record<string, unknown>;
    },
  };
}
