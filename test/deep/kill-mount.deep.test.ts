/** The executable killed again and again while two writers work. `RELAYFILE_MOUNT_KILL_ROUNDS` sets how often. */
import { expect, test } from "bun:test";
import { bunClock } from "../../lib/runtime/bun/clock.ts";
import { KillLoop } from "../support/kill-mount.ts";
import { seededRandom } from "../support/mount-rig.ts";
import { testStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";

const ROUNDS = Number(process.env.RELAYFILE_MOUNT_KILL_ROUNDS ?? 3);
const SEED = Number(process.env.SEED ?? Date.now() % 1_000_000);

test(
  `S05: no kill of the daemon loses a save, repeats one or deletes anything (${ROUNDS} rounds, SEED=${SEED})`,
  async () => {
    await using stack = await testStack();
    using dir = tempDir("relayfile-kill-mount-");
    const loop = new KillLoop({ stack, directory: dir.path, random: seededRandom(SEED), clock: bunClock() });
    try {
      await loop.begin();
      for (let round = 0; round < ROUNDS; round++) await loop.round();
    } finally {
      const report = await loop.end();
      process.stderr.write(`${JSON.stringify(report)}\n`);
      expect(report.rounds).toBe(ROUNDS);
    }
  },
  Math.max(300_000, ROUNDS * 30_000),
);
