/** Runs a command line through the real front door, with ports of the test's choosing. */
import { COMMANDS, SECTIONS } from "../../commands/mod.ts";
import type { Ports } from "../../lib/ports.ts";
import { runFrontDoor } from "../../lib/ui/front-door.ts";
import { requirePublished } from "./published.ts";
import { type RecordedTerminal, recordedTerminal } from "./terminal.ts";

/** What one run left behind. */
export interface CliRun {
  readonly exit: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The document on stdout; fails when stdout is not exactly one JSON value. */
  readonly document: Record<string, unknown>;
}

/** What a test may decide about the terminal. */
export interface CliOptions {
  readonly stdin?: string;
  readonly env?: Record<string, string>;
  readonly tty?: boolean;
  /** Gets the terminal before the run, to send signals later. */
  readonly onTerminal?: (terminal: RecordedTerminal) => void;
}

/** The document on stdout, or null when it holds anything else. */
function jsonDocument(stdout: string): Record<string, unknown> | null {
  if (!stdout.startsWith("{")) return null;
  try {
    const value = JSON.parse(stdout) as Record<string, unknown>;
    return typeof value.kind === "string" && value.kind.startsWith("relayfile.") ? value : null;
  } catch {
    // Text, bytes or a stream of events: no document.
    return null;
  }
}

/**
 * Runs `words`, separated by spaces or given one by one; `options` as text is what standard input holds. A document on
 * stdout must satisfy its published schema.
 */
export async function runCli(
  words: string | readonly string[],
  ports: Ports,
  options: string | CliOptions = {},
): Promise<CliRun> {
  const argv = typeof words === "string" ? words.split(" ") : words;
  const { stdin = "", onTerminal, ...screen } = typeof options === "string" ? { stdin: options } : options;
  const recorded = recordedTerminal(argv, screen);
  const terminal = { ...recorded, stdin: async () => new TextEncoder().encode(stdin) };
  onTerminal?.(recorded);
  const exit = await runFrontDoor(terminal, {
    sections: SECTIONS,
    commands: COMMANDS,
    openPorts: async ({ log }) => ({ ...ports, log }),
  });
  const { stdout, stderr } = terminal.text;
  const printed = jsonDocument(stdout);
  if (printed !== null) await requirePublished(printed);
  return {
    exit,
    stdout,
    stderr,
    get document() {
      return JSON.parse(stdout) as Record<string, unknown>;
    },
  };
}
