/** The tree of commands with every flag, loaded completely: for completions and generated documentation. */

import { GLOBAL_ARGS } from "../globals.ts";
import { argumentHelp, type HelpArgument } from "../help.ts";
import { type CommandTable, isLeaf } from "../tree.ts";

/** One command or group and what may follow it. */
export interface Outline {
  /** Names from the root, empty for the program itself. */
  readonly path: readonly string[];
  readonly description: string;
  /** Names and aliases of sub-commands with their descriptions; empty for a leaf. */
  readonly children: readonly { readonly name: string; readonly description: string }[];
  /** Flags including the global ones. */
  readonly flags: readonly HelpArgument[];
}

/** Every visible command in the order of the list, parents before children. */
export async function commandOutline(table: CommandTable, path: readonly string[] = []): Promise<Outline[]> {
  const visible = Object.entries(table).filter(([, lazy]) => !lazy.hidden);
  const children = visible.flatMap(([name, { aliases = [], description }]) =>
    [name, ...aliases].map((spelling) => ({ name: spelling, description })),
  );
  const globalFlags = Object.entries(GLOBAL_ARGS).map(([name, arg]) => argumentHelp(name, arg));
  const outlines: Outline[] = [{ path, description: "", children, flags: globalFlags }];
  for (const [name, lazy] of visible) {
    const found = await lazy.load();
    if (!isLeaf(found)) {
      outlines.push(...(await commandOutline(found.group.commands, [...path, name])));
      continue;
    }
    const own = Object.entries(found.spec.args).filter(([, arg]) => arg.type !== "positional" && !arg.hidden);
    const names = new Set(own.map(([flag]) => flag));
    const flags = [
      ...own.map(([flag, arg]) => argumentHelp(flag, arg)),
      ...Object.entries(GLOBAL_ARGS)
        .filter(([flag]) => !names.has(flag))
        .map(([flag, arg]) => argumentHelp(flag, arg)),
    ];
    outlines.push({ path: [...path, name], description: lazy.description, children: [], flags });
  }
  return outlines;
}
