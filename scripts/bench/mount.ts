/**
 * The mount daemon over the embedded service: its first copy against `tar -x` and a raw copy of the same files, and every
 * figure beside the original's daemon in the same run. Nothing is removed before the end and no directory is used twice:
 * making files where others were just removed is many times slower on ext4.
 *
 *     bun scripts/bench/mount.ts [--files 10000] [--rounds 3] [--no-original] [--large 100000] [--keep]
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { compile, ENTRY } from "../build/compile.ts";
import { type Live, measureLive } from "./mount/live.ts";
import { stateWriteMs } from "./mount/state-write.ts";
import { originalBinary, originalSubject, ourSubject, type Subject } from "./mount/subjects.ts";
import { archiveOf, extract, type ServedWorkspace, servedWorkspace } from "./mount/workspace.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "10000" },
    rounds: { type: "string", default: "3" },
    changes: { type: "string", default: "20" },
    "idle-ms": { type: "string", default: "20000" },
    large: { type: "string" },
    "no-original": { type: "boolean", default: false },
    "no-live": { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
  },
});
const FILES = Number(values.files);
const ROUNDS = Number(values.rounds);
const scratch = mkdtempSync(join(tmpdir(), "relayfile-bench-mount-"));
const print = (...cells: string[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
let serial = 0;
const fresh = (name: string) => {
  const path = join(scratch, `${name}-${serial++}`);
  mkdirSync(path);
  return path;
};

const executable = join(fresh("bin"), "relayfile");
await compile({ entry: ENTRY, outfile: executable, build: null });
const original = values["no-original"] ? null : originalBinary();
const served: ServedWorkspace[] = [];
try {
  const perFile = await compare(FILES);
  if (values.large !== undefined) await large(Number(values.large), perFile);
} finally {
  await Promise.all(served.map((workspace) => workspace.stop()));
  if (values.keep) process.stderr.write(`kept ${scratch}\n`);
  else rmSync(scratch, { recursive: true, force: true });
}
process.exit(0);

/** Every figure at one size; answers with the milliseconds per file of our first copy. */
async function compare(files: number): Promise<number> {
  const workspace = await serve(files);
  const archive = archiveOf(fresh("archive"), files);
  const limits: number[] = [];
  const synced: number[] = [];
  const ours: { ms: number; cpuMs: number }[] = [];
  let subject: Subject | null = null;
  // Side by side in turn, so that a busy moment meets both.
  for (let round = 0; round < ROUNDS; round++) {
    const tar = extract(archive, fresh("tar"));
    limits.push(tar.ms);
    synced.push(tar.syncedMs);
    subject = ourSubject(executable, workspace.served, fresh("ours"));
    ours.push(succeeded(subject, await subject.once()));
  }
  const copied = Bun.spawnSync(["cp", "-r", subject?.mirror ?? "", join(fresh("copy"), "to")]).exitCode;
  if (copied !== 0) throw new Error("the mirror cannot be copied");
  const bootstrapMs = median(ours.map(({ ms }) => ms));
  const limitMs = median(limits);
  const mine = await passes(subject as Subject);
  print("figure", "relayfile", "original", "goal");
  print("---", "---", "---", "---");
  const theirs = original === null ? null : await originalPasses(files);
  const ratio = theirs === null ? "" : `, ${(theirs.bootstrapMs / bootstrapMs).toFixed(0)} x faster`;
  const first = `first copy of ${files} files of 2 KiB`;
  print(first, `${ms(bootstrapMs)}${ratio}`, ms(theirs?.bootstrapMs), "40 x faster");
  print("the same, times `tar -x`", pairs(ours, limits), "", "2.0");
  print("`tar -x`; with a sync after it", `${ms(limitMs)}; ${ms(median(synced))}`, "", "");
  print("CPU of the first copy", ms(median(ours.map(({ cpuMs }) => cpuMs))), ms(theirs?.bootstrapCpuMs), "");
  const share = theirs === null ? "" : `, 1/${(theirs.cpuMs / mine.cpuMs).toFixed(1)}`;
  print("pass without changes, CPU", `${ms(mine.cpuMs)}${share}`, ms(theirs?.cpuMs), "1/20");
  print("pass without changes, wall", ms(mine.ms), ms(theirs?.ms), "");
  print("compare everything, wall", ms(mine.auditMs), ms(theirs?.auditMs), "");
  if (!values["no-live"]) {
    const options = { rounds: Number(values.changes), idleMs: Number(values["idle-ms"]) };
    const live = await measureLive(subject as Subject, workspace, options);
    const other = theirs === null ? null : await measureLive(theirs.subject, theirs.workspace, options);
    printLive(live, other);
  }
  print(
    "own state per file",
    bytesPerFile(subject as Subject, files),
    other(theirs?.subject, files),
    "512 B + 4 MiB",
  );
  return bootstrapMs / files;
}

/** The figures of a large mirror: ours alone. */
async function large(files: number, perFileMs: number): Promise<void> {
  const workspace = await serve(files);
  const archive = archiveOf(fresh("archive"), files);
  const tar = extract(archive, fresh("tar"));
  const subject = ourSubject(executable, workspace.served, fresh("ours"));
  const run = succeeded(subject, await subject.once());
  const after = await passes(subject);
  const written = await stateWriteMs(subject.mirror, workspace.served);
  const factor = (run.ms / files / perFileMs).toFixed(2);
  print(
    `first copy of ${files} files`,
    `${ms(run.ms)}, ${(run.ms / tar.ms).toFixed(2)} x \`tar -x\``,
    "",
    "finishes",
  );
  print("cost per file against the smaller mirror", `${factor} x`, "", "1.5 x");
  print("pass without changes, wall / CPU", `${ms(after.ms)} / ${ms(after.cpuMs)}`, "", "");
  print("audit without changes, wall", ms(after.auditMs), "", "3 s");
  print("state write on one change", ms(written, 2), "", "5 ms");
  print("own state per file", bytesPerFile(subject, files), "", "512 B + 4 MiB");
}

/** A filled workspace of its own, stopped at the end whatever happens. */
async function serve(files: number): Promise<ServedWorkspace> {
  const workspace = await servedWorkspace(executable, fresh("data"), files);
  served.push(workspace);
  return workspace;
}

async function passes(subject: Subject): Promise<{ ms: number; cpuMs: number; auditMs: number }> {
  const runs = [];
  for (let n = 0; n < 3; n++) runs.push(succeeded(subject, await subject.once()));
  const audit = succeeded(subject, await subject.once({ again: true }));
  return {
    ms: median(runs.map((run) => run.ms)),
    cpuMs: median(runs.map((run) => run.cpuMs)),
    auditMs: audit.ms,
  };
}

/** The original over a workspace of its own, filled in the same way. */
async function originalPasses(files: number) {
  const workspace = await serve(files);
  const subject = originalSubject(original as string, workspace.served, fresh("original"));
  const first = succeeded(subject, await subject.once());
  const run = succeeded(subject, await subject.once());
  const audit = succeeded(subject, await subject.once({ again: true }));
  return {
    ...{ subject, workspace, bootstrapMs: first.ms, bootstrapCpuMs: first.cpuMs },
    ...{ ms: run.ms, cpuMs: run.cpuMs, auditMs: audit.ms },
  };
}

function printLive(live: Live, other: Live | null): void {
  const both = (name: string, of: (one: Live) => string, goal: string) =>
    print(name, of(live), other === null ? "" : of(other), goal);
  const spread = (list: readonly number[]) =>
    `${percentile(list, 0.5).toFixed(1)} / ${percentile(list, 0.95).toFixed(1)} ms`;
  both("remote change to readable file, p50 / p95", (one) => spread(one.remoteMs), "5 / 20 ms");
  both("atomic save to readable on the server, p50 / p95", (one) => spread(one.atomicMs), "p50 30 ms");
  both("in-place save, p50 / p95 (settle delay 100 ms)", (one) => spread(one.inPlaceMs), "p50 130 ms");
  both("1,000 files made at once, all on the server", (one) => ms(one.burstMs), "1 s");
  both("idle CPU", (one) => `${one.idlePercent.toFixed(2)} %`, "0.3 %");
  both("RSS", (one) => `${(one.rssBytes / 1_048_576).toFixed(0)} MiB`, "120 MiB");
  both("SIGTERM to exit", (one) => `${ms(one.stopMs)}, code ${one.stopExit}`, "200 ms");
}

function succeeded<T extends { exitCode: number | null }>(subject: Subject, run: T): T {
  if (run.exitCode !== 0) throw new Error(`${subject.name} ended with ${run.exitCode} in ${subject.mirror}`);
  return run;
}

function pairs(ours: readonly { ms: number }[], limits: readonly number[]): string {
  const ratios = ours.map((run, index) => run.ms / (limits[index] as number));
  return `${median(ratios).toFixed(2)} (${ratios.map((one) => one.toFixed(2)).join(", ")})`;
}

function bytesPerFile(subject: Subject, files: number): string {
  return `${(subject.stateBytes() / files).toFixed(0)} B`;
}

function other(subject: Subject | undefined, files: number): string {
  return subject === undefined ? "" : bytesPerFile(subject, files);
}

function ms(value: number | undefined, digits = 0): string {
  return value === undefined ? "" : `${value.toFixed(digits)} ms`;
}

function median(list: readonly number[]): number {
  return percentile(list, 0.5);
}

function percentile(list: readonly number[], p: number): number {
  const sorted = [...list].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] as number;
}
