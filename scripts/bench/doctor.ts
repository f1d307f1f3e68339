/**
 * `doctor` from the compiled executable against the embedded stack, beside the same requests sent by curl one after the
 * other. Fails when doctor takes more than twice its slowest chain of requests plus 150 ms.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { deliverGithub } from "../../lib/demo/plant.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { startStack } from "../../lib/runtime/bun/stack.ts";
import { parseReport, type Report } from "../../verify/report.ts";
import { compile, ENTRY } from "../build/compile.ts";

const ROUNDS = 12;
const SLACK_MS = 150;
const CHAIN_FACTOR = 2;

const scratch = mkdtempSync(join(tmpdir(), "relayfile-bench-"));
const ports = bunPorts({ env: {} });
const stack = await startStack({ dataDir: join(scratch, "data"), providers: ["linear", "jira"], ports });
try {
  const token = () => (JSON.parse(readFileSync(stack.tokenFile, "utf8")) as { token: string }).token;
  await deliverGithub({ ...stack, token, ...ports, signal: new AbortController().signal });
  const outfile = join(scratch, "bin", "relayfile");
  mkdirSync(join(scratch, "bin"));
  await compile({ entry: ENTRY, outfile, build: null });
  const cloud = JSON.parse(readFileSync(stack.cloudTokenFile, "utf8")) as { accessToken: string };
  const env = { PATH: process.env.PATH ?? "", RELAYFILE_HOME: stack.dataDir };
  const tokens = { RELAYFILE_TOKEN: token(), RELAYFILE_CLOUD_TOKEN: cloud.accessToken };

  const runs: { wallMs: number; insideMs: number; chainMs: number }[] = [];
  let report: Report | null = null;
  for (let round = -2; round < ROUNDS; round++) {
    const startedMs = performance.now();
    const child = Bun.spawn([outfile, "doctor", "--json", "-v"], {
      env,
      cwd: scratch,
      stdout: "pipe",
      stderr: "pipe",
    });
    const text = await new Response(child.stdout).text();
    await child.exited;
    const wallMs = performance.now() - startedMs;
    report = parseReport(text, "doctor");
    if (report.exit !== "PASS") throw new Error(`the stack is not well: ${report.verdict}`);
    if (round >= 0) runs.push({ wallMs, insideMs: report.durationMs, chainMs: longestChainMs(report) });
  }
  const lines = (report?.exchanges ?? []).map(({ repro }) => repro.curl);
  const curlMs: number[] = [];
  for (let round = 0; round < 3; round++) {
    const startedMs = performance.now();
    for (const line of lines) {
      const child = Bun.spawn(["sh", "-c", line], {
        env: { ...env, ...tokens },
        stdout: "ignore",
        stderr: "ignore",
      });
      await child.exited;
    }
    curlMs.push(performance.now() - startedMs);
  }

  const wallMs = median(runs.map((run) => run.wallMs));
  const chainMs = median(runs.map((run) => run.chainMs));
  const limitMs = CHAIN_FACTOR * chainMs + SLACK_MS;
  const rows = [
    ["`relayfile doctor --json`, process start to end", wallMs],
    ["of that, inside the run", median(runs.map((run) => run.insideMs))],
    ["the slowest chain of its requests", chainMs],
    [`the same ${lines.length} requests by curl, one after the other`, median(curlMs)],
  ] as const;
  process.stdout.write("| what | median ms |\n|---|---|\n");
  for (const [name, ms] of rows) process.stdout.write(`| ${name} | ${ms.toFixed(0)} |\n`);
  const checks = report?.summary.checks;
  process.stdout.write(`\n${checks?.total} checks, ${checks?.pass} passed, ${lines.length} requests\n`);
  process.stdout.write(`doctor takes ${wallMs.toFixed(0)} ms, the limit is ${limitMs.toFixed(0)} ms\n`);
  process.exitCode = wallMs <= limitMs ? 0 : 1;
} finally {
  await stack.stop();
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * The largest sum of request times along a sequence in which each request starts when the one before has ended: what
 * the run would take with nothing but waiting. Requests that follow each other by chance count too.
 */
function longestChainMs({ exchanges }: Report): number {
  const spans = exchanges
    .map(({ startedAt, timing }) => ({
      start: Date.parse(startedAt),
      end: Date.parse(startedAt) + timing.totalMs,
    }))
    .sort((a, b) => a.end - b.end);
  const best: number[] = [];
  for (const [index, span] of spans.entries()) {
    const before = spans.slice(0, index).map((other, n) => (other.end <= span.start ? (best[n] ?? 0) : 0));
    best.push(Math.max(0, ...before) + (span.end - span.start));
  }
  return Math.max(0, ...best);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
