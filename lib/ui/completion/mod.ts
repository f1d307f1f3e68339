/** Completion scripts for the shells people use, all from one outline of the tree. */
import { bashScript } from "./bash.ts";
import { fishScript } from "./fish.ts";
import type { Outline } from "./outline.ts";
import { powershellScript } from "./powershell.ts";
import { zshScript } from "./zsh.ts";

/** Shells with a script. */
export const SHELLS = ["bash", "zsh", "fish", "powershell"] as const;
/** A shell with a script. */
export type Shell = (typeof SHELLS)[number];

const SCRIPTS: Readonly<Record<Shell, (outline: readonly Outline[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
  powershell: powershellScript,
};

/** The script of one shell. */
export function completionScript(shell: Shell, outline: readonly Outline[]): string {
  return SCRIPTS[shell](outline);
}
