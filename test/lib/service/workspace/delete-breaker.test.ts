import { expect, test } from "bun:test";
import { DeleteBreaker } from "../../../../lib/service/workspace/delete-breaker.ts";

const refused = (breaker: DeleteBreaker, now: number) => {
  try {
    breaker.take(now);
    return null;
  } catch (error) {
    return error as { code: string; details: Record<string, unknown> };
  }
};

test("take() refuses above the limit, counts refused tries, and recovers when the window has passed", () => {
  const breaker = new DeleteBreaker(3, 1_000);
  expect([0, 10, 20].map((now) => refused(breaker, now))).toEqual([null, null, null]);
  expect(refused(breaker, 30)).toMatchObject({
    code: "delete_storm_rejected",
    details: { retryAfterSeconds: 60 },
  });
  expect(refused(breaker, 1_005)).not.toBeNull();
  expect(refused(breaker, 2_100)).toBeNull();
});
