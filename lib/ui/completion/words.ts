/** What the scripts share: which words may follow a place in the tree. */
import type { Outline } from "./outline.ts";

/** A word to offer. */
export interface Word {
  readonly word: string;
  readonly description: string;
}

/** Sub-commands and flags that may follow, each spelling once. */
export function wordsAfter(outline: Outline): { commands: Word[]; flags: Word[] } {
  const commands = outline.children.map(({ name, description }) => ({ word: name, description }));
  const flags = outline.flags.flatMap(({ name, aliases, description }) =>
    [name, ...aliases].map((word) => ({ word, description })),
  );
  return { commands, flags };
}

/** Values of flags that have a closed set, by spelling. */
export function valuesOf(outline: Outline): { flag: string; options: readonly string[] }[] {
  return outline.flags.flatMap(({ name, aliases, options }) =>
    options === undefined ? [] : [name, ...aliases].map((flag) => ({ flag, options })),
  );
}

/** The place as a key: names joined by a space, empty for the root. */
export function placeOf(outline: Outline): string {
  return outline.path.join(" ");
}

/** A single-quoted word for bash, zsh and fish. Fish also knows backslash escapes inside, so they are doubled there. */
export function quoted(text: string, shell: "posix" | "fish" | "powershell" = "posix"): string {
  if (shell === "powershell") return `'${text.replaceAll("'", "''")}'`;
  if (shell === "fish") return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  return `'${text.replaceAll("'", "'\\''")}'`;
}
