/**
 * Where a body belongs: durable writes and reads of bodies of one size, inline in SQLite and as files of the body store,
 * 16 at a time. The size at which the store starts to win is the threshold of `prepareBody`.
 *
 *     bun scripts/bench/service/threshold.ts [--seconds 1]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { diskBodyStore } from "../../../lib/runtime/bun/body-store.ts";
import { openDatabase } from "../../../lib/runtime/bun/sqlite.ts";

const { values } = parseArgs({ options: { seconds: { type: "string", default: "1" } } });
const FOR_MS = Number(values.seconds) * 1_000;
const SIZES_KIB = [2, 4, 8, 16, 32, 64, 128, 256];
const WORKERS = 16;

const print = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
const scratch = mkdtempSync(join(tmpdir(), "relayfile-threshold-"));

/** Repeats a step in 16 workers for the measured time; steps per second. */
async function rate(step: (n: number) => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  let n = 0;
  const worker = async () => {
    while (performance.now() - startedMs < FOR_MS) await step(n++);
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  return n / ((performance.now() - startedMs) / 1_000);
}

try {
  print("body", "inline writes/s", "stored writes/s", "inline reads/s", "stored reads/s");
  print("---", "---", "---", "---", "---");
  for (const kib of SIZES_KIB) {
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(kib * 1024, 65_536)));
    const body = new Uint8Array(kib * 1024).map((_, index) => bytes[index % bytes.byteLength] ?? 0);
    const db = openDatabase(join(scratch, `${kib}.db`));
    const store = diskBodyStore(join(scratch, `bodies-${kib}`));
    await db.commit(() => db.sql.run("CREATE TABLE bodies (n INTEGER PRIMARY KEY, bytes BLOB, key TEXT)"));
    const insert = (n: number, inline: Uint8Array | null, key: string | null) =>
      db.commit(() => db.sql.run("INSERT OR REPLACE INTO bodies VALUES (?, ?, ?)", [n, inline, key]));
    const inlineWrites = await rate((n) => insert(n, body, null));
    const inlineReads = await rate(async (n) =>
      db.sql.all("SELECT bytes FROM bodies WHERE n = ?", [n % 200]),
    );
    const storedWrites = await rate(async (n) => {
      // As a workspace does it: a number first, then the body, then the row.
      await db.commit(() => db.sql.run("INSERT OR REPLACE INTO bodies VALUES (-1, NULL, ?)", [String(n)]));
      await store.put(`k${n}`, body);
      await insert(1_000_000 + n, null, `k${n}`);
    });
    const storedReads = await rate((n) => store.get(`k${n % 200}`));
    print(
      `${kib} KiB`,
      ...[inlineWrites, storedWrites, inlineReads, storedReads].map((value) => value.toFixed(0)),
    );
    await db.close();
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
