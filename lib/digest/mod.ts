/**
 * Digests: which events count, which are dropped when there are too many, and the Markdown they become. Pure: the
 * service queries the events and writes the files.
 */
import { DIGEST } from "../limits.ts";
import { type DigestLine, renderDigest } from "./render.ts";
import type { DigestWindow } from "./windows.ts";
import { identifierOf, verbOfRecord, verbOfType } from "./wording.ts";

export { type DigestContent, type DigestLine, renderDigest } from "./render.ts";
export {
  type DigestWindow,
  defaultWindows,
  digestWindow,
  isDate,
  localDateOf,
  resolveTimeZone,
  startOfDay,
  windowOfPath,
} from "./windows.ts";
export { identifierOf, verbOfRecord, verbOfType } from "./wording.ts";

/** One event of the feed. */
export interface DigestEvent {
  /** `evt_<n>`. */
  readonly eventId: string;
  readonly type: string;
  readonly path: string;
  /** Empty when the path belongs to no provider. */
  readonly provider: string;
  readonly timestampMs: number;
}

/** Section of events without a provider. */
export const WORKSPACE_SECTION = "workspace";

/** Rows to ask the store for: the budget and one more, which tells "exactly full" from "too many". */
export const DIGEST_ROWS = DIGEST.eventBudget + 1;

/** What a digest is made from. */
export interface DigestInput {
  readonly window: DigestWindow;
  readonly generatedAtMs: number;
  /** Newest first, inside the window, internal paths already left out in the query; at most `DIGEST_ROWS`. */
  readonly events: readonly DigestEvent[];
  /** Providers that have files, at most 64. */
  readonly storedProviders: readonly string[];
  /** The same filter again; see lib/pipeline/pure/internal-paths.ts. */
  readonly isInternal: (path: string) => boolean;
  /** A provider's own way to name a record, or null; see lib/pipeline/pure/digest-names.ts. */
  readonly nameOf: (path: string) => string | null;
  /** The record as it was at an event, or null when unknown or over budget. */
  readonly recordOf: (event: DigestEvent) => unknown;
  /** Further warnings, for example `timezone_invalid`. */
  readonly warnings?: readonly string[];
}

/** A finished digest. */
export interface Digest {
  readonly text: string;
  /** Lines in it. */
  readonly events: number;
  readonly truncated: boolean;
  readonly warnings: readonly string[];
}

/** True for events that a digest lists; results of writebacks repeat what the write already said. */
export function isDigestEvent(event: Pick<DigestEvent, "type">): boolean {
  return !event.type.startsWith("writeback.");
}

/** Events whose record decides their verb: the newest creates and updates. The service reads these bodies, and no more. */
export function eventsWorthReading(events: readonly DigestEvent[]): DigestEvent[] {
  return events.filter(isContentEvent).slice(0, DIGEST.contentReadsMax);
}

/** Builds a digest. Too many events drop the oldest and say so. */
export function composeDigest(input: DigestInput): Digest {
  const kept = input.events.filter((event) => isDigestEvent(event) && !input.isInternal(event.path));
  const truncated = kept.length > DIGEST.eventBudget;
  const chosen = kept.slice(0, DIGEST.eventBudget).sort(compareEvents);
  const lines = chosen.map((event): DigestLine => {
    const verb = isContentEvent(event) ? verbOfRecord(input.recordOf(event), event.path) : null;
    return {
      provider: event.provider || WORKSPACE_SECTION,
      identifier:
        event.path === "/" ? event.provider : (input.nameOf(event.path) ?? identifierOf(event.path)),
      verb: verb ?? verbOfType(event.type),
      path: event.path,
    };
  });
  const warnings = [
    ...(truncated ? ["digest_event_limit_exceeded"] : []),
    ...(chosen.some((event) => event.type === "sync.error") ? ["provider_partial_failure"] : []),
    ...(input.warnings ?? []),
  ];
  const text = renderDigest({
    window: input.window,
    generatedAtMs: input.generatedAtMs,
    providers: input.storedProviders.slice(0, DIGEST.providersListedMax),
    lines,
    truncated,
    warnings,
  });
  return { text, events: lines.length, truncated, warnings };
}

function isContentEvent(event: DigestEvent): boolean {
  return event.type === "file.created" || event.type === "file.updated";
}

/** By time, then by event number. */
function compareEvents(a: DigestEvent, b: DigestEvent): number {
  return a.timestampMs - b.timestampMs || numberOf(a.eventId) - numberOf(b.eventId);
}

function numberOf(eventId: string): number {
  return Number(/\d+$/.exec(eventId)?.[0] ?? 0);
}
