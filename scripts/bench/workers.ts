/**
 * One workspace object in real workerd on this machine: how fast it answers, what a file costs, how many subscribers it
 * feeds. The engine here is not the platform, so only ratios to a plain answer of the same Worker carry over. Linux only.
 *
 *     bun scripts/bench/workers.ts [--seconds 4] [--files 10000]
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { newKeyText } from "../../lib/service/control-plane/keys.ts";
import { type TestWorker, testWorker } from "../../test/support/worker.ts";
import { rssBytes } from "./service/child.ts";
import { type LoadResult, load, requestBytes } from "./service/load.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "4" }, files: { type: "string", default: "10000" } },
});
const FOR_MS = Number(values.seconds) * 1_000;
const FILES = Number(values.files);
const CONNECTIONS = 16;
const SUBSCRIBERS = 100;
const CONTENT = "x".repeat(2_048);
const LARGE = "y".repeat(256 * 1024);
const KIB = 1024;
const MIB = 1024 * KIB;

const scratch = mkdtempSync(join(tmpdir(), "relayfile-bench-workers-"));
const print = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
const rate = (name: string, result: LoadResult, base: LoadResult | null, perRequest = 1, unit = "/s") => {
  if (Object.keys(result.refused).length > 0) throw new Error(`${name}: ${JSON.stringify(result.refused)}`);
  const ratio = base === null ? "1.00" : (result.perSecond / base.perSecond).toFixed(2);
  const times = `p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms`;
  print(name, `${Math.round(result.perSecond * perRequest)}${unit}`, times, ratio);
};

/** Bytes of everything below a folder whose path fits. */
function bytesBelow(folder: string, fits: (path: string) => boolean): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && fits(join(entry.parentPath, entry.name)))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

/** The engine's process: the child of this one that is called so. */
function enginePid(): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const found = pids.find((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      return stat.includes("(workerd)") && Number(stat.split(") ")[1]?.split(" ")[1]) === process.pid;
    } catch {
      // A process that ended between the listing and the look is not the one.
      return false;
    }
  });
  return Number(found ?? 0);
}

const signingKey = await newKeyText();
const start = (): Promise<TestWorker> =>
  testWorker({ signingKey, dataDir: scratch, variables: { RELAYFILE_RATE_LIMIT: "0" } });

try {
  let worker = await start();
  const target = await worker.target();
  const token = await target.token(["fs:read", "fs:write"]);
  const headers = { Authorization: `Bearer ${token}`, "X-Correlation-Id": "bench" };
  const below = (rest: string) => `/v1/workspaces/${target.workspaceId}/${rest}`;
  const port = () => worker.workerd.port;
  const drive = (
    request: (n: number) => Uint8Array,
    options: { connections?: number; requestsMax?: number; forMs?: number } = {},
  ) => load({ port: port(), connections: CONNECTIONS, forMs: FOR_MS, request, ...options });
  const put = (folder: string, content: string, forMs = FOR_MS) => {
    const body = JSON.stringify({ content });
    return drive(
      (n) =>
        requestBytes(
          port(),
          "PUT",
          below(`fs/file?path=/${folder}/d${n % 50}/f${n}`),
          { ...headers, "If-Match": "*" },
          body,
        ),
      { forMs },
    );
  };
  const get = (path: string) => requestBytes(port(), "GET", below(path), headers);
  const database = () => bytesBelow(join(scratch, "do"), (path) => path.includes("WorkspaceObject"));

  print("figure", "rate", "latency", "ratio to the plain answer");
  print("---", "---", "---", "---");
  const plain = await drive(() => requestBytes(port(), "GET", "/health", {}));
  rate("plain answer of the Worker, no object", plain, null);
  rate("PUT of 2 KB, 16 connections", await put("p", CONTENT), plain);

  const before = database();
  const bulk = await drive(
    (n) => {
      const files = Array.from({ length: 100 }, (_, i) => {
        const at = n * 100 + i;
        return { path: `/t/d${Math.floor(at / 1_000)}/f${String(at).padStart(7, "0")}`, content: CONTENT };
      });
      return requestBytes(port(), "POST", below("fs/bulk"), headers, JSON.stringify({ files }));
    },
    { connections: 4, requestsMax: FILES / 100, forMs: 600_000 },
  );
  rate("bulk of 100 files of 2 KB", bulk, plain, 100, " files/s");
  const perFile = (database() - before) / FILES;
  const nth = (n: number) => `/t/d${Math.floor(n / 1_000)}/f${String(n).padStart(7, "0")}`;
  rate("GET of 2 KB", await drive((n) => get(`fs/file?path=${nth((n * 7_919) % FILES)}`)), plain);
  const page = await drive(
    (n) => get(`fs/tree?path=/t&depth=10&cursor=${nth((n * 1_009) % (FILES - 1_000))}`),
    {
      connections: 1,
      requestsMax: 200,
    },
  );
  rate(`tree page of 1,000 entries, ${FILES} files`, page, plain);
  rate("PUT of 256 KiB to the bucket", await put("large", LARGE), plain);
  rate(
    "GET of 256 KiB from the bucket",
    await drive((n) => get(`fs/file?path=/large/d${n % 20}/f${n % 20}`)),
    plain,
  );

  const sockets = Array.from({ length: SUBSCRIBERS }, () => {
    const base = worker.workerd.url.replace("http", "ws");
    return new WebSocket(`${base}${below(`fs/ws?token=${token}&from=now&path=/live/**`)}`);
  });
  let heard = 0;
  const writes = 200;
  const all = Promise.withResolvers<void>();
  for (const socket of sockets) {
    socket.onmessage = () => {
      if (++heard === SUBSCRIBERS * writes) all.resolve();
    };
  }
  await Promise.all(sockets.map((socket) => new Promise((opened) => (socket.onopen = opened))));
  const fedFromMs = performance.now();
  await drive(
    (n) =>
      requestBytes(
        port(),
        "PUT",
        below(`fs/file?path=/live/f${n}`),
        { ...headers, "If-Match": "*" },
        JSON.stringify({ content: "1" }),
      ),
    { connections: 4, requestsMax: writes, forMs: 600_000 },
  );
  await all.promise;
  const fedMs = performance.now() - fedFromMs;
  print(
    `${writes} writes to ${SUBSCRIBERS} subscribers`,
    `${Math.round((SUBSCRIBERS * writes) / (fedMs / 1_000))} frames/s`,
    `${Math.round(fedMs)} ms in all`,
    "",
  );
  for (const socket of sockets) socket.close();
  print("bytes of SQLite per file of 2 KB", `${Math.round(perFile)} B`, "", "");
  print("memory of the engine afterwards", `${Math.round(rssBytes(enginePid()) / MIB)} MiB`, "", "");

  await worker.stop();
  worker = await start();
  const wokenFromMs = performance.now();
  const woken = await fetch(`${worker.workerd.url}${below("fs/tree?path=/t&depth=1")}`, { headers });
  if (woken.status !== 200) throw new Error(`after the restart: ${woken.status}`);
  print(
    "first answer of an object that was not in memory",
    `${Math.round(performance.now() - wokenFromMs)} ms`,
    "",
    "",
  );
  await worker.stop();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
process.exit(0);
