import { describe, expect, test } from "bun:test";
import { COMMANDS } from "../../../../commands/mod.ts";
import { completionScript, SHELLS } from "../../../../lib/ui/completion/mod.ts";
import { commandOutline } from "../../../../lib/ui/completion/outline.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { toolWanted } from "../../../support/tools.ts";

const outline = await commandOutline(COMMANDS);
const bash = completionScript("bash", outline);

/** What bash would offer for a line whose last word is being typed. */
function offered(words: readonly string[], shell = Bun.which("bash") ?? "bash"): string[] {
  const quoted = words.map((word) => `'${word}'`).join(" ");
  const script = `${bash}\nCOMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _relayfile; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return Bun.spawnSync([shell, "--norc", "-c", script])
    .stdout.toString()
    .split("\n")
    .filter((line) => line !== "");
}

describe("completionScript()", () => {
  test("offers commands, flags of the command, and values of a flag in bash", () => {
    expect(offered(["relayfile", "vers"])).toEqual(["version"]);
    expect(offered(["relayfile", "--json", "comp"])).toEqual(["completion"]);
    expect(offered(["relayfile", "version", "--js"])).toEqual(["--json"]);
    expect(offered(["relayfile", "version", "--zzz"])).toEqual([]);
  });

  test("knows every command in every shell", () => {
    for (const shell of SHELLS) {
      const script = completionScript(shell, outline);
      for (const { path } of outline) expect(script).toContain(path.join(" "));
    }
  });

  const checkers: Record<string, { shell: string; words: string[] }> = {
    bash: { shell: "bash", words: ["-n"] },
    zsh: { shell: "zsh", words: ["-n"] },
    fish: { shell: "fish", words: ["--no-execute"] },
  };
  for (const [name, { shell, words }] of Object.entries(checkers)) {
    test.if(toolWanted(shell))(`is valid ${name}`, async () => {
      using folder = tempDir();
      const path = folder.join("script");
      await Bun.write(path, completionScript(name as "bash", outline));
      const { exitCode, stderr } = Bun.spawnSync([shell, ...words, path]);
      expect([exitCode, stderr.toString()]).toEqual([0, ""]);
    });
  }
});
