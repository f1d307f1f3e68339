/**
 * Raw provider records as people keep them on disk: a JSON array, one record per line, or a directory of such files
 * named after their models.
 */
import { fail, messageOf } from "../errors.ts";
import { comparePaths } from "../model/path.ts";
import type { RejectionCode } from "../model/rejection.ts";
import type { LocalFs } from "../ports.ts";
import { INPUT_BYTES_MAX, kindOf, readText } from "./local-input.ts";

/** One place in a file where a record should be. */
export type RecordSlot =
  | { readonly kind: "record"; readonly record: unknown; readonly bytes: number }
  | { readonly kind: "problem"; readonly code: RejectionCode; readonly reason: string };

/** The records of one file. */
export interface RecordFile {
  /** The file, or `-` for standard input. */
  readonly source: string;
  readonly model: string;
  readonly slots: readonly RecordSlot[];
}

/** Which model a name stands for: `issues` and `jira-issue` for `Issue`; null when none fits. */
export type ModelOf = (name: string) => string | null;

const EXTENSIONS = /\.(json|ndjson|jsonl)$/i;

/**
 * Reads the records at a path, files sorted. The model is `model`, else the file's name, else its directory's. Fails with
 * `invalid_input` for a path without records, a file that is neither form, and a file whose model nobody says.
 */
export function readRecordFiles(
  fs: LocalFs,
  path: string,
  options: { model: string | null; modelOf: ModelOf },
): RecordFile[] {
  const root = path.length > 1 ? path.replace(/\/+$/, "") : path;
  const kind = kindOf(fs, root);
  if (kind === null) return fail("invalid_input", `${path} does not exist`);
  if (kind !== "file" && kind !== "directory")
    return fail("invalid_input", `${path} is neither a file nor a directory`);
  const files = kind === "file" ? [root] : walk(fs, root);
  if (files.length === 0) {
    return fail("invalid_input", `${path} holds no records`, {
      hint: "Expected .json files with an array, or .ndjson files with one record per line",
    });
  }
  return files.map((file) => {
    const [directory = "", name = ""] = file.split("/").slice(-2);
    const model =
      options.model ?? options.modelOf(name.replace(EXTENSIONS, "")) ?? options.modelOf(directory);
    const slots = recordsOf(readText(fs, file, INPUT_BYTES_MAX), file);
    return { source: file, model: model ?? needModel(file), slots };
  });
}

/** The records of a text: a JSON array, one JSON document, or one per line. Fails with `invalid_input` when it is neither. */
export function recordsOf(text: string, source: string): RecordSlot[] {
  const start = text.trimStart();
  if (start === "") return [];
  const whole = parse(text);
  if (whole.kind === "value") return (Array.isArray(whole.value) ? whole.value : [whole.value]).map(slotOf);
  if (start.startsWith("[")) return fail("invalid_input", `${source} is not valid JSON (${whole.reason})`);
  const lines = text.split("\n").map((line, at) => ({ line, number: at + 1 }));
  const slots = lines
    .filter(({ line }) => line.trim() !== "")
    .map(({ line, number }): RecordSlot => {
      const read = parse(line);
      if (read.kind === "value") return slotOf(read.value);
      return {
        kind: "problem",
        code: "malformed_payload",
        reason: `line ${number} is not valid JSON (${read.reason})`,
      };
    });
  // Without a single good line this is no list of records but something else.
  if (slots.some(({ kind }) => kind === "record")) return slots;
  return fail("invalid_input", `${source} is neither JSON nor one JSON record per line`);
}

/** Fails with `invalid_input`: nobody says which model the records of a source are of. */
export function needModel(source: string): never {
  return fail("invalid_input", `${source} does not say of which model its records are`, {
    hint: "Add --model NAME, for example --model Issue",
  });
}

function slotOf(record: unknown): RecordSlot {
  return { kind: "record", record, bytes: new TextEncoder().encode(JSON.stringify(record)).length };
}

function parse(text: string): { kind: "value"; value: unknown } | { kind: "none"; reason: string } {
  try {
    return { kind: "value", value: JSON.parse(text) };
  } catch (thrown) {
    // Whether that is an error depends on the other lines.
    return { kind: "none", reason: messageOf(thrown) };
  }
}

function walk(fs: LocalFs, directory: string): string[] {
  const found: string[] = [];
  for (const entry of fs.readDir(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.kind === "directory") found.push(...walk(fs, path));
    else if (entry.kind === "file" && EXTENSIONS.test(entry.name)) found.push(path);
  }
  return found.sort(comparePaths);
}
