/** The limiter of callers, alone and in front of the routes (spec file-api 2.7). */
import { describe, expect, test } from "bun:test";
import { RateLimiter } from "../../../lib/service/rate-limit.ts";
import { testStack } from "../../support/stack.ts";

describe("RateLimiter", () => {
  test("counts by key in fixed windows and says how long to wait", () => {
    let now = 0;
    const limiter = new RateLimiter({ max: 2, windowMs: 10_000 }, () => now);
    limiter.take("a");
    limiter.take("a");
    limiter.take("b");
    now = 4_000;
    let refusal: unknown;
    try {
      limiter.take("a");
    } catch (thrown) {
      // The refusal is what this test is about.
      refusal = thrown;
    }
    expect(refusal).toMatchObject({ code: "rate_limited", details: { retryAfterSeconds: 6 } });
    now = 10_000;
    limiter.take("a");
  });

  test("is off at zero, and forgets keys whose window ended", () => {
    let now = 0;
    const off = new RateLimiter({ max: 0, windowMs: 1 }, () => now);
    for (let n = 0; n < 100; n++) off.take("a");
    const limiter = new RateLimiter({ max: 1, windowMs: 1_000 }, () => now);
    for (let n = 0; n < 25_000; n++) {
      now += 1;
      limiter.take(`key-${n}`);
    }
    expect((limiter as unknown as { windows: Map<string, unknown> }).windows.size).toBeLessThanOrEqual(
      10_000,
    );
  });

  test("answers 429 with Retry-After per agent, after the checks of the token, and never for health", async () => {
    await using stack = await testStack({ rateLimit: { max: 3, windowMs: 60_000 } });
    const ask = async (
      agent: string,
      path = `/v1/workspaces/${stack.workspaceId}/fs/tree`,
      correlation = "c",
    ) =>
      stack.fetch(
        new Request(stack.fileApiUrl + path, {
          headers: {
            Authorization: `Bearer ${await stack.mint(["fs:read"], { agent })}`,
            "X-Correlation-Id": correlation,
          },
        }),
      );
    for (let n = 0; n < 3; n++) expect((await ask("one")).status).toBe(200);
    const refused = await ask("one");
    expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([
      429,
      "rate_limited",
    ]);
    expect(Number(refused.headers.get("retry-after"))).toBeWithin(1, 61);
    expect((await ask("one", undefined, "")).status).toBe(400);
    expect((await ask("two")).status).toBe(200);
    const socket = await ask("one", `/v1/workspaces/${stack.workspaceId}/fs/ws`);
    expect(socket.status).toBe(429);
    for (let n = 0; n < 10; n++) expect((await ask("one", "/health")).status).toBe(200);
  });
});
