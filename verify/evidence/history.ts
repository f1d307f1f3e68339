/** What the workspace remembers: the end of its event feed, its webhook counters, and what succeeded ops left behind. */
import { z } from "zod";
import { EventPage } from "../../lib/model/event.ts";
import { DeadLetterPage } from "../../lib/model/integration.ts";
import {
  defineEvidence,
  type FeedEventFact,
  failed,
  type IngressCounts,
  type OpsFact,
  type WrittenPlaceFact,
} from "../evidence.ts";
import { type BulkFile, readMany } from "./_bulk.ts";
import { askFileApi, jsonObjectOf } from "./_files.ts";

const EVENTS_PER_PAGE = 1_000;
const EVENT_PAGES_MAX = 3;
const LOOK_BACK_MS = 26 * 3_600_000;
const PLACES_MAX = 20;

/** The newest events, back to a day ago or at most three pages. */
export const events = defineEvidence({
  name: "events",
  effect: "read",
  reads: "GET {fileApi}/v1/workspaces/{id}/fs/events?direction=desc",
  collect: async (context) => {
    const access = await context.get("access");
    if (access.gap !== undefined) return access;
    const items: FeedEventFact[] = [];
    let cursor: string | undefined;
    for (let page = 1; ; page++) {
      const answer = await askFileApi(context, "/fs/events", {
        direction: "desc",
        limit: EVENTS_PER_PAGE,
        cursor,
      });
      const parsed = answer.probe.status === 200 ? EventPage.safeParse(answer.json) : null;
      const now = context.clock.now();
      if (parsed === null || !parsed.success) {
        return { probe: answer.probe, items, complete: false, collectedAtMs: now };
      }
      for (const event of parsed.data.events) {
        items.push({
          id: event.eventId,
          type: event.type,
          path: event.path,
          origin: event.origin ?? "",
          provider: event.provider ?? "",
          revision: event.revision,
          hash: event.contentHash ?? null,
          at: event.timestamp,
          exchangeId: answer.probe.exchangeId,
        });
      }
      const complete = parsed.data.nextCursor === null;
      if (isAscending(items)) {
        // A server that ignores the direction: its end is only known when this is all there is.
        if (!complete) return failed("the event feed cannot be read from its end");
        return { probe: answer.probe, items: items.reverse(), complete, collectedAtMs: now };
      }
      const oldest = Date.parse(items.at(-1)?.at ?? "");
      if (complete || page === EVENT_PAGES_MAX || now - oldest > LOOK_BACK_MS) {
        return { probe: answer.probe, items, complete, collectedAtMs: now };
      }
      cursor = parsed.data.nextCursor ?? undefined;
    }
  },
});

function isAscending(items: readonly FeedEventFact[]): boolean {
  const [first, last] = [Date.parse(items[0]?.at ?? ""), Date.parse(items.at(-1)?.at ?? "")];
  return first < last;
}

const Counts = z.looseObject({
  acceptedTotal: z.number().default(0),
  droppedTotal: z.number().default(0),
  pendingTotal: z.number().default(0),
  oldestPendingAgeSeconds: z.number().default(0),
  suppressedTotal: z.number().default(0),
  staleTotal: z.number().default(0),
});
const Ingress = Counts.extend({ ingressByProvider: z.record(z.string(), Counts).optional() });

/** `sync/ingress` and `sync/dead-letter`. */
export const ingress = defineEvidence({
  name: "ingress",
  effect: "read",
  reads: "GET {fileApi}/v1/workspaces/{id}/sync/ingress and sync/dead-letter",
  collect: async (context) => {
    const access = await context.get("access");
    if (access.gap !== undefined) return access;
    const provider = context.target.provider ?? undefined;
    const [counters, letters] = await Promise.all([
      askFileApi(context, "/sync/ingress", { provider }),
      askFileApi(context, "/sync/dead-letter", { provider, limit: 50 }),
    ]);
    const counts = counters.probe.status === 200 ? Ingress.safeParse(counters.json) : null;
    const page = letters.probe.status === 200 ? DeadLetterPage.safeParse(letters.json) : null;
    return {
      probe: counters.probe,
      counts: counts?.success ? countsOf(counts.data) : null,
      deadProbe: letters.probe,
      dead: page?.success
        ? page.data.items.map((item) => ({
            id: item.envelopeId,
            provider: item.provider,
            failedAt: item.failedAt ?? null,
            error: item.lastError ?? null,
          }))
        : null,
      collectedAtMs: context.clock.now(),
    };
  },
});

function countsOf(answer: z.infer<typeof Ingress>): IngressCounts[] {
  const one = (provider: string, counts: z.infer<typeof Counts>): IngressCounts => ({
    provider,
    accepted: counts.acceptedTotal,
    dropped: counts.droppedTotal,
    pending: counts.pendingTotal,
    oldestPendingSeconds: counts.oldestPendingAgeSeconds,
    suppressed: counts.suppressedTotal,
    stale: counts.staleTotal,
  });
  const byProvider = Object.entries(answer.ingressByProvider ?? {});
  if (byProvider.length > 0) return byProvider.map(([provider, counts]) => one(provider, counts));
  return answer.acceptedTotal + answer.droppedTotal + answer.pendingTotal === 0 ? [] : [one("all", answer)];
}

/** What the paths of the newest succeeded ops hold now: drafts, receipts or records. */
export const writtenPlaces = defineEvidence({
  name: "writtenPlaces",
  effect: "read",
  reads: "POST {fileApi}/v1/workspaces/{id}/fs/bulk-read of the paths of succeeded ops",
  collect: async (context) => {
    const ops = await context.get("ops");
    if (ops.gap !== undefined) return ops;
    const succeeded = ops.value.items.filter(isProviderWrite).slice(0, PLACES_MAX);
    const first = await readMany(
      context,
      succeeded.map((op) => op.path ?? ""),
    );
    const places = succeeded.flatMap((op) => {
      const file = first.files.get(op.path ?? "");
      return file === undefined ? [] : [placeOf(op, file)];
    });
    const second = await readMany(
      context,
      places.flatMap(({ canonicalPath }) => canonicalPath ?? []),
    );
    const items = places.map((place): WrittenPlaceFact => {
      const named = second.files.get(place.canonicalPath ?? "");
      return { ...place, canonicalThere: named === undefined ? null : named.state === "ok" };
    });
    return { probe: first.oneByOne ? null : first.probe, items, collectedAtMs: context.clock.now() };
  },
});

type Op = OpsFact["items"][number];

function isProviderWrite(op: Op): boolean {
  const local = (op.providerResult as { local?: unknown } | undefined)?.local === true;
  return op.status === "succeeded" && op.action !== "file_delete" && op.path !== undefined && !local;
}

function placeOf(op: Op, file: BulkFile): WrittenPlaceFact {
  const base = {
    opId: op.opId,
    path: file.path,
    exchangeId: file.exchangeId,
    revision: file.revision,
    canonicalThere: null,
  };
  const told = op.providerResult?.canonicalPath ?? op.providerResult?.path;
  const canonical = typeof told === "string" && told.startsWith("/") ? told : null;
  if (file.state !== "ok" || file.text === null) {
    const kind = file.state === "missing" ? "missing" : "unreadable";
    return { ...base, kind, canonicalPath: canonical };
  }
  const parsed = jsonObjectOf(file.text);
  if ("problem" in parsed) return { ...base, kind: "raw", canonicalPath: canonical };
  const { value } = parsed;
  const receipt =
    value.kind === "relayfile.receipt" || ("created" in value && typeof value.path === "string");
  if (receipt) {
    const path = typeof value.path === "string" && value.path.startsWith("/") ? value.path : canonical;
    return { ...base, kind: "receipt", canonicalPath: path };
  }
  const isRecord = typeof value.objectType === "string" && typeof value.objectId === "string";
  return { ...base, kind: isRecord ? "record" : "raw", canonicalPath: canonical };
}
