/** Pipeline dependencies for tests: a clock that does not wait, no network, quiet logs. */

import { CURRENT_ERA, type Era } from "../../lib/model/era.ts";
import type { PipelineDeps } from "../../lib/pipeline/deps.ts";

/** Dependencies; anything may be replaced. */
export function pipelineDeps(overrides: Partial<PipelineDeps> & { era?: Era } = {}): PipelineDeps {
  let counter = 0;
  return {
    clock: {
      now: () => Date.UTC(2026, 4, 20, 9),
      monotonicMs: () => 0,
      sleep: async () => {},
      after: () => () => {},
    },
    random: {
      bytes: (length) => new Uint8Array(length),
      uuid: () => `00000000-0000-4000-8000-${String(++counter).padStart(12, "0")}`,
      float: () => 0.5,
    },
    log: { debug() {}, info() {}, warn() {}, error() {} },
    fetch: async () => {
      throw new Error("this test has no network");
    },
    era: CURRENT_ERA,
    providerAccess: (id) => ({ problem: `${id} is not connected` }),
    ...overrides,
  };
}
