/**
 * Start-up of the compiled executable against an empty program compiled the same way, in the same run: only the ratio
 * means something on a shared machine. Fails when `--version` takes more than 1.5 times the empty program.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, ENTRY } from "../build/compile.ts";

const ROUNDS = 40;
const RATIO_MAX = 1.5;

/** Command lines that are timed; the first is the goal, the others show what loading a command costs. */
const LINES: readonly (readonly string[])[] = [
  ["--version"],
  ["--help"],
  ["no-such-command"],
  ["help", "exit-codes"],
  ["schema", "error"],
];

const scratch = mkdtempSync(join(tmpdir(), "relayfile-bench-"));
try {
  const empty = await compiled("empty", emptyEntry());
  const relayfile = await compiled("relayfile", ENTRY);
  const subjects = [
    { name: "empty program", words: [empty], timesMs: [] as number[] },
    ...LINES.map((words) => ({
      name: `relayfile ${words.join(" ")}`,
      words: [relayfile, ...words],
      timesMs: [] as number[],
    })),
  ];
  for (let round = -2; round < ROUNDS; round++) {
    for (const subject of subjects) {
      const startedMs = performance.now();
      Bun.spawnSync(subject.words, { env: { PATH: "" }, cwd: scratch });
      if (round >= 0) subject.timesMs.push(performance.now() - startedMs);
    }
  }
  const base = median(subjects[0]?.timesMs ?? []);
  const rows = subjects.map(({ name, timesMs }) => ({
    name,
    medianMs: median(timesMs),
    minMs: Math.min(...timesMs),
  }));
  const line = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
  line(["command", "median ms", "min ms", "ratio"]);
  line(["---", "---", "---", "---"]);
  for (const { name, medianMs, minMs } of rows) {
    line([name, medianMs.toFixed(1), minMs.toFixed(1), (medianMs / base).toFixed(2)]);
  }
  const ratio = (rows[1]?.medianMs ?? Number.POSITIVE_INFINITY) / base;
  process.stdout.write(
    `\n--version takes ${ratio.toFixed(2)} times an empty program, the limit is ${RATIO_MAX}\n`,
  );
  process.exitCode = ratio <= RATIO_MAX ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function compiled(name: string, entry: string): Promise<string> {
  const outfile = join(scratch, name, "program");
  mkdirSync(join(scratch, name), { recursive: true });
  await compile({ entry, outfile, build: null });
  return outfile;
}

function emptyEntry(): string {
  const path = join(scratch, "empty.ts");
  writeFileSync(path, "");
  return path;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
