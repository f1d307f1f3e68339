import { describe, expect, test } from "bun:test";
import { killEverywhere, OPERATIONS } from "../sim/kill-points.ts";

describe("S05: nothing is lost by a kill at any step of", () => {
  for (const operation of OPERATIONS) {
    test(operation.name, async () => {
      for (const power of [false, true]) {
        const { steps, broken } = await killEverywhere(operation, power);
        expect(broken).toBe("");
        expect(steps).toBeGreaterThan(0);
      }
    }, 120_000);
  }
});
