/**
 * Whatever is sent to whichever route: an answer with a status below 500, never a hang, and a refusal leaves nothing
 * behind. Seeded; a failure prints the seed.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { Clock } from "../../lib/ports.ts";
import { bunClock } from "../../lib/runtime/bun/clock.ts";
import { type TestStack, testStack } from "../support/stack.ts";
import { testWorker } from "../support/worker.ts";
import {
  answerOf,
  anyRequest,
  assertNoServerError,
  type GarbageTarget,
  garbageTokens,
  requestOf,
  runs,
} from "./garbage.ts";
import { ALL_SCOPES } from "./target.ts";

let stack: TestStack;
let target: GarbageTarget;
beforeAll(async () => {
  stack = await testStack({ providers: ["jira"] });
  const tokens = await garbageTokens({
    token: (scopes) => stack.mint(scopes),
    cloud: () => stack.cloudSession(),
  });
  target = { ...stack, tokens };
});
afterAll(() => stack.stop());

/** The counters that a refused request must leave alone. */
const COUNTED = ["files", "events", "operations", "bodies"] as const;

async function counts(on: TestStack): Promise<number[]> {
  const { sql } = (await on.workspace()).context.store;
  return COUNTED.map((table) => sql.all<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`)[0]?.n ?? -1);
}

test(
  "no route answers 500 to garbage, and none hangs",
  () => assertNoServerError(target, 1),
  60_000 + 40 * runs(1).numRuns,
);

test(
  "no route answers 500 to garbage in workerd, and none hangs",
  async () => {
    const worker = await testWorker();
    const deployed = await worker.target();
    try {
      await assertNoServerError({ ...deployed, tokens: await garbageTokens(deployed) }, 0.4);
    } finally {
      await worker.stop();
    }
  },
  60_000 + 40 * runs(1).numRuns,
);

test(
  "what is refused leaves no file, event, op or body behind",
  async () => {
    // Without providers nothing runs in the background, so every difference is this request's.
    await using quiet = await testStack({ portsWith: { clock: withoutTimers(bunClock()) } });
    const on = { ...quiet, tokens: [await quiet.mint([...ALL_SCOPES, "admin:read", "admin:replay"])] };
    let refused = 0;
    let before = await counts(quiet);
    await fc.assert(
      fc.asyncProperty(anyRequest, async (input) => {
        const request = requestOf(on, { ...input, token: 0, realWorkspace: true });
        if (request === null) return;
        const { status } = await answerOf(on, request);
        const after = await counts(quiet);
        if (status >= 400) {
          refused++;
          expect([request.method, request.url, status, after]).toEqual([
            request.method,
            request.url,
            status,
            before,
          ]);
        }
        before = after;
      }),
      runs(0.5),
    );
    expect(refused).toBeGreaterThan(50);
  },
  60_000 + 40 * runs(1).numRuns,
);

/** Due work never comes, so that only requests change anything. */
function withoutTimers(clock: Clock): Clock {
  return { ...clock, now: () => clock.now(), monotonicMs: () => clock.monotonicMs(), after: () => () => {} };
}
