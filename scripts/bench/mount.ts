/**
 * Measures the mount daemon against the embedded service, with `tar -x` of the same files as the limit: bootstrap, a pass
 * without changes, latency in both directions, idle cost, stop. Run `bun scripts/bench/mount.ts [FILES]`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileApi } from "../../lib/client/file-api.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { startStack } from "../../lib/runtime/bun/stack.ts";

const FILES = Number(process.argv[2] ?? "10000");
const BODY_BYTES = 2_048;
const ROUNDS = 20;

const base = mkdtempSync(join(tmpdir(), "relayfile-bench-mount-"));
const dir = { path: base, join: (...parts: string[]) => join(base, ...parts) };
const ports = bunPorts({ env: {} });
const stack = await startStack({ dataDir: dir.join("data"), workspaceName: "bench", ports });
const token = JSON.parse(readFileSync(stack.tokenFile, "utf8")).token as string;
const api = fileApi(
  {
    service: "file-api",
    baseUrl: stack.fileApiUrl,
    token: () => token,
    fetch: ports.fetch,
    random: ports.random,
  },
  stack.workspaceId,
);
const env = {
  ...process.env,
  HOME: dir.path,
  RELAYFILE_HOME: stack.dataDir,
  RELAYFILE_WORKSPACE: stack.workspaceId,
  RELAYFILE_BASE_URL: stack.fileApiUrl,
  RELAYFILE_CLOUD_API_URL: stack.controlPlaneUrl,
};
const rows: [string, string][] = [];
const note = (name: string, value: string) => {
  rows.push([name, value]);
  process.stdout.write(`${name.padEnd(52)} ${value}\n`);
};

await seed();
const tarMs = extractTar();
const mirror = dir.join("mirror");
const first = await cli(["mount", stack.workspaceId, mirror, "--once", "--json"]);
note(`bootstrap of ${FILES} files of ${BODY_BYTES} bytes, wall`, `${first.ms.toFixed(0)} ms`);
note("  times tar -x of the same files", (first.ms / tarMs).toFixed(2));
note("  CPU of the process", `${first.cpuMs.toFixed(0)} ms`);
const again = await cli(["mount", stack.workspaceId, mirror, "--once", "--json"]);
note("pass without changes, wall / CPU", `${again.ms.toFixed(0)} / ${again.cpuMs.toFixed(0)} ms`);
note("private state per file", `${(stateBytes() / FILES).toFixed(0)} bytes`);

const daemon = Bun.spawn([process.execPath, "cli.ts", "mount", stack.workspaceId, mirror, "--json"], {
  env,
  stdout: "pipe",
  stderr: "inherit",
});
const reader = daemon.stdout.getReader();
await reader.read();
await Bun.sleep(2_000);
await latency();
await burst();
await idle();
const stopped = performance.now();
daemon.kill("SIGTERM");
await daemon.exited;
note("SIGTERM to exit", `${(performance.now() - stopped).toFixed(0)} ms, code ${daemon.exitCode}`);
await stack.stop();
rmSync(base, { recursive: true, force: true });

/** Fills the workspace. */
async function seed(): Promise<void> {
  const body = "x".repeat(BODY_BYTES - 10);
  for (let at = 0; at < FILES; at += 500) {
    const files = Array.from({ length: Math.min(500, FILES - at) }, (_, i) => ({
      path: `/bench/d${Math.floor((at + i) / 100)}/f${at + i}.txt`,
      content: `${String(at + i).padStart(9, "0")}\n${body}`,
      contentType: "text/plain",
    }));
    await api.bulk(files, { timeoutMs: 120_000 });
  }
}

/** The limit: the same files written by tar. */
function extractTar(): number {
  const source = dir.join("source");
  for (let n = 0; n < FILES; n++) {
    const folder = `${source}/d${Math.floor(n / 100)}`;
    if (n % 100 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/f${n}.txt`, `${String(n).padStart(9, "0")}\n${"x".repeat(BODY_BYTES - 10)}`);
  }
  Bun.spawnSync(["tar", "-cf", dir.join("all.tar"), "-C", source, "."]);
  mkdirSync(dir.join("target"));
  const started = performance.now();
  Bun.spawnSync(["tar", "-xf", dir.join("all.tar"), "-C", dir.join("target")]);
  const ms = performance.now() - started;
  note("tar -x", `${ms.toFixed(0)} ms`);
  return ms;
}

async function cli(words: string[]): Promise<{ ms: number; cpuMs: number }> {
  const started = performance.now();
  const run = Bun.spawn([process.execPath, "cli.ts", ...words], { env, stdout: "ignore", stderr: "inherit" });
  await run.exited;
  const usage = run.resourceUsage();
  if (run.exitCode !== 0) throw new Error(`${words.join(" ")} ended with ${run.exitCode}`);
  return { ms: performance.now() - started, cpuMs: Number(usage?.cpuTime.total ?? 0) / 1_000 };
}

/** Both directions, one change at a time. */
async function latency(): Promise<void> {
  const down: number[] = [];
  const atomic: number[] = [];
  const inPlace: number[] = [];
  const local = `${mirror}/bench/d0/f0.txt`;
  for (let n = 0; n < ROUNDS; n++) {
    const text = `remote ${n}\n`;
    const { revision } = await api.readFile("/bench/d0/f0.txt");
    const sent = performance.now();
    await api.putFile("/bench/d0/f0.txt", { content: text, contentType: "text/plain" }, revision);
    await until(() => readFileSync(local, "utf8") === text);
    down.push(performance.now() - sent);
    await Bun.sleep(30);
    writeFileSync(`${mirror}/bench/d0/.f1.tmp-${n}`, `atomic ${n}\n`);
    const renamed = performance.now();
    await Bun.spawn(["mv", `${mirror}/bench/d0/.f1.tmp-${n}`, `${mirror}/bench/d0/f1.txt`]).exited;
    await until(async () => (await api.readFile("/bench/d0/f1.txt")).content === `atomic ${n}\n`);
    atomic.push(performance.now() - renamed);
    await Bun.sleep(150);
    const saved = performance.now();
    writeFileSync(`${mirror}/bench/d0/f2.txt`, `in place ${n}\n`);
    await until(async () => (await api.readFile("/bench/d0/f2.txt")).content === `in place ${n}\n`);
    inPlace.push(performance.now() - saved);
    await Bun.sleep(150);
  }
  for (const [name, values] of [
    ["remote change to readable file", down],
    ["atomic save to readable on the server (with mv)", atomic],
    ["in-place save to readable on the server", inPlace],
  ] as const) {
    note(
      `${name}, p50 / p95`,
      `${percentile(values, 0.5).toFixed(1)} / ${percentile(values, 0.95).toFixed(1)} ms`,
    );
  }
}

/** A thousand files at once. */
async function burst(): Promise<void> {
  mkdirSync(`${mirror}/burst`);
  const started = performance.now();
  for (let n = 0; n < 1_000; n++) writeFileSync(`${mirror}/burst/f${n}.txt`, `burst ${n}\n`);
  await until(async () => ((await api.tree({ path: "/burst", depth: 1 })).totalFiles ?? 0) >= 1_000, 10);
  note("1,000 files created at once, on the server after", `${(performance.now() - started).toFixed(0)} ms`);
}

async function idle(): Promise<void> {
  await Bun.sleep(3_000);
  const before = cpuTicks(daemon.pid);
  await Bun.sleep(10_000);
  note("idle CPU over 10 s", `${(cpuTicks(daemon.pid) - before) / 10} %`);
  const status = readFileSync(`/proc/${daemon.pid}/status`, "utf8");
  note("RSS", `${(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1_024).toFixed(0)} MiB`);
}

/** Hundredths of a second of CPU, user and system, of a process. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function stateBytes(): number {
  const find = Bun.spawnSync([
    "find",
    `${stack.dataDir}/.relayfile-mount-state`,
    `${mirror}/.relay`,
    "-type",
    "f",
  ]);
  const files = find.stdout.toString().trim().split("\n");
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}

async function until(done: () => boolean | Promise<boolean>, everyMs = 0): Promise<void> {
  const limit = performance.now() + 30_000;
  while (!(await done())) {
    if (performance.now() > limit) throw new Error("waited 30 s");
    await Bun.sleep(everyMs);
  }
}

function percentile(values: readonly number[], p: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] as number;
}

process.exit(0);
