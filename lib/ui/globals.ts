/** The flags every command understands, wherever they stand on the line. */
import type { ArgSpecs, GlobalFlags } from "../../commands/_command.ts";
import type { ParsedArgs } from "./argv.ts";

/** Declarations of the global flags. A command that declares one of these names itself takes it over. */
export const GLOBAL_ARGS = {
  json: { type: "boolean", description: "Print exactly one JSON document on stdout" },
  quiet: { type: "boolean", alias: ["q"], description: "No diagnostics on stderr, only the result" },
  verbose: { type: "boolean", alias: ["v"], description: "More diagnostics; -vv adds every request" },
  color: { type: "boolean", default: true, description: "No colour, even on a terminal" },
  input: { type: "boolean", default: true, description: "Never prompt" },
  timeout: {
    type: "duration",
    valueHint: "DURATION",
    description: "Budget of the whole command, such as 30s",
  },
  help: { type: "boolean", alias: ["h"], description: "Show help" },
  version: { type: "boolean", alias: ["V"], description: "Show the version" },
} as const satisfies ArgSpecs;

/** Words before the first `--`: the only ones that can be flags. */
export function flagWords(words: readonly string[]): readonly string[] {
  const end = words.indexOf("--");
  return end < 0 ? words : words.slice(0, end);
}

/** True when the line asks for JSON; needed before anything else parses, for errors. */
export function wantsJson(words: readonly string[]): boolean {
  return flagWords(words).reduce(
    (json, word) =>
      /^--json(=true|=1)?$/.test(word) ? true : /^--(json=(false|0)|no-json)$/.test(word) ? false : json,
    false,
  );
}

/** True when the line has one of these words as a flag. */
export function hasFlag(words: readonly string[], ...spellings: string[]): boolean {
  return flagWords(words).some((word) => spellings.includes(word));
}

/** Number of words that a global flag at `index` spans, or 0 when it is none. */
export function globalFlagSpan(words: readonly string[], index: number): number {
  const word = words[index] ?? "";
  if (/^-[qvhV]+$/.test(word)) return 1;
  const bare = word.replace(/^--(no-)?/, "");
  if (!word.startsWith("--")) return 0;
  if (bare === "timeout") return 2;
  return (bare.split("=")[0] ?? "") in GLOBAL_ARGS ? 1 : 0;
}

/** Takes the global flags out of parsed values. `own` are names the command declares itself. */
export function globalFlags(
  values: ParsedArgs,
  words: readonly string[],
  own: ReadonlySet<string>,
): GlobalFlags {
  const verbosity = flagWords(words).reduce(
    (level, word) =>
      level + (/^-[qvhV]+$/.test(word) ? word.split("v").length - 1 : word === "--verbose" ? 1 : 0),
    0,
  );
  return {
    json: values.json === true,
    quiet: values.quiet === true,
    verbosity: Math.min(verbosity, 2),
    color: values.color !== false,
    input: values.input !== false,
    timeoutMs: own.has("timeout") ? null : ((values.timeout as number | undefined) ?? null),
  };
}
