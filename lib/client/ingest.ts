/** Delivers a batch of provider webhooks to the control plane, one after the other, as the provider would. */
import { isRelayfileError, type RelayfileError } from "../errors.ts";
import { CLIENT } from "../limits.ts";
import type { WebhookOutcome } from "../model/cloud.ts";
import { sha256Hex } from "../model/sha256.ts";
import type { Clock, Log } from "../ports.ts";
import type { ControlApi } from "./control-api.ts";
import type { WebhookFile } from "./webhook-files.ts";

/** What became of one payload. */
export interface IngestedPayload {
  readonly source: string;
  readonly event: string;
  readonly status: WebhookOutcome["status"];
  /** Why it was not applied; null when it was. */
  readonly reason: string | null;
  /** Paths written and deleted. */
  readonly written: readonly string[];
  readonly deleted: readonly string[];
}

/** Where to deliver. `api` calls with the workspace token. */
export interface IngestTarget {
  readonly api: ControlApi;
  readonly workspaceId: string;
  readonly provider: string;
}

/** What delivering needs of the world. */
export interface IngestWorld {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal?: AbortSignal;
}

/** Header names by which each provider sends its event and delivery id. */
const HEADERS: Readonly<Record<string, readonly [event: string, delivery: string]>> = {
  github: ["X-GitHub-Event", "X-GitHub-Delivery"],
  linear: ["Linear-Event", "Linear-Delivery"],
  jira: ["X-Atlassian-Webhook-Event", "X-Atlassian-Webhook-Identifier"],
};
const OTHER_HEADERS = ["X-Webhook-Event", "X-Webhook-Delivery"] as const;

/** Refusals of one payload; anything else is about the service or the credential and ends the batch. */
const REFUSED = ["bad_request", "payload_too_large", "schema_validation_failed", "invalid_state"] as const;
const ATTEMPTS_MAX = 4;

/**
 * Delivers payloads in order and returns one result for each. The delivery id is derived from the content, so the same
 * batch delivered again is recognised as duplicate. The last delivery asks the service to finish its digests.
 */
export async function ingestPayloads(
  target: IngestTarget,
  payloads: readonly WebhookFile[],
  world: IngestWorld,
): Promise<IngestedPayload[]> {
  const results: IngestedPayload[] = [];
  const seen = new Map<string, number>();
  const last = payloads.findLastIndex((one) => one.problem === null);
  for (const [at, payload] of payloads.entries()) {
    world.signal?.throwIfAborted();
    results.push(await ingestOne(target, payload, deliveryId(payload, seen), at === last, world));
    if ((at + 1) % 50 === 0) world.log.info(`delivered ${at + 1} of ${payloads.length} payloads`);
  }
  return results;
}

async function ingestOne(
  target: IngestTarget,
  payload: WebhookFile,
  delivery: string,
  last: boolean,
  world: IngestWorld,
): Promise<IngestedPayload> {
  const { source, event } = payload;
  const refused = (reason: string): IngestedPayload => ({
    source,
    event,
    status: "rejected",
    reason,
    written: [],
    deleted: [],
  });
  if (payload.problem !== null) return refused(payload.problem);
  const [eventHeader, deliveryHeader] = HEADERS[target.provider] ?? OTHER_HEADERS;
  const headers = { [eventHeader]: event, [deliveryHeader]: delivery };
  try {
    const outcome = await patiently(world, () =>
      target.api.webhook(
        target.workspaceId,
        target.provider,
        { body: payload.body, headers, flush: last },
        {
          signal: world.signal,
          timeoutMs: CLIENT.joinTimeoutMs,
        },
      ),
    );
    const { status, reason, written, deleted } = outcome;
    return { source, event, status, reason: reason ?? null, written, deleted };
  } catch (thrown) {
    if (isRelayfileError(thrown, ...REFUSED)) return refused(thrown.message);
    throw thrown;
  }
}

/** Repeats while the service asks to slow down, as long as it says, at most four times. */
export async function patiently<T>(world: IngestWorld, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (thrown) {
      if (!isRelayfileError(thrown, "rate_limited", "queue_full") || attempt === ATTEMPTS_MAX) throw thrown;
      await world.clock.sleep(retryAfterMs(thrown), world.signal);
    }
  }
}

function retryAfterMs(error: RelayfileError): number {
  const seconds = Number(error.details.retryAfter);
  return Math.min(Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 1_000, CLIENT.retryCapMs);
}

/** A UUID-shaped id of event and content; the n-th equal payload of one batch counts as its own delivery. */
function deliveryId(payload: WebhookFile, seen: Map<string, number>): string {
  const hash = sha256Hex(`${payload.event}\n${payload.body}`);
  const count = seen.get(hash) ?? 0;
  seen.set(hash, count + 1);
  const hex = count === 0 ? hash : sha256Hex(`${hash}#${count}`);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join(
    "-",
  );
}
