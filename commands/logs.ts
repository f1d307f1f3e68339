/** `relayfile logs`: the end of the daemon's log, and what it says next. */
import { fail } from "../lib/errors.ts";
import { type CommandContext, type CommandResult, command } from "./_command.ts";
import { findMirror, MIRROR_ARGS, requireMirror, startLine } from "./_mount.ts";

const FOLLOW_MS = 250;

export default command({
  name: "logs",
  description: "Print the end of the daemon's log",
  args: {
    ws: {
      type: "positional",
      valueHint: "WS",
      description: "Workspace; may be left out when one is current",
    },
    ...MIRROR_ARGS,
    lines: { type: "integer", alias: ["n"], min: 0, max: 100_000, description: "Lines to print (40)" },
    follow: { type: "boolean", alias: ["f"], description: "Go on printing until Ctrl-C" },
  },
  examples: [
    ["relayfile logs demo", "the last 40 lines"],
    ["relayfile logs demo -f", "and what follows"],
  ],
  run: async (args, context) => {
    const mirror = await findMirror(args, context);
    const { layout } = requireMirror(mirror);
    const { fs } = context.ports;
    if (fs.lstat(layout.log) === null && !args.follow) {
      fail("not_running", `${layout.log} does not exist: no daemon has run here`, {
        logFile: layout.log,
        hint: startLine(mirror),
      });
    }
    const lines = tail(read(context, layout.log), args.lines ?? 40);
    if (!context.globals.json || args.follow) {
      if (lines.length > 0) context.write(`${lines.join("\n")}\n`);
      if (args.follow) await follow(context, layout.log);
    }
    return {
      document: {
        schemaVersion: "1.0",
        kind: "relayfile.logs",
        workspaceId: mirror.workspaceId,
        logFile: layout.log,
        lines,
      } as CommandResult["document"],
      exit: "PASS",
    };
  },
});

/** Prints what is appended until the signal; a rotated file is read from its beginning. */
async function follow(context: CommandContext, file: string): Promise<void> {
  const { fs, clock } = context.ports;
  let printed = fs.lstat(file)?.sizeBytes ?? 0;
  while (!context.signal.aborted) {
    await clock.sleep(FOLLOW_MS, context.signal).catch(() => undefined);
    const size = fs.lstat(file)?.sizeBytes ?? 0;
    if (size === printed) continue;
    if (size < printed) printed = 0;
    context.write(fs.readFile(file).subarray(printed));
    printed = size;
  }
}

function read(context: CommandContext, file: string): string {
  const { fs } = context.ports;
  return fs.lstat(file) === null ? "" : new TextDecoder().decode(fs.readFile(file));
}

function tail(text: string, lines: number): string[] {
  return lines === 0
    ? []
    : text
        .split("\n")
        .filter((line) => line !== "")
        .slice(-lines);
}
