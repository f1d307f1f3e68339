/** Minting a workspace token. Slow answers are normal here (cloud#766), so waiting is shown instead of given up. */
import { isRelayfileError } from "../errors.ts";
import { CLIENT } from "../limits.ts";
import { readClaims } from "../model/token.ts";
import type { Clock, Log } from "../ports.ts";
import type { ControlApi } from "./control-api.ts";
import type { MintedToken } from "./token-store.ts";

/** Time between two lines of progress, in ms. */
export const PROGRESS_EVERY_MS = 5_000;
/** An overload answered before this many ms may be repeated once: such a request cannot still be running. */
const RETRY_BEFORE_MS = 20_000;
const OVERLOADED = [429, 502, 503, 504];

/** A minted token and how long minting took. */
export interface Joined {
  readonly minted: MintedToken;
  readonly durationMs: number;
}

/**
 * Joins a workspace within 120 s, showing progress every 5 s. One repeat, and only after an overload answer that came
 * before 20 s; a request that may still be running is never repeated.
 */
export async function joinWorkspace(
  api: ControlApi,
  request: JoinRequest,
  world: { readonly clock: Clock; readonly log: Log; readonly signal?: AbortSignal },
): Promise<Joined> {
  const startedMs = world.clock.monotonicMs();
  const elapsedMs = () => world.clock.monotonicMs() - startedMs;
  const attempt = () =>
    withProgress(world, `joining workspace ${request.id}`, CLIENT.joinTimeoutMs, () =>
      request.renewable ? mintPair(api, request, world.signal) : mint(api, request, world.signal),
    );
  try {
    return { minted: await attempt(), durationMs: elapsedMs() };
  } catch (thrown) {
    const status = isRelayfileError(thrown) ? thrown.details.status : null;
    if (!OVERLOADED.includes(status as number) || elapsedMs() >= RETRY_BEFORE_MS) throw thrown;
    return { minted: await attempt(), durationMs: elapsedMs() };
  }
}

/** What to ask for. `renewable` asks for a pair that renews itself without the cloud session. */
export interface JoinRequest {
  readonly id: string;
  readonly agentName: string;
  readonly scopes: readonly string[];
  readonly renewable?: boolean;
}

async function mint(api: ControlApi, request: JoinRequest, signal?: AbortSignal): Promise<MintedToken> {
  const { id, agentName, scopes } = request;
  return api.join(id, { agentName, scopes }, { signal });
}

async function mintPair(api: ControlApi, request: JoinRequest, signal?: AbortSignal): Promise<MintedToken> {
  const { id, agentName, scopes } = request;
  const bundle = await api.delegatedToken(id, { agentName, scopes }, { signal });
  const { accessToken, fileApiUrl, refreshToken, refreshUrl, delegationNotAfter } = bundle;
  const workspaceId = bundle.workspaceId ?? readClaims(accessToken)?.workspaceId ?? id;
  const renewal = refreshToken === null || refreshUrl === null ? null : { refreshToken, refreshUrl };
  return { workspaceId, token: accessToken, relayfileUrl: fileApiUrl, renewal, delegationNotAfter };
}

/** Runs `work`, logging a line every 5 s that says how long it has taken and how long it may. */
export async function withProgress<T>(
  world: { readonly clock: Clock; readonly log: Log },
  what: string,
  budgetMs: number,
  work: () => Promise<T>,
): Promise<T> {
  const startedMs = world.clock.monotonicMs();
  let cancel = world.clock.after(PROGRESS_EVERY_MS, tick);
  function tick(): void {
    const seconds = Math.round((world.clock.monotonicMs() - startedMs) / 1000);
    world.log.warn(`${what}: ${seconds} s of at most ${budgetMs / 1000} s`);
    cancel = world.clock.after(PROGRESS_EVERY_MS, tick);
  }
  try {
    return await work();
  } finally {
    cancel();
  }
}
