/**
 * Provider webhook payloads as people keep them on disk: a tree of `<event>/<name>.payload.json`, the `index.json` of
 * a collection (`[{name, examples: []}]`), or one payload whose event the caller names.
 */
import { fail, isRelayfileError } from "../errors.ts";
import { PIPELINE } from "../limits.ts";
import { comparePaths } from "../model/path.ts";
import type { LocalFs } from "../ports.ts";
import { INPUT_BYTES_MAX, kindOf, parseJson, readText } from "./local-input.ts";

/** One payload to deliver. */
export interface WebhookFile {
  /** The file, with `#event/n` for one example of an index. */
  readonly source: string;
  readonly event: string;
  /** JSON text; empty when `problem` says why there is none. */
  readonly body: string;
  readonly problem: string | null;
}

/**
 * Reads every payload at a path, sorted by source. In a tree a file that cannot be read or parsed becomes a payload
 * with a `problem`; named directly it fails with `invalid_input`, as does a path that holds no payload.
 *
 * @param event the event of a single payload; overrides the directory's name
 */
export function readWebhookFiles(fs: LocalFs, path: string, event?: string): WebhookFile[] {
  const root = path.length > 1 ? path.replace(/\/+$/, "") : path;
  const kind = kindOf(fs, root);
  if (kind === null) return fail("invalid_input", `${path} does not exist`);
  if (kind === "file") return readOne(fs, root, event);
  if (kind !== "directory") return fail("invalid_input", `${path} is neither a file nor a directory`);
  const payloads = walk(fs, root);
  if (payloads.length > 0) {
    return payloads.map((file) => readPayload(fs, file, event ?? eventOf(file)));
  }
  const index = `${root}/index.json`;
  if (kindOf(fs, index) === "file") return readOne(fs, index, event);
  return fail("invalid_input", `${path} holds no payload`, {
    hint: "Expected <event>/<name>.payload.json files or an index.json with [{name, examples}]",
  });
}

/** A file named directly: an index, or one payload. */
function readOne(fs: LocalFs, file: string, event: string | undefined): WebhookFile[] {
  const text = readText(fs, file, INPUT_BYTES_MAX);
  const value = parseJson(text, file);
  if (Array.isArray(value)) return indexPayloads(value, file);
  if (typeof value !== "object" || value === null)
    return fail("invalid_input", `${file} is not a JSON object or list`);
  const named = event ?? (file.endsWith(".payload.json") ? eventOf(file) : "");
  if (named === "") {
    return fail("invalid_input", `${file} does not say which event it is`, {
      hint: "Add --event NAME, for example --event issues",
    });
  }
  return [{ source: file, event: named, body: text, problem: null }];
}

function indexPayloads(entries: readonly unknown[], file: string): WebhookFile[] {
  return entries.flatMap((entry, at): WebhookFile[] => {
    const { name, examples } = (entry ?? {}) as { name?: unknown; examples?: unknown };
    if (typeof name !== "string" || name === "" || !Array.isArray(examples)) {
      return fail("invalid_input", `entry ${at} of ${file} is not {name, examples}`);
    }
    return examples.map((example: unknown, n) => ({
      source: `${file}#${name}/${n}`,
      event: name,
      body: isObject(example) ? JSON.stringify(example) : "",
      problem: isObject(example) ? null : "the example is not a JSON object",
    }));
  });
}

function readPayload(fs: LocalFs, file: string, event: string): WebhookFile {
  try {
    const text = readText(fs, file, PIPELINE.recordBytesMax);
    const object = isObject(parseJson(text, file));
    const problem = object ? null : "the payload is not a JSON object";
    return { source: file, event, body: object ? text : "", problem };
  } catch (thrown) {
    if (!isRelayfileError(thrown)) throw thrown;
    return { source: file, event, body: "", problem: thrown.message };
  }
}

/** Files named `*.payload.json` below a directory, links not followed, sorted. */
function walk(fs: LocalFs, directory: string): string[] {
  const found: string[] = [];
  for (const entry of fs.readDir(directory)) {
    const path = `${directory}/${entry.name}`;
    if (entry.kind === "directory") found.push(...walk(fs, path));
    else if (entry.kind === "file" && entry.name.endsWith(".payload.json")) found.push(path);
  }
  return found.sort(comparePaths);
}

/** The directory a payload lies in is its event. */
function eventOf(file: string): string {
  return file.split("/").at(-2) ?? "";
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
