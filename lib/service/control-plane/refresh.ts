/** Discovery of all connected providers, written anew, with a report (spec provider-contract 2.11); replay of ops. */
import { fail } from "../../errors.ts";
import { FILE_API, PIPELINE } from "../../limits.ts";
import type { RefreshedProvider, RefreshReport } from "../../model/integration.ts";
import { json } from "../http-error.ts";
import type { ManagedWorkspace } from "../managed-workspace.ts";
import { parseJson, readBytes } from "../request.ts";
import type { ControlContext, ControlPlaneEnv, ControlRoute } from "./env.ts";
import { requireTrigger } from "./senders.ts";

/** Routes that make a workspace do something again. */
export const REFRESH_ROUTES: readonly ControlRoute[] = [
  { method: "POST", pattern: "workspaces/:id/sync/refresh", admits: "cloud-or-workspace", handle: refresh },
  { method: "POST", pattern: "workspaces/:id/ops/:opId/replay", admits: "cloud", handle: replay },
];

type ReportError = NonNullable<RefreshReport["errors"]>[number];
type OneResult = { readonly refreshed: RefreshedProvider; readonly error: ReportError | null };

async function refresh({ request, env, workspace, caller }: ControlContext): Promise<Response> {
  requireTrigger(caller);
  const reset = resetsOf(env, await readBytes(request, FILE_API.bodyBytesMax));
  const object = await env.workspace(workspace.relayId);
  if (object === null) return fail("workspace_not_found", "Workspace not found");
  const startedMs = env.clock.monotonicMs();
  const waiting = env.store.integrations(workspace.id).map((row) => row.provider);
  for (const provider of reset.keys()) {
    if (!waiting.includes(provider)) fail("invalid_state", `${provider} is not connected`, { provider });
  }
  const results: OneResult[] = [];
  const worker = async () => {
    for (let provider = waiting.shift(); provider !== undefined; provider = waiting.shift()) {
      results.push(await refreshOne(env, object, provider, { startedMs, reset: reset.get(provider) ?? [] }));
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

/**
 * The resources whose schemas are to forget what they learned, by provider, from `{"resetSchemas": ["jira/issues"]}`. A
 * wrong `readOnly` never heals by itself, because schemas only widen.
 */
function resetsOf(env: ControlPlaneEnv, bytes: Uint8Array): Map<string, string[]> {
  const body = bytes.byteLength === 0 ? {} : parseJson(bytes);
  const named = (body as { resetSchemas?: unknown } | null)?.resetSchemas ?? [];
  if (!Array.isArray(named)) fail("bad_request", "resetSchemas is a list of PROVIDER/RESOURCE");
  const resets = new Map<string, string[]>();
  for (const name of named) {
    const [providerName = "", resource = "", ...more] = String(name).split("/");
    const provider = env.pipeline.idOf(providerName);
    if (provider === null || more.length > 0 || !env.pipeline.hasSchema(provider, resource)) {
      fail("bad_request", `no schema to reset for ${JSON.stringify(name)}`, {
        wireCode: "unknown_resource",
        hint: "Name it PROVIDER/RESOURCE, as in jira/issues",
      });
    }
    resets.set(provider, [...(resets.get(provider) ?? []), resource]);
  }
  return resets;
}

/** One provider within its own time and what is left of the whole. */
async function refreshOne(
  env: ControlPlaneEnv,
  object: ManagedWorkspace,
  provider: string,
  { startedMs, reset }: { startedMs: number; reset: readonly string[] },
): Promise<OneResult> {
  const beganMs = env.clock.monotonicMs();
  const leftMs = PIPELINE.refreshTotalTimeoutMs - (beganMs - startedMs);
  const budgetMs = Math.min(PIPELINE.refreshProviderTimeoutMs, leftMs);
  if (budgetMs <= 0) return overdue({ provider, reason: "request_timeout", durationMs: 0, budgetMs: 0 });
  const timeout = new AbortController();
  const late = env.clock.sleep(Math.max(0, budgetMs), timeout.signal).then(
    () => "late" as const,
    () => "cancelled" as const,
  );
  const done = object.refresh(provider, reset);
  const first = await Promise.race([done, late]);
  timeout.abort();
  const durationMs = Math.round(env.clock.monotonicMs() - beganMs);
  if (typeof first === "string") {
    // The work itself goes on; its end is no longer part of this answer.
    done.catch(() => undefined);
    const reason = leftMs < PIPELINE.refreshProviderTimeoutMs ? "request_timeout" : "provider_timeout";
    return overdue({ provider, reason, durationMs, budgetMs });
  }
  const { failure, ...refreshed } = first;
  return {
    refreshed: { durationMs, ...refreshed },
    error:
      failure === undefined ? null : { provider, reason: "provider_failed", message: failure, durationMs },
  };
}

function overdue(late: {
  provider: string;
  reason: "request_timeout" | "provider_timeout";
  durationMs: number;
  budgetMs: number;
}): OneResult {
  const { provider, reason, durationMs, budgetMs } = late;
  const message =
    budgetMs === 0
      ? `no time was left for ${provider}`
      : `${provider} was not refreshed within ${budgetMs} ms`;
  return {
    refreshed: {
      provider,
      discoveryBackfilled: false,
      errors: 1,
      discoveryBackfillStatus: "timeout",
      durationMs,
      timedOut: true,
    },
    error: { provider, reason, message, durationMs },
  };
}

async function replay({ env, workspace, params, correlationId }: ControlContext): Promise<Response> {
  const object = await env.workspace(workspace.relayId);
  if (object === null) return fail("workspace_not_found", "Workspace not found");
  await object.replayOp(params.opId ?? "", correlationId);
  return json({ status: "queued", id: params.opId, correlationId }, 202);
}
