/** Completion for fish. */
import type { Outline } from "./outline.ts";
import { placeOf, quoted, wordsAfter } from "./words.ts";

/** A script for `~/.config/fish/completions/relayfile.fish`. */
export function fishScript(outlines: readonly Outline[]): string {
  const known = outlines
    .filter(({ path }) => path.length > 0)
    .map((outline) => quoted(placeOf(outline), "fish"));
  const lines = outlines.flatMap((outline) => {
    const condition = `-n ${quoted(`__relayfile_at ${quoted(placeOf(outline), "fish")}`, "fish")}`;
    const commands = wordsAfter(outline).commands.map(
      ({ word, description }) =>
        `complete -c relayfile -f ${condition} -a ${word} -d ${quoted(description, "fish")}`,
    );
    const flags = outline.flags.map((flag) => {
      const spellings = [flag.name, ...flag.aliases].map((word) =>
        word.startsWith("--") ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`,
      );
      const values =
        flag.options === undefined
          ? flag.value === null
            ? ""
            : " -r"
          : ` -x -a ${quoted(flag.options.join(" "), "fish")}`;
      return `complete -c relayfile ${condition} ${spellings.join(" ")}${values} -d ${quoted(flag.description, "fish")}`;
    });
    return [...commands, ...flags];
  });
  return `# fish completion for relayfile
function __relayfile_at
  set -l place ''
  for word in (commandline -opc)[2..-1]
    string match -q -- '-*' $word; and continue
    set -l next (string trim -- "$place $word")
    contains -- $next ${known.join(" ")}; and set place $next
  end
  test "$place" = "$argv[1]"
end
${lines.join("\n")}
`;
}
