/**
 * Dead letters: one file per write that did not arrive, with a sidecar that says why in a fixed vocabulary. Written by
 * the daemon only, read by people and tools; a record that does not parse is never touched (spec mount-daemon 3.5).
 */
import {
  type DeadLetter,
  type DeadLetterListing,
  isSafeOpId,
  parseDeadLetter,
} from "../model/dead-letter.ts";
import { comparePaths } from "../model/path.ts";
import type { LocalFs, Random } from "../ports.ts";
import { readText, writeJson } from "./json-file.ts";

/** What went wrong, for the sidecar. */
export interface DeadLetterCause {
  readonly code: "schema_violation" | "provider_4xx" | "provider_5xx_exhausted" | "timeout";
  readonly message: string;
  readonly providerStatus?: number;
  readonly providerResponse?: unknown;
  readonly firstAttemptAt: string;
  readonly lastAttemptAt: string;
}

type WritePorts = { readonly fs: LocalFs; readonly random: Random };

/** Everything in a dead-letter directory. A missing directory is empty; damaged files are listed, not thrown. */
export function listDeadLetters(fs: LocalFs, directory: string): DeadLetterListing {
  const records: DeadLetter[] = [];
  const malformed: { file: string; reason: string }[] = [];
  if (fs.lstat(directory)?.kind !== "directory") return { records, malformed };
  for (const { name, kind } of fs.readDir(directory)) {
    if (!name.endsWith(".json") || name.endsWith(".error.json") || name.startsWith(".")) continue;
    const opId = name.slice(0, -".json".length);
    if (kind !== "file") {
      malformed.push({ file: name, reason: "not a regular file" });
      continue;
    }
    const parsed = parseFile(fs, `${directory}/${name}`, opId);
    if ("record" in parsed) records.push(parsed.record);
    else malformed.push({ file: name, reason: parsed.reason });
  }
  records.sort((a, b) => comparePaths(a.opId, b.opId));
  malformed.sort((a, b) => comparePaths(a.file, b.file));
  return { records, malformed };
}

/** One record: null when absent, the reason when it does not parse. */
export function readDeadLetter(
  fs: LocalFs,
  directory: string,
  opId: string,
): { record: DeadLetter } | { reason: string } | null {
  if (!isSafeOpId(opId) || fs.lstat(`${directory}/${opId}.json`) === null) return null;
  return parseFile(fs, `${directory}/${opId}.json`, opId);
}

/** The sidecar as it is on disk, or null. */
export function readSidecar(fs: LocalFs, directory: string, opId: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(readText(fs, `${directory}/${opId}.error.json`) ?? "null");
    return typeof value === "object" ? (value as Record<string, unknown> | null) : null;
  } catch {
    // The sidecar only adds detail; without it the record still says what failed.
    return null;
  }
}

/** Writes record and sidecar, both or neither, durably. */
export function writeDeadLetter(
  ports: WritePorts,
  directory: string,
  record: DeadLetter,
  cause: DeadLetterCause,
): void {
  ports.fs.makeDir(directory);
  const file = `${directory}/${record.opId}.json`;
  const sidecar = {
    code: cause.code,
    message: cause.message,
    ...(cause.providerStatus === undefined ? {} : { providerStatus: cause.providerStatus }),
    ...(cause.providerResponse === undefined ? {} : { providerResponse: cause.providerResponse }),
    attempts: Math.max(record.attempts, 1),
    firstAttemptAt: cause.firstAttemptAt,
    lastAttemptAt: cause.lastAttemptAt,
    opId: record.opId,
  };
  const existed = ports.fs.lstat(file) !== null;
  writeJson(ports, `${directory}/${record.opId}.error.json`, sidecar, { indent: 2, sync: true });
  try {
    writeJson(ports, file, record, { indent: 2, sync: true });
  } catch (error) {
    if (!existed) ports.fs.unlink(`${directory}/${record.opId}.error.json`);
    throw error;
  }
}

/** Removes record and sidecar; false when there was none. */
export function removeDeadLetter(fs: LocalFs, directory: string, opId: string): boolean {
  const removed = fs.unlink(`${directory}/${opId}.json`);
  fs.unlink(`${directory}/${opId}.error.json`);
  return removed;
}

/** The sidecar's code for a status; null status means no answer. */
export function causeCode(status: number | null, schema: boolean): DeadLetterCause["code"] {
  if (schema) return "schema_violation";
  if (status === null) return "timeout";
  return status === 429 || status >= 500 ? "provider_5xx_exhausted" : "provider_4xx";
}

function parseFile(fs: LocalFs, path: string, opId: string): { record: DeadLetter } | { reason: string } {
  try {
    return parseDeadLetter(new TextDecoder().decode(fs.readFile(path)), opId);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : "cannot be read" };
  }
}
