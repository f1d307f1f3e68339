/**
 * The long versions of what the tests do briefly: `bun run soak -- [NAME] [--rounds N] [--seed S]`. A soak is a line in
 * this table: the test file that does one round, and the variables that tell it how many.
 */
import { dirname } from "node:path";
import { parseArgs } from "node:util";

/** What a caller may choose. */
interface Choice {
  readonly rounds: number;
  readonly seed: string | undefined;
}

/** One soak. */
interface Soak {
  readonly about: string;
  readonly rounds: number;
  /** The test file, or the script that takes the number of rounds and the first seed. */
  readonly file: string;
  readonly env: (choice: Choice) => Record<string, string>;
}

const seeded = ({ seed }: Choice): Record<string, string> => (seed === undefined ? {} : { SEED: seed });

/** Every soak by name. */
const SOAKS: Readonly<Record<string, Soak>> = {
  mount: {
    about: "run the daemon in simulation against random schedules from `--seed` on; say which faults hit",
    rounds: 100_000,
    file: "test/sim/soak.ts",
    env: () => ({}),
  },
  "mount-kill": {
    about:
      "SIGKILL the executable at random moments of a mount under work and check everything that was saved",
    rounds: 500,
    file: "test/deep/kill-mount.deep.test.ts",
    env: (choice) => ({ RELAYFILE_MOUNT_KILL_ROUNDS: String(choice.rounds), ...seeded(choice) }),
  },
  kill: {
    about: "SIGKILL a writing service at random moments and check everything it acknowledged",
    rounds: 200,
    file: "test/lib/service/crash.test.ts",
    env: ({ rounds }) => ({ RELAYFILE_KILL_ROUNDS: String(rounds) }),
  },
  garbage: {
    about: "send random requests to every route of both services",
    rounds: 100_000,
    file: "test/contract/garbage.test.ts",
    env: (choice) => ({ RELAYFILE_TEST_RUNS: String(choice.rounds), ...seeded(choice) }),
  },
  disk: {
    about: "fill a disk under a writing service, make it read-only, and let it recover",
    rounds: 10,
    file: "test/lib/service/disk.test.ts",
    env: ({ rounds }) => ({ RELAYFILE_DISK_ROUNDS: String(rounds) }),
  },
};

/** Names and what they do, one a line. */
function usage(): string {
  const lines = Object.entries(SOAKS).map(
    ([name, { about, rounds }]) => `  ${name.padEnd(10)} ${about} (${rounds} rounds)`,
  );
  return `usage: bun run soak -- [NAME] [--rounds N] [--seed S]\n\n${lines.join("\n")}\n`;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { rounds: { type: "string" }, seed: { type: "string" } },
    allowPositionals: true,
  });
  const name = positionals[0] ?? "mount";
  const soak = SOAKS[name];
  const rounds = Number(
    values.rounds ?? (name === "mount" ? process.env.SCHEDULES : undefined) ?? soak?.rounds,
  );
  if (soak === undefined || !Number.isInteger(rounds) || rounds < 1) {
    process.stderr.write(usage());
    process.exit(2);
  }
  const startedMs = performance.now();
  const words = !soak.file.endsWith(".test.ts")
    ? [soak.file, String(rounds), values.seed ?? "1"]
    : ["test", soak.file, "--timeout", String(24 * 3_600_000)];
  const run = Bun.spawn([process.execPath, ...words], {
    cwd: dirname(import.meta.dir),
    env: { ...process.env, ...soak.env({ rounds, seed: values.seed }) },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exitCode = await run.exited;
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(0);
  process.stdout.write(
    `${name}: ${rounds} rounds, ${exitCode === 0 ? "passed" : "failed"} in ${seconds} s\n`,
  );
  process.exit(exitCode);
}
