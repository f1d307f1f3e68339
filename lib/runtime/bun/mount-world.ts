/** The daemon's world on Bun: the ordinary ports plus SQLite, native hashing and locks. */
import { Database as Sqlite } from "bun:sqlite";
import { closeSync, openSync } from "node:fs";
import { fail, messageOf } from "../../errors.ts";
import type { MountWorld, StateDatabase } from "../../mount/world.ts";
import type { Ports, SqlRow, SqlValue } from "../../ports.ts";
import { acquireLease } from "./lease.ts";

/** Builds the world of a mount around the ports of a command. */
export function bunMountWorld(ports: Ports): MountWorld {
  return {
    ...ports,
    sha256,
    openDatabase: openStateDatabase,
    acquireLease,
    spawnSelf: spawnSelf(ports),
    ...(process.platform === "win32" ? {} : { onFlushRequest }),
  };
}

function onFlushRequest(listener: () => void): () => void {
  process.on("SIGUSR1", listener);
  return () => void process.off("SIGUSR1", listener);
}

/** Starts the same executable, or the same script under the same Bun, in a session of its own. */
function spawnSelf(ports: Ports): MountWorld["spawnSelf"] {
  return (edit, outputFile) => {
    const compiled = /^(?:\/\$bunfs\/|[A-Z]:[\\/]~BUN)/.test(Bun.main);
    const program = compiled ? [process.execPath] : [process.execPath, Bun.main];
    const handle = openSync(outputFile, "a", 0o644);
    try {
      const child = Bun.spawn([...program, ...edit(process.argv.slice(2))], {
        cwd: ports.host.cwd,
        env: ports.host.env as Record<string, string>,
        stdin: "ignore",
        stdout: "ignore",
        stderr: handle,
        detached: true,
      });
      child.unref();
      return { pid: child.pid };
    } finally {
      closeSync(handle);
    }
  };
}

/** SHA-256 as lower-case hex. */
export function sha256(input: string | Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(input).digest("hex");
}

/**
 * Opens the index: WAL without a sync per commit. A power cut may lose its last moments, never its order, and what must
 * not be lost is in the outbox, which is synced.
 */
export function openStateDatabase(path: string): StateDatabase {
  let connection: Sqlite;
  try {
    connection = new Sqlite(path, { create: true, readwrite: true });
    for (const pragma of ["journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=2000", "cache_size=-8192"])
      connection.run(`PRAGMA ${pragma}`);
    connection.query("SELECT count(*) FROM sqlite_master").get();
  } catch (cause) {
    const code = (cause as { code?: string }).code ?? "";
    const corrupt = code === "SQLITE_NOTADB" || code === "SQLITE_CORRUPT";
    return fail(
      corrupt ? "state_corrupt" : "io_error",
      `cannot open ${path}: ${messageOf(cause)}`,
      { path },
      { cause },
    );
  }
  return {
    sql: {
      all: <Row extends SqlRow>(text: string, params: readonly SqlValue[] = []) =>
        connection.query(text).all(...(params as SqlValue[])) as Row[],
      run: (text, params = []) => {
        connection.query(text).run(...(params as SqlValue[]));
      },
    },
    close() {
      connection.run("PRAGMA wal_checkpoint(TRUNCATE)");
      connection.close();
    },
  };
}
