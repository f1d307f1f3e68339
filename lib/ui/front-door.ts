/**
 * Everything between the words of a command line and the exit code. Commands return documents; this is the only place
 * that prints, maps failures to exit codes and hears signals. What a line does not need is not loaded.
 */
import type {
  CommandContext,
  CommandResult,
  Document,
  GlobalFlags,
  GroupCommand,
  LazyCommand,
  LeafCommand,
} from "../../commands/_command.ts";
import type { CommandSection } from "../../commands/mod.ts";
import { EXIT, fail, RelayfileError } from "../errors.ts";
import type { Env, Log, Ports } from "../ports.ts";
import { parseArgv } from "./argv.ts";
import { GLOBAL_ARGS, globalFlags, hasFlag, wantsJson } from "./globals.ts";
import { Output } from "./output.ts";
import type { Terminal } from "./terminal.ts";

/** What the program consists of. */
export interface Program {
  readonly sections: readonly CommandSection[];
  readonly commands: Readonly<Record<string, LazyCommand>>;
  /** Wires the real world; called only when a command runs. */
  openPorts(options: { env: Env; log: Log }): Promise<Ports>;
}

/** After `--timeout` a command has this long to stop by itself. */
const STOP_GRACE_MS = 5_000;

/** Runs one command line; resolves with the exit code once everything is written. Never rejects. */
export async function runFrontDoor(terminal: Terminal, program: Program): Promise<number> {
  const output = new Output(terminal, wantsJson(terminal.argv));
  try {
    const exit = await dispatch(terminal, program, output);
    await output.flush();
    return exit;
  } catch (thrown) {
    const { errorDocument, errorText } = await import("./error-document.ts");
    const { redactorOf } = await import("./secrets.ts");
    const document = redactorOf(terminal.env).json(errorDocument(thrown));
    if (output.pipeClosed && document.error.code === "interrupted") return EXIT.PASS;
    if (output.json && !output.documentPrinted) output.stdout(`${JSON.stringify(document, null, 2)}\n`);
    else output.stderr(errorText(document, await output.style("stderr")));
    await output.flush();
    return document.error.exitCode;
  }
}

async function dispatch(terminal: Terminal, program: Program, output: Output): Promise<number> {
  const { argv } = terminal;
  if (hasFlag(argv, "--version", "-V") && !hasFlag(argv, "--help", "-h")) {
    const { versionDocument, versionLine } = await import("./version-document.ts");
    const document = versionDocument();
    output.stdout(output.json ? `${JSON.stringify(document, null, 2)}\n` : `${versionLine(document)}\n`);
    return EXIT.PASS;
  }
  const { locate, isLeaf, commandLine } = await import("./tree.ts");
  if (hasFlag(argv, "--help", "-h")) {
    const { path, found } = await locate(argv, program.commands, { lenient: true });
    return output.document(await helpFor(path, found, program.sections));
  }
  const { path, found, rest } = await locate(argv, program.commands);
  if (found === null) {
    parseArgv(rest, GLOBAL_ARGS, "relayfile");
    return output.document((await import("./help.ts")).startPage());
  }
  if (isLeaf(found)) return runLeaf(terminal, program, output, commandLine(path), found, rest);
  const names = Object.keys(found.group.commands).join(", ");
  return fail("usage", `${commandLine(path)} needs a command: ${names}`, {
    hint: `${commandLine(path)} --help`,
  });
}

async function helpFor(
  path: readonly string[],
  found: LeafCommand | GroupCommand | null,
  sections: Program["sections"],
): Promise<Document> {
  const { commandHelp, rootHelp } = await import("./help.ts");
  return found === null ? rootHelp(sections) : commandHelp(path, found);
}

async function runLeaf(
  terminal: Terminal,
  program: Program,
  output: Output,
  line: string,
  leaf: LeafCommand,
  words: readonly string[],
): Promise<number> {
  const own = leaf.spec.args;
  const args = parseArgv(words, { ...GLOBAL_ARGS, ...own }, line);
  const globals = globalFlags(args, words, new Set(Object.keys(own)));
  const { createLog, logLevel } = await import("./log.ts");
  const log = createLog(terminal.stderr, logLevel(globals), terminal.env);
  output.globals = globals;
  const ending = new AbortController();
  output.onPipeClosed = () =>
    ending.abort(new RelayfileError("interrupted", "nobody reads the output any more"));
  const stopListening = listen(terminal, ending);
  try {
    const ports = await program.openPorts({ env: terminal.env, log });
    const context = contextOf(terminal, ports, globals, ending.signal, output);
    const { runCommand } = await import("citty");
    const running = runCommand(leaf, { rawArgs: [], data: { args, context } });
    const { result } = await within(globals.timeoutMs, ports, ending, running);
    const { document, exit } = result as CommandResult;
    if (!output.documentPrinted && !output.streamed) await output.document(document);
    return EXIT[exit];
  } catch (thrown) {
    if (ending.signal.aborted && isAbort(thrown)) throw ending.signal.reason;
    throw withHelpHint(thrown, line);
  } finally {
    stopListening();
    await log.flush();
  }
}

function contextOf(
  terminal: Terminal,
  ports: Ports,
  globals: GlobalFlags,
  signal: AbortSignal,
  output: Output,
): CommandContext {
  return {
    ports,
    globals,
    signal,
    ready: (document) => void output.document(document),
    progress: (line) => {
      if (!globals.json && !globals.quiet) output.progress(line);
    },
    status: (line) => {
      if (!globals.json && !globals.quiet) output.status(line);
    },
    write: (chunk) => output.stream(chunk),
    stdin: terminal.stdin,
  };
}

/** The first signal asks the command to stop; a second one ends the process at once. */
function listen(terminal: Terminal, ending: AbortController): () => void {
  return terminal.onSignal((name) => {
    const code = name === "SIGINT" ? "interrupted" : "terminated";
    if (ending.signal.aborted) terminal.exitNow(name === "SIGINT" ? EXIT.INTERRUPTED : EXIT.TERMINATED);
    else ending.abort(new RelayfileError(code, `${code} by ${name}`));
  });
}

/** Waits for the command, within the budget plus a grace period in which it may stop by itself. */
async function within<T>(
  timeoutMs: number | null,
  { clock }: Ports,
  ending: AbortController,
  running: Promise<T>,
): Promise<T> {
  if (timeoutMs === null) return running;
  const reason = new RelayfileError("timeout_exceeded", `the command took longer than ${timeoutMs} ms`);
  let cancelGrace = (): void => {};
  const expired = new Promise<never>((_, reject) => {
    cancelGrace = clock.after(timeoutMs + STOP_GRACE_MS, () => reject(reason));
  });
  const cancelBudget = clock.after(timeoutMs, () => ending.abort(reason));
  try {
    return await Promise.race([running, expired]);
  } finally {
    cancelBudget();
    cancelGrace();
  }
}

/** A usage error found by the command itself points to that command's help. */
function withHelpHint(thrown: unknown, line: string): unknown {
  if (!(thrown instanceof RelayfileError) || thrown.code !== "usage" || thrown.details.hint) return thrown;
  return new RelayfileError("usage", thrown.message, { ...thrown.details, hint: `${line} --help` });
}

function isAbort(thrown: unknown): boolean {
  return thrown instanceof Error && (thrown.name === "AbortError" || thrown.name === "TimeoutError");
}
