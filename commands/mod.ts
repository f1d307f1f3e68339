/**
 * Every command, in the order help lists them. To add one: write `commands/<name>.ts` with a default export
 * `command({...})` (or `commands/<group>/mod.ts` with `group({...})`) and add one line to its section here. Each `load`
 * is one dynamic import, so a run pays only for the command it names.
 */
import type { LazyCommand } from "./_command.ts";

/** One heading of the help and what stands below it. */
export interface CommandSection {
  readonly title: string;
  readonly commands: Readonly<Record<string, LazyCommand>>;
}

const lazy = (
  description: string,
  load: () => Promise<{ default: Awaited<ReturnType<LazyCommand["load"]>> }>,
  options: Pick<LazyCommand, "aliases" | "hidden"> = {},
): LazyCommand => ({ description, ...options, load: async () => (await load()).default });

/** The sections of the help. */
export const SECTIONS: readonly CommandSection[] = [
  {
    title: "Start",
    commands: {},
  },
  {
    title: "Workspaces",
    commands: {},
  },
  {
    title: "Mirror",
    commands: {},
  },
  {
    title: "Files",
    commands: {},
  },
  {
    title: "Writebacks",
    commands: {},
  },
  {
    title: "Find the cause",
    commands: {},
  },
  {
    title: "More",
    commands: {
      help: lazy("Explain a command or a topic", () => import("./help.ts")),
      completion: lazy("Print a completion script for a shell", () => import("./completion.ts")),
      schema: lazy("Print the JSON Schema of an output", () => import("./schema.ts")),
      version: lazy("Show the version", () => import("./version.ts")),
    },
  },
];

/** Every command by name. */
export const COMMANDS: Readonly<Record<string, LazyCommand>> = Object.assign(
  {},
  ...SECTIONS.map((section) => section.commands),
);
