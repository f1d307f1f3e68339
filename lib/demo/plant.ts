/**
 * Lets the incidents happen in a running stack, through the doors that real traffic uses: provider webhooks and repeated
 * syncs. Nothing is written behind the services' back.
 */
import { controlApi } from "../client/control-api.ts";
import { fileApi } from "../client/file-api.ts";
import { fail } from "../errors.ts";
import { FILE_API } from "../limits.ts";
import type { Clock, Fetch, Random } from "../ports.ts";
import { DEMO_GITHUB_PAYLOADS } from "../simulator/seed/github-payloads/index.ts";

/** The stack as a client sees it. */
export interface PlantTarget {
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  readonly workspaceId: string;
  /** The workspace token as it is now. */
  token(): string;
  readonly fetch: Fetch;
  readonly random: Random;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const FLOODED = "/linear/issues/by-project/";
const SYNC_POLL_MS = 10;
const SYNC_TIMEOUT_MS = 30_000;
const SYNCS_MAX = 200;

/** Delivers every GitHub payload; the last one waits until the digests are written. Resolves with their number. */
export async function deliverGithub(target: PlantTarget): Promise<number> {
  const control = controlOf(target);
  const { workspaceId, signal } = target;
  for (const [index, { event, payload }] of DEMO_GITHUB_PAYLOADS.entries()) {
    const headers = { "X-GitHub-Event": event, "X-GitHub-Delivery": `demo-${index + 1}` };
    const flush = index === DEMO_GITHUB_PAYLOADS.length - 1;
    await control.webhook(
      workspaceId,
      "github",
      { body: JSON.stringify(payload), headers, flush },
      { signal },
    );
  }
  return DEMO_GITHUB_PAYLOADS.length;
}

/**
 * Syncs Linear again and again, as a schedule would, until the event feed holds `wanted` events below by-project. In May
 * 2026 every sync wrote those copies again. Resolves with the number of syncs.
 */
export async function floodByProject(target: PlantTarget, wanted: number): Promise<number> {
  const before = await countFlooded(target);
  if (before >= wanted) return 0;
  await syncLinear(target);
  const perSync = (await countFlooded(target)) - before;
  if (perSync <= 0) return 1;
  const needed = Math.min(SYNCS_MAX, Math.ceil((wanted - before) / perSync));
  for (let done = 1; done < needed; done++) await syncLinear(target);
  return needed;
}

async function syncLinear(target: PlantTarget): Promise<void> {
  const { clock, signal, workspaceId } = target;
  const control = controlOf(target);
  await control.connect(workspaceId, "linear", undefined, { signal });
  const deadline = clock.monotonicMs() + SYNC_TIMEOUT_MS;
  while (clock.monotonicMs() < deadline) {
    const { state } = await control.integrationStatus(workspaceId, "linear", { signal });
    if (state === "ready") return;
    if (state === "error") break;
    await clock.sleep(SYNC_POLL_MS, signal);
  }
  fail("request_timeout", `linear was not synced after ${SYNC_TIMEOUT_MS} ms`);
}

async function countFlooded(target: PlantTarget): Promise<number> {
  const service = { service: "file-api", baseUrl: target.fileApiUrl, ...callerOf(target) } as const;
  const files = fileApi(service, target.workspaceId);
  let count = 0;
  for (let cursor: string | null = null; ; ) {
    const query = { limit: FILE_API.listPageMax, provider: "linear", ...(cursor === null ? {} : { cursor }) };
    const page: Awaited<ReturnType<typeof files.events>> = await files.events(query, {
      signal: target.signal,
    });
    count += page.events.filter(({ path }) => path.startsWith(FLOODED)).length;
    if (page.nextCursor === null || page.events.length === 0) return count;
    cursor = page.nextCursor;
  }
}

function controlOf(target: PlantTarget) {
  return controlApi({ service: "control-plane", baseUrl: target.controlPlaneUrl, ...callerOf(target) });
}

function callerOf({ token, fetch, random }: PlantTarget) {
  return { token, fetch, random, correlationPrefix: "demo" };
}
