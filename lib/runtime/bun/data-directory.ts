/** The data directory of a stack: private, writable, held by one process, with its signing key. */
import { Database as Sqlite } from "bun:sqlite";
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { fail, isRelayfileError, messageOf, osCodeOf } from "../../errors.ts";
import { importKeys, newKeyText } from "../../service/control-plane/keys.ts";
import type { SigningKeys } from "../../service/control-plane/tokens.ts";

/** Creates the directory, private to its user. Fails with `io_error` when that is not possible. */
export function prepareDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // Only whether it can be written matters here, so nothing waits for the disk.
    writePrivate(join(directory, ".probe"), "", false);
    rmSync(join(directory, ".probe"), { force: true });
  } catch (cause) {
    if (isRelayfileError(cause)) throw cause;
    fail(
      "io_error",
      `cannot use ${directory} as data directory: ${messageOf(cause)}`,
      { path: directory, os: osCodeOf(cause) },
      { cause },
    );
  }
}

/**
 * Takes the directory for this process; the returned function gives it back. The lock is SQLite's own, so it ends
 * with the process on every platform. Fails with `lock_held`.
 */
export function lockDirectory(directory: string, pid: number): () => void {
  const lock = new Sqlite(join(directory, "serve.lock"), { create: true });
  try {
    lock.run("PRAGMA busy_timeout=0");
    lock.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    if (!/^SQLITE_BUSY/.test(String((cause as { code?: unknown }).code))) throw cause;
    const holder = readOr(join(directory, "serve.pid"), "").trim();
    const who = holder === "" ? "another process" : `process ${holder}`;
    fail("lock_held", `${who} serves ${directory} already`, { path: directory, pid: Number(holder) || null });
  }
  writePrivate(join(directory, "serve.pid"), `${pid}\n`, false);
  return () => {
    rmSync(join(directory, "serve.pid"), { force: true });
    lock.close();
  };
}

/** The signing key of the directory, made on first use and kept in a private file. */
export async function signingKeys(directory: string): Promise<SigningKeys> {
  const file = join(directory, "signing-key.json");
  const stored = readOr(file, "");
  const text = stored === "" ? await newKeyText() : stored;
  if (stored === "") writePrivate(file, `${text}\n`);
  const keys = await importKeys(text);
  return keys ?? fail("state_corrupt", `${file} is not an RSA signing key`, { path: file });
}

/** Replaces a private file: written beside, synced unless it is not `durable`, renamed. */
export function writePrivate(file: string, text: string, durable = true): void {
  const partial = `${file}.partial`;
  const handle = openSync(partial, "w", 0o600);
  try {
    writeSync(handle, text);
    if (durable) fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  chmodSync(partial, 0o600);
  renameSync(partial, file);
}

function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (osCodeOf(cause) === "ENOENT") return fallback;
    return fail("io_error", `cannot read ${file}: ${messageOf(cause)}`, { path: file }, { cause });
  }
}
