#!/usr/bin/env bun
/** Entry of the executable: the real process, the list of commands, the exit code. */
import { COMMANDS, SECTIONS } from "./commands/mod.ts";
import { bunTerminal } from "./lib/runtime/bun/terminal.ts";
import { runFrontDoor } from "./lib/ui/front-door.ts";

const exitCode = await runFrontDoor(bunTerminal(process.argv.slice(2)), {
  sections: SECTIONS,
  commands: COMMANDS,
  openPorts: async (options) => (await import("./lib/runtime/bun/ports.ts")).bunPorts(options),
});
process.exit(exitCode);
