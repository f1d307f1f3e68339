/** The rules that look at one file. Each says what to do instead, so that a failure teaches. */
import { forbiddenImports } from "./imports.ts";
import { lineAt, type SourceFile, type Violation } from "./source.ts";
import { zoneOf } from "./zones.ts";

/** One rule. */
export interface Rule {
  readonly id: string;
  /** What to do about a violation; starts with a verb. */
  readonly hint: string;
  /** Which files it looks at. */
  readonly applies: (path: string) => boolean;
  readonly check: (file: SourceFile) => Omit<Violation, "path" | "rule">[];
}

const isProduct = (path: string) => /^(lib|commands|verify)\/|^cli\.ts$/.test(path);
const isSource = (path: string) => /\.ts$/.test(path);
const isText = (path: string) => !path.startsWith("scripts/tidy/") && !path.startsWith("test/scripts/tidy");

/** Names whose result depends on more than the arguments. */
const IMPURE =
  /\b(?:Date\.now|performance\.now|Math\.random|crypto\.(?:randomUUID|getRandomValues)|process\.\w+|Bun\.\w+|setTimeout|setInterval|queueMicrotask)\b|\bnew Date\(\s*\)|(?<![.\w])fetch\(/g;
const RUNTIME_GLOBALS = /(?<![.\w])(?:process|Bun|Deno)\.\w+|\brequire\(/g;
/** Homes of one letter are made-up users in examples. */
const MACHINE_PATH = /(?:^|[\s"'`(=])(\/(?:(?:work|root)\/[\w.-]+|(?:Users|home)\/[\w.-]{2,}))/g;
const REGISTRY = /registry\.(?:npmjs|yarnpkg|npmmirror)\.\w+|npm\.pkg\.github\.com/g;
const PLACEHOLDER = /\b(?:TODO|FIXME|XXX|HACK)\b/g;

/** Every rule, in the order they are listed in the output. */
export const RULES: readonly Rule[] = [
  {
    id: "imports",
    hint: "Move the code to the side that may know it, or pass what it needs as an argument; the table is scripts/tidy/zones.ts",
    applies: isSource,
    check: forbiddenImports,
  },
  {
    id: "pure",
    hint: "Take the value as an argument; time, randomness and the network enter through lib/ports.ts",
    applies: (path) => zoneOf(path)?.pure === true,
    check: (file) => matches(file, file.bare, IMPURE, (word) => `${word.trim()} in a pure folder`),
  },
  {
    id: "runtime-globals",
    hint: "Use a port (lib/ports.ts); only lib/runtime, scripts, tests and cli.ts know the runtime",
    applies: (path) => isProduct(path) && zoneOf(path)?.runtime === false && zoneOf(path)?.pure === false,
    check: (file) => matches(file, file.bare, RUNTIME_GLOBALS, (word) => `${word} outside lib/runtime`),
  },
  {
    id: "opening-comment",
    hint: "Open the file with one or two sentences on why it exists",
    applies: (path) => isSource(path) && !/\.(?:d|test)\.ts$/.test(path),
    check: (file) =>
      /^(?:#!.*\n)?\s*(?:\/\*\*|\/\/)/.test(file.text) ? [] : [{ line: 1, message: "no opening comment" }],
  },
  {
    id: "docstring",
    hint: "Write one sentence above the export: what it is, its units, its errors",
    applies: (path) => isSource(path) && !path.startsWith("test/"),
    check: missingDocstrings,
  },
  {
    id: "file-size",
    hint: "Split it by its second idea, or write `Longer than 500 lines because ...` into the opening comment",
    applies: isSource,
    check: (file) => {
      const lines = file.text.split("\n").length;
      const excused = /Longer than 500 lines because/.test(file.text.slice(0, 1_000));
      return lines <= 500 || excused ? [] : [{ line: 1, message: `${lines} lines, the limit is 500` }];
    },
  },
  {
    id: "silent-catch",
    hint: "Rethrow, return a value, record the failure, or say in a comment why nothing is lost",
    applies: isSource,
    check: silentCatches,
  },
  {
    id: "plain-error",
    hint: "Use fail(code, message) of lib/errors.ts, so that the exit code and the hint are right",
    applies: (path) => isProduct(path) && path !== "lib/errors.ts",
    check: (file) =>
      matches(file, file.bare, /\bthrow new (?:Type|Range)?Error\(/g, () => "throws a plain Error"),
  },
  {
    id: "placeholder",
    hint: "Finish it, or open an issue and leave no note in the code",
    applies: isText,
    check: (file) => matches(file, file.text, PLACEHOLDER, (word) => `${word} in the text`),
  },
  {
    id: "machine-path",
    hint: "Use a path relative to the repository, or a temporary directory",
    applies: isText,
    check: (file) => matches(file, file.text, MACHINE_PATH, (word) => `path of one machine: ${word.trim()}`),
  },
  {
    id: "registry-host",
    hint: "Leave the registry to the user's configuration",
    applies: isText,
    check: (file) => matches(file, file.text, REGISTRY, (word) => `registry host ${word}`),
  },
  {
    id: "focused-test",
    hint: "Run one test with `bun test PATH -t NAME` instead",
    applies: (path) => /\.test\.ts$/.test(path),
    check: (file) =>
      matches(file, file.bare, /\b(?:test|it|describe)\.(?:only|skip|todo)\(/g, (word) => word),
  },
];

/** Everything wrong with one file. */
export function checkFile(file: SourceFile, rules: readonly Rule[] = RULES): Violation[] {
  return rules
    .filter((rule) => rule.applies(file.path))
    .flatMap((rule) => rule.check(file).map((found) => ({ ...found, path: file.path, rule: rule.id })));
}

function matches(
  file: SourceFile,
  where: string,
  pattern: RegExp,
  message: (word: string) => string,
): { line: number; message: string }[] {
  return [...where.matchAll(pattern)].map((match) => ({
    line: lineAt(file.text, match.index + (match[0].length - match[0].trimStart().length)),
    message: message(match[0]),
  }));
}

const EXPORT =
  /^export (?:default )?(?:declare )?(?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type|enum)\s+(\w+)/gm;

/** Exports whose line is not preceded by a docstring. Overloads and a type beside a value of the same name share one. */
function missingDocstrings(file: SourceFile): { line: number; message: string }[] {
  const documented = new Set<string>();
  return [...file.bare.matchAll(EXPORT)].flatMap((match) => {
    const name = match[1] ?? "default";
    const before = file.text.slice(0, match.index).trimEnd();
    const suppressed = before.replace(/(?:\n|^)\s*\/\/ biome-ignore[^\n]*$/, "").trimEnd();
    if (suppressed.endsWith("*/") || documented.has(name)) {
      documented.add(name);
      return [];
    }
    return [{ line: lineAt(file.text, match.index), message: `export ${name} has no docstring` }];
  });
}

/** Catch blocks that neither do anything nor say why. */
function silentCatches(file: SourceFile): { line: number; message: string }[] {
  const blocks = [...file.bare.matchAll(/\bcatch\s*(?:\([^)]*\)\s*)?\{/g)].map((match) => ({
    at: match.index,
    open: match.index + match[0].length,
    close: blockEnd(file.bare, match.index + match[0].length),
  }));
  const arrows = [...file.bare.matchAll(/\.catch\(\s*(?:async\s*)?\([^)]*\)\s*=>\s*\{/g)].map((match) => ({
    at: match.index,
    open: match.index + match[0].length,
    close: blockEnd(file.bare, match.index + match[0].length),
  }));
  return [...blocks, ...arrows]
    .filter(({ open, close }) => file.text.slice(open, close).trim() === "")
    .map(({ at }) => ({ line: lineAt(file.text, at), message: "a failure is swallowed without a word" }));
}

function blockEnd(bare: string, open: number): number {
  let depth = 1;
  for (let i = open; i < bare.length; i++) {
    if (bare[i] === "{") depth++;
    else if (bare[i] === "}" && --depth === 0) return i;
  }
  return bare.length;
}
