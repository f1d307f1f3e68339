/** Counters of what was taken in, by provider (spec file-api 7.2). */
import type { SqlDriver } from "../../ports.ts";
import { countEnvelopes, ingressCounts, oldestOpen } from "../store/envelopes.ts";
import type { WorkspaceContext } from "./context.ts";

/** The queue of the original; here envelopes are processed as they arrive, so its depth is what is open. */
const QUEUE_CAPACITY = 1_024;

/** The counters of a workspace; with a provider, of that one alone. */
export function ingressOf({ store, clock }: WorkspaceContext, only: string | null) {
  const { sql, workspaceId } = store;
  const now = clock.now();
  const counts = ingressCounts(sql);
  const names = only === null ? [...new Set(counts.map(({ provider }) => provider))].sort() : [only];
  const byProvider = Object.fromEntries(
    names.map((provider) => [provider, providerIngress(sql, provider, now)]),
  );
  const all = Object.values(byProvider);
  const sum = (name: Total) => all.reduce((total, one) => total + one[name], 0);
  const pendingTotal = sum("pendingTotal");
  const totals = {
    acceptedTotal: sum("acceptedTotal"),
    droppedTotal: sum("droppedTotal"),
    dedupedTotal: sum("dedupedTotal"),
    coalescedTotal: sum("coalescedTotal"),
    suppressedTotal: sum("suppressedTotal"),
    staleTotal: sum("staleTotal"),
  };
  const deadLetters = names.map((provider) => [provider, countEnvelopes(sql, provider, "failed")] as const);
  return {
    workspaceId,
    queueDepth: pendingTotal,
    queueCapacity: QUEUE_CAPACITY,
    queueUtilization: pendingTotal / QUEUE_CAPACITY,
    pendingTotal,
    oldestPendingAgeSeconds: Math.max(0, ...all.map((one) => one.oldestPendingAgeSeconds)),
    deadLetterTotal: deadLetters.reduce((total, [, n]) => total + n, 0),
    deadLetterByProvider: Object.fromEntries(deadLetters.filter(([, n]) => n > 0)),
    ...totals,
    ...ratesOf(totals),
    ingressByProvider: byProvider,
  };
}

type Total =
  | "acceptedTotal"
  | "droppedTotal"
  | "dedupedTotal"
  | "coalescedTotal"
  | "pendingTotal"
  | "suppressedTotal"
  | "staleTotal";

function providerIngress(sql: SqlDriver, provider: string, now: number) {
  const counts = ingressCounts(sql).filter((row) => row.provider === provider);
  const of = (name: string) => counts.find((row) => row.name === name)?.total ?? 0;
  const oldest = oldestOpen(sql, provider);
  const totals = {
    acceptedTotal: of("accepted"),
    droppedTotal: of("dropped"),
    dedupedTotal: of("deduped"),
    coalescedTotal: of("coalesced"),
  };
  return {
    ...totals,
    pendingTotal: countEnvelopes(sql, provider, "open"),
    oldestPendingAgeSeconds: oldest === null ? 0 : Math.max(0, Math.floor((now - oldest) / 1_000)),
    suppressedTotal: of("suppressed"),
    staleTotal: of("stale"),
    ...ratesOf(totals),
  };
}

function ratesOf(totals: {
  acceptedTotal: number;
  droppedTotal: number;
  dedupedTotal: number;
  coalescedTotal: number;
}) {
  const whole = totals.acceptedTotal + totals.droppedTotal + totals.dedupedTotal + totals.coalescedTotal;
  const rate = (part: number) => (whole === 0 ? 0 : part / whole);
  return { dedupeRate: rate(totals.dedupedTotal), coalesceRate: rate(totals.coalescedTotal) };
}
