/**
 * A service on a disk that fills up, in a process of its own. Arguments: a directory, and how room is made again:
 * `ballast` removes a file, `limit` lifts this process's own limit on file sizes. Prints what happened as JSON.
 */
import { Database } from "bun:sqlite";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { type Stack, startStack } from "../../lib/runtime/bun/stack.ts";

const directory = process.argv[2] ?? "";
const mode = process.argv[3] ?? "";
const dataDir = join(directory, "data");
const ballast = join(directory, "ballast");
const BALLAST_BYTES = 16 * 1024 * 1024;
const WRITES_MAX = 20_000;

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const acknowledged = new Map<string, string>();
const start = () => startStack({ dataDir, ports: bunPorts({ env: {} }) });

async function call(stack: Stack, method: string, path: string, body?: unknown) {
  const response = await stack.fetch(
    new Request(`${stack.fileApiUrl}/v1/workspaces/${stack.workspaceId}/${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${token}`,
        "X-Correlation-Id": crypto.randomUUID(),
        "If-Match": "*",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: answers of every shape are looked into.
  return { status: response.status, body: (await response.json()) as any };
}

/** Writes one file; null when it was accepted, else the refusal. Every fifth body is too large to be inline. */
async function write(stack: Stack, n: number): Promise<Refusal | null> {
  const path = `/d${n % 7}/f${n}`;
  const content = `${n} `.padEnd(n % 5 === 0 ? 100_000 : 3_000, "x");
  const { status, body } = await call(stack, "PUT", `fs/file?path=${path}`, { content });
  if (status === 202) acknowledged.set(path, content);
  return status === 202 ? null : { status, code: body.code, message: body.message };
}

async function fill(stack: Stack): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (let n = 0; n < WRITES_MAX && refusals.length < 15; n++) {
    const refusal = await write(stack, n);
    if (refusal !== null) refusals.push(refusal);
  }
  return refusals;
}

/** Acknowledged files that do not read back as they were written. */
async function lost(stack: Stack): Promise<string[]> {
  const missing: string[] = [];
  for (const [path, content] of acknowledged) {
    const { status, body } = await call(stack, "GET", `fs/file?path=${path}`);
    if (status !== 200 || body.content !== content) missing.push(`${path} ${status}`);
  }
  return missing;
}

function makeRoom(): void {
  if (mode === "ballast") rmSync(ballast);
  else Bun.spawnSync(["prlimit", `--pid=${process.pid}`, "--fsize=unlimited"]);
}

if (mode === "ballast") writeFileSync(ballast, new Uint8Array(BALLAST_BYTES));
let stack = await start();
let token = await stack.mint(["fs:read", "fs:write", "ops:read"]);
const { workspaceId } = stack;
const refusals = await fill(stack);
const written = acknowledged.size;
const bulk = await call(stack, "POST", "fs/bulk", {
  files: Array.from({ length: 200 }, (_, n) => ({ path: `/bulk/f${n}`, content: "y".repeat(60_000) })),
});
const tree = await call(stack, "GET", "fs/tree?path=/bulk");
const lostWhileFull = await lost(stack);
makeRoom();
const afterRoom: (Refusal | null)[] = [];
for (let n = WRITES_MAX; n < WRITES_MAX + 20; n++) afterRoom.push(await write(stack, n));
const lostAfterRoom = await lost(stack);
await stack.stop();

const db = new Database(join(dataDir, "workspaces", `${workspaceId}.db`));
const integrity = (db.query("PRAGMA integrity_check").get() as { integrity_check: string }).integrity_check;
db.close();
stack = await start();
token = await stack.mint(["fs:read", "fs:write", "ops:read"]);
const { sql } = (await stack.workspace()).context.store;
const count = (query: string) => sql.all<{ n: number }>(query)[0]?.n ?? -1;
const report = {
  written,
  refusals,
  bulk: { status: bulk.status, code: bulk.body.code, written: bulk.body.written },
  bulkEntries: tree.body.entries.length,
  lostWhileFull,
  refusedAfterRoom: afterRoom.filter((one) => one !== null),
  lostAfterRoom,
  integrity,
  lostAfterRestart: await lost(stack),
  files: count("SELECT COUNT(*) AS n FROM files WHERE path NOT LIKE '/digests/%'"),
  counted: count("SELECT files AS n FROM dirs WHERE path = '/'"),
  digests: count("SELECT COUNT(*) AS n FROM files WHERE path LIKE '/digests/%'"),
  acknowledged: acknowledged.size,
  partials: readdirSync(dataDir, { recursive: true }).filter((name) => String(name).endsWith(".partial")),
};
await stack.stop();
process.stdout.write(`${JSON.stringify(report)}\n`);
