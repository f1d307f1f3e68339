/** Discovery of all connected providers, written anew, with a report (spec provider-contract 2.11); replay of ops. */
import { fail } from "../../errors.ts";
import { PIPELINE } from "../../limits.ts";
import type { RefreshedProvider, RefreshReport } from "../../model/integration.ts";
import { allowsSomewhere } from "../auth/scopes.ts";
import { json } from "../http-error.ts";
import type { WorkspaceObject } from "../workspace-object.ts";
import type { ControlContext, ControlPlaneEnv, ControlRoute } from "./env.ts";

/** Routes that make a workspace do something again. */
export const REFRESH_ROUTES: readonly ControlRoute[] = [
  { method: "POST", pattern: "workspaces/:id/sync/refresh", admits: "cloud-or-workspace", handle: refresh },
  { method: "POST", pattern: "workspaces/:id/ops/:opId/replay", admits: "cloud", handle: replay },
];

type ReportError = NonNullable<RefreshReport["errors"]>[number];
type OneResult = { readonly refreshed: RefreshedProvider; readonly error: ReportError | null };

async function refresh({ env, workspace, caller }: ControlContext): Promise<Response> {
  if (caller.kind === "workspace" && !allowsSomewhere(caller.token.scopes, "sync:trigger")) {
    fail("forbidden", "missing required scope: sync:trigger");
  }
  const object = await env.workspace(workspace.relayId);
  if (object === null) return fail("workspace_not_found", "Workspace not found");
  const startedMs = env.clock.monotonicMs();
  const waiting = env.store.integrations(workspace.id).map((row) => row.provider);
  const results: OneResult[] = [];
  const worker = async () => {
    for (let provider = waiting.shift(); provider !== undefined; provider = waiting.shift()) {
      results.push(await refreshOne(env, object, provider, startedMs));
    }
  };
  await Promise.all(Array.from({ length: PIPELINE.refreshParallelProviders }, worker));
  results.sort((a, b) => (a.refreshed.provider < b.refreshed.provider ? -1 : 1));
  const errors = results.map(({ error }) => error).filter((error) => error !== null);
  const timedOut = errors.some((error) => error.reason !== "provider_failed");
  const report: RefreshReport = {
    workspaceId: workspace.relayId,
    refreshed: results.map(({ refreshed }) => refreshed),
    errors,
    durationMs: Math.round(env.clock.monotonicMs() - startedMs),
    timedOut,
  };
  return json(report, timedOut ? 504 : 200, { "Cache-Control": "no-store" });
}

/** One provider within its own time and what is left of the whole. */
async function refreshOne(
  env: ControlPlaneEnv,
  object: WorkspaceObject,
  provider: string,
  startedMs: number,
): Promise<OneResult> {
  const beganMs = env.clock.monotonicMs();
  const leftMs = PIPELINE.refreshTotalTimeoutMs - (beganMs - startedMs);
  const budgetMs = Math.min(PIPELINE.refreshProviderTimeoutMs, leftMs);
  const timeout = new AbortController();
  const late = env.clock.sleep(Math.max(0, budgetMs), timeout.signal).then(
    () => "late" as const,
    () => "cancelled" as const,
  );
  const done = object.refresh(provider);
  const first = await Promise.race([done, late]);
  timeout.abort();
  const durationMs = Math.round(env.clock.monotonicMs() - beganMs);
  if (typeof first === "string") {
    // The work itself goes on; its end is no longer part of this answer.
    done.catch(() => undefined);
    const reason = leftMs < PIPELINE.refreshProviderTimeoutMs ? "request_timeout" : "provider_timeout";
    const refreshed = {
      provider,
      discoveryBackfilled: false,
      errors: 1,
      discoveryBackfillStatus: "timeout",
      durationMs,
      timedOut: true,
    };
    return {
      refreshed,
      error: { provider, reason, message: `${provider} was not refreshed within ${budgetMs} ms`, durationMs },
    };
  }
  const { failure, ...refreshed } = first;
  return {
    refreshed: { durationMs, ...refreshed },
    error:
      failure === undefined ? null : { provider, reason: "provider_failed", message: failure, durationMs },
  };
}

async function replay({ env, workspace, params, correlationId }: ControlContext): Promise<Response> {
  const object = await env.workspace(workspace.relayId);
  if (object === null) return fail("workspace_not_found", "Workspace not found");
  await object.replayOp(params.opId ?? "", correlationId);
  return json({ status: "queued", id: params.opId, correlationId }, 202);
}
