/**
 * The services over a real socket against a bare `Bun.serve` in the same run (issue 3): durable writes, reads, batches,
 * listings, exports, start and memory. The client has a process of its own. Linux only, because memory is read there.
 *
 *     bun scripts/bench/service.ts [--seconds 4] [--small]
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ServeDocument } from "../../commands/serve.ts";
import { compile, ENTRY } from "../build/compile.ts";
import { peakBytes, resetPeak, rssBytes, type Server, startServer } from "./service/child.ts";
import { type LoadResult, load, requestBytes } from "./service/load.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "4" }, small: { type: "boolean", default: false } },
});
const FOR_MS = Number(values.seconds) * 1_000;
const CONNECTIONS = 16;
const FILES_SMALL = 10_000;
const FILES_PUT = values.small ? 20_000 : 100_000;
const FILES_LARGE = values.small ? 40_000 : 200_000;
const CONTENT = "x".repeat(2_048);
const MIB = 1024 * 1024;

const scratch = mkdtempSync(join(tmpdir(), "relayfile-bench-"));
const print = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
const round = (value: number, digits = 0) => value.toFixed(digits);

/** A served workspace and how to talk to it. */
class Subject {
  private constructor(
    readonly server: Server,
    private readonly document: ServeDocument,
    private readonly token: string,
  ) {}

  static async start(executable: string, data: string): Promise<Subject> {
    const words = [executable, "serve", "--data", data, "--rate-limit", "0", "--json"];
    const server = await startServer(
      words,
      (text) => text.endsWith("\n}\n"),
      (text) => Number(new URL((JSON.parse(text) as ServeDocument).fileApiUrl).port),
    );
    const document = JSON.parse(server.said) as ServeDocument;
    return new Subject(server, document, JSON.parse(readFileSync(document.tokenFile, "utf8")).token);
  }

  path(rest: string): string {
    return `/v1/workspaces/${this.document.workspaceId}/${rest}`;
  }

  headers(extra: Record<string, string> = {}): Record<string, string> {
    return { Authorization: `Bearer ${this.token}`, "X-Correlation-Id": "bench", ...extra };
  }

  request(method: string, rest: string, extra?: Record<string, string>, body?: string): Uint8Array {
    return requestBytes(this.server.port, method, this.path(rest), this.headers(extra), body);
  }

  /** Files `from` to `to` by batches of 100; how fast. */
  fill(folder: string, from: number, to: number, content = CONTENT): Promise<LoadResult> {
    return load({
      port: this.server.port,
      connections: 4,
      requestsMax: Math.ceil((to - from) / 100),
      forMs: 600_000,
      request: (n) => {
        const files = Array.from({ length: 100 }, (_, i) => {
          const at = from + n * 100 + i;
          return { path: `/${folder}/d${Math.floor(at / 1_000)}/f${String(at).padStart(7, "0")}`, content };
        });
        return this.request("POST", "fs/bulk", {}, JSON.stringify({ files }));
      },
    });
  }

  put(folder: string): Promise<LoadResult> {
    const body = JSON.stringify({ content: CONTENT });
    return load({
      port: this.server.port,
      connections: CONNECTIONS,
      forMs: FOR_MS,
      request: (n) =>
        this.request("PUT", `fs/file?path=/${folder}/d${n % 50}/f${n}`, { "If-Match": "*" }, body),
    });
  }

  get(folder: string, files: number): Promise<LoadResult> {
    return load({
      port: this.server.port,
      connections: CONNECTIONS,
      forMs: FOR_MS,
      request: (n) => {
        const at = (n * 7_919) % files;
        return this.request(
          "GET",
          `fs/file?path=/${folder}/d${Math.floor(at / 1_000)}/f${String(at).padStart(7, "0")}`,
        );
      },
    });
  }

  /** Pages of 1,000 entries from varying places, one at a time. */
  pages(folder: string, files: number): Promise<LoadResult> {
    return load({
      port: this.server.port,
      connections: 1,
      forMs: Math.min(FOR_MS, 3_000),
      requestsMax: 200,
      request: (n) => {
        const at = (n * 104_729) % Math.max(1, files - 2_000);
        const cursor = `/${folder}/d${Math.floor(at / 1_000)}/f${String(at).padStart(7, "0")}`;
        return this.request("GET", `fs/tree?path=/${folder}&depth=10&cursor=${cursor}`);
      },
    });
  }

  /** One export: bytes per second, and how much the server's memory grew. */
  async exported(folder: string, format: string) {
    const { pid, port } = this.server;
    resetPeak(pid);
    const before = rssBytes(pid);
    const startedMs = performance.now();
    const url = `http://127.0.0.1:${port}${this.path(`fs/export?format=${format}&path=/${folder}`)}`;
    const response = await fetch(url, { headers: this.headers(), decompress: false });
    let bytes = 0;
    for await (const chunk of response.body as ReadableStream<Uint8Array>) bytes += chunk.byteLength;
    const ms = performance.now() - startedMs;
    return { bytes, ms, grownBytes: peakBytes(pid) - before };
  }
}

function checked(name: string, result: LoadResult): LoadResult {
  if (Object.keys(result.refused).length > 0)
    throw new Error(`${name}: ${JSON.stringify(result.refused)} of ${result.requests} were refused`);
  return result;
}

async function yardstick(bytes: number, method: "GET" | "POST"): Promise<LoadResult> {
  const server = await startServer(
    [process.execPath, join(import.meta.dir, "service", "raw.ts"), String(bytes)],
    (text) => text.endsWith("\n"),
    Number,
  );
  const body = method === "GET" ? undefined : JSON.stringify({ content: CONTENT });
  const one = requestBytes(server.port, method, "/", {}, body);
  const result = await load({
    port: server.port,
    connections: CONNECTIONS,
    forMs: FOR_MS,
    request: () => one,
  });
  await server.stop();
  return result;
}

/** Reading the same bodies from disk, one file each, in a fresh process; ms. */
function readFromDisk(folder: string, files: number, content: string): number {
  mkdirSync(folder, { recursive: true });
  for (let n = 0; n < files; n++) writeFileSync(join(folder, `f${n}`), content);
  const script = `
    const { readFileSync } = await import("node:fs");
    const from = performance.now();
    let bytes = 0;
    for (let n = 0; n < ${files}; n++) bytes += readFileSync(${JSON.stringify(folder)} + "/f" + n).byteLength;
    console.log(performance.now() - from);`;
  const runs = [0, 1, 2].map(() => Number(Bun.spawnSync([process.execPath, "-e", script]).stdout.toString()));
  return Math.min(...runs);
}

/** Streaming the same files through a bare server: what HTTP alone costs; ms. */
async function streamedByBareServer(folder: string, files: number): Promise<number> {
  const server = await startServer(
    [process.execPath, join(import.meta.dir, "service", "raw.ts"), "0"],
    (text) => text.endsWith("\n"),
    Number,
  );
  const runs: number[] = [];
  for (let n = 0; n < 3; n++) {
    const startedMs = performance.now();
    const response = await fetch(`http://127.0.0.1:${server.port}/stream?folder=${folder}&files=${files}`);
    for await (const _chunk of response.body as ReadableStream<Uint8Array>);
    runs.push(performance.now() - startedMs);
  }
  await server.stop();
  return Math.min(...runs);
}

function timed(words: readonly string[]): number {
  const startedMs = performance.now();
  Bun.spawnSync([...words], { env: { PATH: "" }, cwd: scratch });
  return performance.now() - startedMs;
}

/** From the start of the process until a route answers 200 on a known port. */
async function firstAnswer(
  executable: string,
  data: string,
  ask: { port: number; path: string; headers: Record<string, string> },
): Promise<number> {
  const { port, path, headers } = ask;
  const startedMs = performance.now();
  const child = Bun.spawn([executable, "serve", "--data", data, "--port", String(port)], {
    stdout: "ignore",
    stderr: "ignore",
    env: { PATH: "" },
  });
  try {
    const request = requestBytes(port, "GET", path, headers);
    while (true) {
      const result = await load({
        port,
        connections: 1,
        requestsMax: 1,
        forMs: 1_000,
        request: () => request,
      }).catch(() => null);
      if (result?.requests === 1 && Object.keys(result.refused).length === 0)
        return performance.now() - startedMs;
      if (child.exitCode !== null) throw new Error(`serve ended with ${child.exitCode}`);
      await Bun.sleep(0.3);
    }
  } finally {
    child.kill("SIGTERM");
    await child.exited;
  }
}

const median = (all: readonly number[]) =>
  [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)] ?? Number.NaN;

try {
  const executable = join(scratch, "bin", "program");
  mkdirSync(join(scratch, "bin"));
  await compile({ entry: ENTRY, outfile: executable, build: null });

  const rawGet = await yardstick(2_048, "GET");
  const rawPost = await yardstick(200, "POST");
  print("figure", "measured", "ratio to bare Bun.serve", "goal");
  print("---", "---", "---", "---");
  print("bare Bun.serve GET of 2 KB", `${round(rawGet.perSecond)}/s`, "1.00", "");
  print("bare Bun.serve POST of 2 KB", `${round(rawPost.perSecond)}/s`, "1.00", "");
  const rate = (name: string, { perSecond, p99Ms }: LoadResult, base: LoadResult, goal: string) =>
    print(
      name,
      `${round(perSecond)}/s, p99 ${round(p99Ms, 1)} ms`,
      round(perSecond / base.perSecond, 2),
      goal,
    );

  const data = join(scratch, "data");
  const subject = await Subject.start(executable, data);
  const idle = rssBytes(subject.server.pid);
  const putEmpty = checked("put", await subject.put("p0"));
  rate("durable PUT of 2 KB, empty workspace", putEmpty, rawPost, "2,500/s");

  const bulk = checked("bulk", await subject.fill("t", 0, FILES_SMALL));
  print(
    "bulk of 100 files of 2 KB",
    `${round(bulk.perSecond * 100)} files/s`,
    round(bulk.perSecond / rawPost.perSecond, 3),
    "12,000 files/s",
  );
  const pageSmall = checked("tree", await subject.pages("t", FILES_SMALL));
  print(`tree page, ${FILES_SMALL} files`, `p50 ${round(pageSmall.p50Ms, 1)} ms`, "", "p50 10 ms");
  rate("GET file of 2 KB", checked("get", await subject.get("t", FILES_SMALL)), rawGet, "10,000/s");

  for (const [name, size] of [
    ["2 KB", 2_048],
    ["64 KB", 65_536],
  ] as const) {
    const folder = `e${size}`;
    const content = "y".repeat(size);
    checked("fill", await subject.fill(folder, 0, FILES_SMALL, content));
    const diskMs = readFromDisk(join(scratch, "plain", folder), FILES_SMALL, content);
    const bareMs = await streamedByBareServer(join(scratch, "plain", folder), FILES_SMALL);
    const bodyBytes = FILES_SMALL * size;
    const bareRate = bodyBytes / MIB / (bareMs / 1_000);
    const diskRate = bodyBytes / MIB / (diskMs / 1_000);
    await subject.exported(folder, "frames");
    for (const format of ["frames", "json", "tar"]) {
      const { ms, grownBytes } = await subject.exported(folder, format);
      const mibPerSecond = bodyBytes / MIB / (ms / 1_000);
      print(
        `export ${FILES_SMALL} files of ${name} as ${format}`,
        `${round(mibPerSecond)} MiB/s, RSS +${round(grownBytes / MIB)} MiB`,
        `${round(mibPerSecond / diskRate, 2)} of reading files (${round(diskRate)} MiB/s), ${round(mibPerSecond / bareRate, 2)} of a bare server streaming them (${round(bareRate)} MiB/s)`,
        "0.5 of reading files, RSS +32 MiB",
      );
    }
  }

  checked("fill", await subject.fill("t", FILES_SMALL, FILES_PUT));
  const putFull = checked("put", await subject.put("p1"));
  rate(`durable PUT of 2 KB, over ${FILES_PUT} files`, putFull, rawPost, "80 % of the empty one");
  checked("fill", await subject.fill("t", FILES_PUT, FILES_LARGE));
  const pageLarge = checked("tree", await subject.pages("t", FILES_LARGE));
  print(
    `tree page, over ${FILES_LARGE} files`,
    `p50 ${round(pageLarge.p50Ms, 1)} ms`,
    `${round(pageLarge.p50Ms / pageSmall.p50Ms, 2)} of the small one`,
    "at most 2 times the small one",
  );
  await subject.server.stop();

  // The token of the last run still opens the workspace: the key pair is part of the data directory.
  for (const [name, path, headers] of [
    ["health", "/health", {}],
    [`a listing of ${FILES_LARGE} files`, subject.path("fs/tree?depth=1"), subject.headers()],
  ] as const) {
    const ask = { port: 47_211, path, headers };
    await firstAnswer(executable, data, ask);
    const starts: number[] = [];
    const versions: number[] = [];
    for (let n = 0; n < 15; n++) {
      versions.push(timed([executable, "--version"]));
      starts.push(await firstAnswer(executable, data, ask));
    }
    print(
      `start to first 200, ${name}`,
      `${round(median(starts), 1)} ms`,
      `${round(median(starts) / median(versions), 2)} of --version (${round(median(versions), 1)} ms)`,
      "4 times --version",
    );
  }
  print("idle RSS", `${round(idle / MIB)} MiB`, "", "reported");
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
