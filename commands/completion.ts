/** `relayfile completion SHELL`: a script generated from the tree, so it never lags behind the commands. */

import { fail } from "../lib/errors.ts";
import { didYouMean } from "../lib/model/suggest.ts";
import { completionScript, SHELLS, type Shell } from "../lib/ui/completion/mod.ts";
import { commandOutline } from "../lib/ui/completion/outline.ts";
import { command, type Document } from "./_command.ts";

/** A completion script; in text form only the script itself is printed. */
export interface CompletionDocument extends Document {
  readonly kind: "relayfile.completion";
  readonly shell: Shell;
  readonly script: string;
}

export default command({
  name: "completion",
  description: "Print a completion script for a shell",
  args: {
    shell: { type: "positional", required: true, description: SHELLS.join(", ") },
  },
  examples: [
    ["source <(relayfile completion bash)", "this bash session"],
    ["relayfile completion zsh > ~/.zfunc/_relayfile", "zsh, where ~/.zfunc is in fpath"],
    ["relayfile completion fish > ~/.config/fish/completions/relayfile.fish", "fish"],
    ["relayfile completion powershell | Out-String | Invoke-Expression", "PowerShell"],
  ],
  run: async ({ shell }) => {
    if (!isShell(shell)) {
      fail(
        "usage",
        `no completion for ${JSON.stringify(shell)}, expected ${SHELLS.join(", ")}${didYouMean(shell, SHELLS)}`,
      );
    }
    const { COMMANDS } = await import("./mod.ts");
    const script = completionScript(shell, await commandOutline(COMMANDS));
    const document: CompletionDocument = {
      schemaVersion: "1.0",
      kind: "relayfile.completion",
      shell,
      script,
    };
    return { document, exit: "PASS" };
  },
});

function isShell(text: string): text is Shell {
  return (SHELLS as readonly string[]).includes(text);
}
