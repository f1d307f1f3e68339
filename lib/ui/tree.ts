/** Walking the tree of commands: from words to a command, loading only what lies on the way. */
import type { GroupCommand, LazyCommand, LeafCommand } from "../../commands/_command.ts";
import { fail } from "../errors.ts";
import { didYouMean } from "../model/suggest.ts";
import { GLOBAL_ARGS, globalFlagSpan } from "./globals.ts";

/** Commands by name. */
export type CommandTable = Readonly<Record<string, LazyCommand>>;

/** Where a line of words leads. */
export interface Located {
  /** Canonical names from the root, without the program's own. */
  readonly path: readonly string[];
  /** Null at the root. */
  readonly found: LeafCommand | GroupCommand | null;
  /** What remains for the command: global flags met on the way, then everything after its name. */
  readonly rest: readonly string[];
}

/** True for a command that runs. */
export function isLeaf(found: LeafCommand | GroupCommand): found is LeafCommand {
  return "spec" in found;
}

/** The program and a path as one would type it. */
export function commandLine(path: readonly string[]): string {
  return ["relayfile", ...path].join(" ");
}

/**
 * Follows words down the tree. Fails with `usage` for an unknown command, and for a flag that is not global before the
 * command's name unless `lenient`, which skips such flags (for help).
 */
export async function locate(
  words: readonly string[],
  root: CommandTable,
  options: { lenient?: boolean } = {},
): Promise<Located> {
  const path: string[] = [];
  const rest: string[] = [];
  let table = root;
  let found: LeafCommand | GroupCommand | null = null;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    const span = globalFlagSpan(words, i);
    if (word === "--") break;
    if (span > 0) {
      rest.push(...words.slice(i, i + span));
      i += span - 1;
    } else if (word.startsWith("-")) {
      if (!options.lenient) flagTooEarly(word, path);
    } else {
      const name = nameOf(word, table) ?? unknownCommand(word, path, table);
      path.push(name);
      found = await (table[name] as LazyCommand).load();
      if (isLeaf(found)) return { path, found, rest: [...rest, ...words.slice(i + 1)] };
      table = found.group.commands;
    }
  }
  return { path, found, rest };
}

/** The canonical name for a word, by name or alias; null when unknown. */
export function nameOf(word: string, table: CommandTable): string | null {
  if (Object.hasOwn(table, word)) return word;
  return Object.keys(table).find((name) => table[name]?.aliases?.includes(word)) ?? null;
}

/** Names and aliases a user may type in a table. */
export function spellings(table: CommandTable): string[] {
  return Object.entries(table).flatMap(([name, lazy]) =>
    lazy.hidden ? [] : [name, ...(lazy.aliases ?? [])],
  );
}

function unknownCommand(word: string, path: readonly string[], table: CommandTable): never {
  const typed = [...path, word].join(" ");
  return fail("usage", `unknown command ${JSON.stringify(typed)}${didYouMean(word, spellings(table))}`, {
    hint: `${commandLine(path)} --help`,
  });
}

function flagTooEarly(word: string, path: readonly string[]): never {
  const head = word.split("=")[0] ?? word;
  const near = didYouMean(head.replace(/^-+/, ""), Object.keys(GLOBAL_ARGS), (name) => `--${name}`);
  return fail("usage", `unknown flag ${head} before the command${near}`, {
    hint: `Write flags of a command after its name; ${commandLine(path)} --help lists the commands`,
  });
}
