/** The upkeep lane: what keeps a mount small and its report complete, never on the way of a save. */
import { isRelayfileError, messageOf } from "../errors.ts";
import { isDue } from "../sync/backoff.ts";
import type { Engine } from "./engine.ts";
import { readJson, writeJson } from "./json-file.ts";
import { exportIndex } from "./legacy-state.ts";

const KEEP_BASES_MS = 7 * 86_400_000;
const BASES_BYTES_MAX = 64 * 1024 * 1024;
const PRUNE_EVERY_MS = 3_600_000;
/** The server is asked for its sync state at most this often, whatever the interval (spec mount-daemon 5.7). */
export const UPKEEP_EVERY_MS = 30_000;
const EXPORT_EVERY_MS = 60_000;

interface Due {
  pruneMs: number;
  exportMs: number;
}

const due = new WeakMap<Engine, Due>();

/** One round: tell tools what we can, ask how providers do, forget what is old. */
export async function upkeepRound(engine: Engine, signal: AbortSignal): Promise<void> {
  const plan = due.get(engine) ?? { pruneMs: 0, exportMs: 0 };
  due.set(engine, plan);
  announceCapabilities(engine);
  await readProviders(engine, signal);
  const now = engine.now();
  if (isDue(plan.pruneMs, now, PRUNE_EVERY_MS)) {
    plan.pruneMs = now + PRUNE_EVERY_MS;
    engine.outbox.prune();
    engine.db.pruneBases(now - KEEP_BASES_MS, BASES_BYTES_MAX);
  }
  if (isDue(plan.exportMs, now, EXPORT_EVERY_MS)) {
    plan.exportMs = now + EXPORT_EVERY_MS;
    exportIndex(engine);
  }
}

/** `.relay/outbox/capabilities.json`, rewritten only when it says something else. */
export function announceCapabilities(engine: Engine): void {
  const wanted = { schemaVersion: 2, dispatchReceipts: true };
  const found = readJson(engine.world.fs, engine.layout.capabilities);
  if (found !== null && "value" in found && JSON.stringify(found.value) === JSON.stringify(wanted)) return;
  writeJson(engine.world, engine.layout.capabilities, wanted);
}

/** What the server says about its providers; a refusal leaves the last answer in place. */
async function readProviders(engine: Engine, signal: AbortSignal): Promise<void> {
  try {
    const { providers } = await engine.remote.api.syncStatus(undefined, {
      signal,
      timeoutMs: engine.config.cycleTimeoutMs,
    });
    engine.health.providers = providers.map((one) => ({
      provider: one.provider,
      status: one.status,
      lagSeconds: one.lagSeconds ?? 0,
      deadLetteredOps: one.deadLetteredOps ?? 0,
      lastError: one.lastError ?? undefined,
      lastEventAt: one.watermarkTs ?? undefined,
      ...eventSilence(engine, one.watermarkTs ?? null),
    }));
    engine.wake.state.call();
  } catch (error) {
    if (signal.aborted || isRelayfileError(error)) {
      engine.world.log.debug("sync status is not available", { reason: messageOf(error) });
      return;
    }
    throw error;
  }
}

/** How long a provider's events have been silent; without a watermark nothing can be said. */
function eventSilence(engine: Engine, watermark: string | null) {
  const at = Date.parse(watermark ?? "");
  if (Number.isNaN(at)) return { eventStatus: "unverified" };
  const idleMs = Math.max(0, engine.now() - at);
  return {
    eventStatus: idleMs > engine.config.eventSilenceMs ? "silent" : "active",
    eventIdleSeconds: Math.floor(idleMs / 1_000),
  };
}
