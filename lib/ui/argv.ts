/**
 * Strict reading of a command's flags and positionals against its declaration. citty accepts unknown flags, drops
 * repeated ones and knows no numbers, so it never sees the raw words.
 */
import type { ArgSpec, ArgSpecs } from "../../commands/_command.ts";
import { fail } from "../errors.ts";
import { parseDuration } from "../model/duration.ts";
import { didYouMean } from "../model/suggest.ts";

/** A value of one argument after reading; the kind follows the declaration. */
export type ArgValueOf = string | boolean | number | string[] | undefined;

/** Values by kebab-case name. Every declared argument has a key. */
export type ParsedArgs = Record<string, ArgValueOf>;

/** `opId`, `op_id` and `op-id` are one name. */
export function kebab(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replaceAll("_", "-")
    .toLowerCase();
}

/**
 * Reads words against declarations. Fails with `usage` for an unknown flag, a missing, empty or malformed value, a
 * value given twice, and a missing or extra positional; the message names the word.
 *
 * @param words everything after the command's name
 * @param commandLine for hints, for example `relayfile mount`
 */
export function parseArgv(words: readonly string[], specs: ArgSpecs, commandLine: string): ParsedArgs {
  const reader = new Reader(specs, commandLine);
  let flagsEnded = false;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? "";
    if (flagsEnded || word === "-" || !word.startsWith("-")) reader.positional(word);
    else if (word === "--") flagsEnded = true;
    else if (reader.flag(word, words[i + 1])) i++;
  }
  return reader.finish();
}

/** Holds what has been read of one command line. */
class Reader {
  private readonly values: ParsedArgs = {};
  private readonly given = new Set<string>();
  private readonly byFlag = new Map<string, string>();
  private readonly positionals: string[] = [];
  private positionalCount = 0;

  constructor(
    private readonly specs: ArgSpecs,
    private readonly commandLine: string,
  ) {
    for (const [name, spec] of Object.entries(specs)) {
      if (spec.type === "positional") this.positionals.push(name);
      else for (const spelling of flagSpellings(name, spec)) this.byFlag.set(spelling, name);
      this.values[name] = initialValue(spec);
    }
  }

  positional(word: string): void {
    const name = this.positionals[this.positionalCount++];
    if (name === undefined) this.usage(`unexpected argument ${JSON.stringify(word)}`);
    if (word === "") this.usage(`${label(name, this.specs[name])} is empty`);
    this.values[name] = word;
  }

  /** Takes a flag; true when it also consumed the next word. */
  flag(word: string, next: string | undefined): boolean {
    if (/^-[A-Za-z]{2,}$/.test(word)) {
      for (const letter of word.slice(1)) this.cluster(letter, word);
      return false;
    }
    const [head, inline] = splitAt(word, "=");
    const typed = kebab(head.replace(/^--?/, ""));
    const name = this.byFlag.get(typed);
    const negated =
      name === undefined && typed.startsWith("no-") ? this.byFlag.get(typed.slice(3)) : undefined;
    if (negated !== undefined && this.specs[negated]?.type === "boolean") {
      if (inline !== undefined) this.usage(`${head} takes no value`);
      this.values[negated] = false;
      return false;
    }
    if (name === undefined) return this.unknown(head, typed);
    const spec = this.specs[name] as ArgSpec;
    if (spec.type === "boolean") {
      this.values[name] = inline === undefined ? true : this.boolean(head, inline);
      return false;
    }
    const value = inline ?? this.following(head, spec, next);
    if (value === "") this.usage(`${head} is empty`);
    if (spec.type !== "strings" && this.given.has(name)) this.usage(`${head} is given twice`);
    this.given.add(name);
    this.store(name, spec, head, value);
    return inline === undefined;
  }

  /** All values; fails when a required one is missing. */
  finish(): ParsedArgs {
    for (const [name, spec] of Object.entries(this.specs)) {
      if ("required" in spec && spec.required && this.values[name] === undefined) {
        this.usage(`${label(name, spec)} is missing`);
      }
    }
    return this.values;
  }

  private cluster(letter: string, word: string): void {
    const name = this.byFlag.get(letter);
    if (name === undefined) this.unknown(word, letter);
    if (name === undefined || this.specs[name]?.type !== "boolean") {
      this.usage(`-${letter} in ${word} needs a value`);
    }
    this.values[name] = true;
  }

  private following(head: string, spec: ArgSpec, next: string | undefined): string {
    const looksLikeFlag = next !== undefined && next.length > 1 && next.startsWith("-");
    const negativeNumber = spec.type === "integer" && next !== undefined && /^-\d+$/.test(next);
    if (next === undefined || (looksLikeFlag && !negativeNumber)) {
      this.usage(
        `${head} needs a value`,
        looksLikeFlag ? `Write ${head}=VALUE when the value starts with a dash` : undefined,
      );
    }
    return next;
  }

  private store(name: string, spec: ArgSpec, head: string, value: string): void {
    if (spec.type === "strings") this.values[name] = [...(this.values[name] as string[]), value];
    else if (spec.type === "integer") this.values[name] = this.integer(head, value, spec.min, spec.max);
    else if (spec.type === "duration") this.values[name] = this.duration(head, value);
    else if (spec.type === "enum") this.values[name] = this.option(head, value, spec.options);
    else this.values[name] = value;
  }

  private boolean(head: string, value: string): boolean {
    if (value === "true" || value === "1") return true;
    if (value === "false" || value === "0") return false;
    return this.usage(`${head} is ${JSON.stringify(value)}, expected true or false`);
  }

  private integer(head: string, value: string, min?: number, max?: number): number {
    const parsed = /^[+-]?\d+$/.test(value) ? Number(value) : Number.NaN;
    if (!Number.isSafeInteger(parsed)) {
      this.usage(`${head} is ${JSON.stringify(value)}, expected a whole number`);
    }
    if (min !== undefined && parsed < min) this.usage(`${head} is ${parsed}, the least is ${min}`);
    if (max !== undefined && parsed > max) this.usage(`${head} is ${parsed}, the limit is ${max}`);
    return parsed;
  }

  private duration(head: string, value: string): number {
    const ms = parseDuration(value);
    if (ms === null) {
      this.usage(`${head} is ${JSON.stringify(value)}, expected a duration such as 500ms, 30s or 1m30s`);
    }
    if (ms < 0) this.usage(`${head} is ${value}, expected a duration of at least 0`);
    return ms;
  }

  private option(head: string, value: string, options: readonly string[]): string {
    if (options.includes(value)) return value;
    return this.usage(
      `${head} is ${JSON.stringify(value)}, expected ${options.join(", ")}${didYouMean(value, options)}`,
    );
  }

  private unknown(head: string, typed: string): never {
    const bare = typed.replace(/^no-/, "");
    const near = didYouMean(bare, this.byFlag.keys(), (name) =>
      name.length === 1 ? `-${name}` : `--${name}`,
    );
    return this.usage(`unknown flag ${head}${near}`);
  }

  private usage(message: string, hint = `${this.commandLine} --help`): never {
    return fail("usage", message, { hint });
  }
}

/** Every spelling of a flag, kebab-case, its name first. */
export function flagSpellings(name: string, spec: ArgSpec): string[] {
  const aliases = "alias" in spec ? (spec.alias ?? []) : [];
  return [name, ...aliases].map((spelling) => (spelling.length === 1 ? spelling : kebab(spelling)));
}

/** How an argument is called in messages and usage lines: `WORKSPACE`, `--op-id`. */
export function label(name: string, spec: ArgSpec | undefined): string {
  if (spec?.type !== "positional") return `--${name}`;
  return spec.valueHint ?? name.replaceAll("-", "_").toUpperCase();
}

function initialValue(spec: ArgSpec): ArgValueOf {
  if (spec.type === "boolean") return spec.default ?? false;
  return spec.type === "strings" ? [] : undefined;
}

function splitAt(word: string, separator: string): [head: string, tail: string | undefined] {
  const at = word.indexOf(separator);
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}
