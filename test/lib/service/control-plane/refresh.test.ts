/** The refresh report under time: bounded in parallel, each provider within its time, a 504 that still says what worked (S18). */
import { describe, expect, test } from "bun:test";
import { PIPELINE } from "../../../../lib/limits.ts";
import type { RefreshReport } from "../../../../lib/model/integration.ts";
import type { ControlContext } from "../../../../lib/service/control-plane/env.ts";
import { REFRESH_ROUTES } from "../../../../lib/service/control-plane/refresh.ts";
import { FakeClock, settle } from "../../../support/clock.ts";

const [route] = REFRESH_ROUTES;

/** Refreshes of so many ms per provider; Infinity never ends, a text is a failure. */
function world(providers: Record<string, number | string>, body?: unknown) {
  const clock = new FakeClock();
  const begun: { provider: string; atMs: number; reset: readonly string[] }[] = [];
  let underWay = 0;
  let mostAtOnce = 0;
  const refresh = async (provider: string, reset: readonly string[]) => {
    begun.push({ provider, atMs: clock.monotonicMs(), reset });
    mostAtOnce = Math.max(mostAtOnce, ++underWay);
    const takes = providers[provider] ?? 0;
    if (takes === Number.POSITIVE_INFINITY) await new Promise(() => {});
    if (typeof takes === "number") await clock.sleep(takes);
    underWay--;
    if (typeof takes === "string") {
      return { provider, discoveryBackfilled: false, errors: 1, failure: takes };
    }
    return { provider, discoveryBackfilled: true, errors: 0, discoveryBackfillStatus: "complete" };
  };
  const rows = Object.keys(providers).map((provider) => ({ provider }));
  const env = {
    clock,
    store: { integrations: () => rows },
    pipeline: {
      idOf: (name: string) => name,
      hasSchema: (_provider: string, resource: string) => resource === "issues",
    },
    workspace: async () => ({ refresh }),
  };
  const request = new Request("http://c/", {
    method: "POST",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const workspace = { id: "uuid", relayId: "rw_aaaaaaaa" };
  const context = { request, env, workspace, caller: { kind: "cloud" } } as unknown as ControlContext;
  const answer = route?.handle(context) ?? Promise.reject(new Error("no refresh route"));
  answer.catch(() => undefined);
  return { clock, answer, begun, mostAtOnce: () => mostAtOnce };
}

async function finish(it: ReturnType<typeof world>): Promise<{ status: number; report: RefreshReport }> {
  // Request bodies are read in real time, everything else in the clock's.
  while (it.begun.length === 0) await Bun.sleep(1);
  await it.clock.advance(PIPELINE.refreshTotalTimeoutMs * 2);
  await settle();
  const response = await it.answer;
  expect(response.headers.get("cache-control")).toBe("no-store");
  return { status: response.status, report: (await response.json()) as RefreshReport };
}

const NEVER = Number.POSITIVE_INFINITY;

describe("POST workspaces/:id/sync/refresh", () => {
  test("works on four providers at a time and reports all, sorted (S18)", async () => {
    const it = world({
      slack: 1_000,
      linear: 1_000,
      jira: 1_000,
      github: 1_000,
      notion: 1_000,
      confluence: 1_000,
    });
    const { status, report } = await finish(it);
    expect(status).toBe(200);
    expect(it.mostAtOnce()).toBe(PIPELINE.refreshParallelProviders);
    expect(report.refreshed.map(({ provider }) => provider)).toEqual([
      "confluence",
      "github",
      "jira",
      "linear",
      "notion",
      "slack",
    ]);
    expect(report).toMatchObject({
      workspaceId: "rw_aaaaaaaa",
      errors: [],
      timedOut: false,
      durationMs: 2_000,
    });
  });

  test("a provider that hangs costs its own 30 s: 504 with the others complete", async () => {
    const { status, report } = await finish(world({ jira: NEVER, linear: 50 }));
    expect(status).toBe(504);
    expect(report).toMatchObject({
      timedOut: true,
      durationMs: PIPELINE.refreshProviderTimeoutMs,
      refreshed: [
        {
          provider: "jira",
          discoveryBackfilled: false,
          discoveryBackfillStatus: "timeout",
          timedOut: true,
          errors: 1,
        },
        {
          provider: "linear",
          discoveryBackfilled: true,
          discoveryBackfillStatus: "complete",
          durationMs: 50,
        },
      ],
      errors: [{ provider: "jira", reason: "provider_timeout" }],
    });
  });

  test("the whole never takes longer than 90 s, and says which providers had no time left", async () => {
    const names = Array.from({ length: 20 }, (_, at) => `p${String(at).padStart(2, "0")}`);
    const it = world(Object.fromEntries(names.map((name) => [name, NEVER])));
    const { status, report } = await finish(it);
    expect(it.begun).toHaveLength(12);
    expect(status).toBe(504);
    expect(report.durationMs).toBe(PIPELINE.refreshTotalTimeoutMs);
    expect(report.refreshed).toHaveLength(20);
    const reasons = (report.errors ?? []).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === "provider_timeout")).toHaveLength(12);
    expect(reasons.filter((reason) => reason === "request_timeout")).toHaveLength(8);
  });

  test("a failing provider is an error of the report, not of the answer", async () => {
    const { status, report } = await finish(world({ jira: "disk full", linear: 1 }));
    expect(status).toBe(200);
    expect(report.errors).toMatchObject([
      { provider: "jira", reason: "provider_failed", message: "disk full" },
    ]);
  });

  test("hands each provider the schemas it is to reset, and refuses names it does not know", async () => {
    const it = world({ jira: 1, linear: 1 }, { resetSchemas: ["jira/issues"] });
    await finish(it);
    expect(it.begun.map(({ provider, reset }) => [provider, reset])).toEqual([
      ["jira", ["issues"]],
      ["linear", []],
    ]);
    await expect(world({ jira: 1 }, { resetSchemas: ["jira/none"] }).answer).rejects.toMatchObject({
      code: "bad_request",
    });
    await expect(world({ jira: 1 }, { resetSchemas: ["slack/issues"] }).answer).rejects.toMatchObject({
      code: "invalid_state",
    });
  });
});
