/** Discovery files change when something changed, and a schema only ever grows. */
import {
  type DiscoveryFact,
  defineCheck,
  type EventsFact,
  type FindingDraft,
  judged,
  page,
  plural,
  type RefreshFact,
  skip,
  suggest,
} from "../check.ts";
import { countedFile, historyFact, type PropertyCount, propertyHistory } from "./_property-history.ts";

const SLOW_REFRESH_MS = 60_000;
const CHURNED_MAX = 10;

/** VD-11, judged from the feed. */
export const filesSteady = defineCheck({
  id: "discovery.files-steady",
  title: "no discovery file is written again with the bytes it already has",
  severity: "warn",
  phase: "discovery",
  needs: ["discovery", "events"],
  wants: ["refresh"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-11", "symptom:40"],
  hint: "Report the writer of the file: it must compare before it writes",
  findings: {
    "discovery.refresh-churns": page.warn(
      "A discovery file was written again with the bytes it already had: every mirror fetches it, and the time of its last edit says nothing any more.",
      "Two events of the feed in a row set one file to the same hash, with no deletion between them.",
      "Not a schema that grew: its hash differs.",
      "Report the writer: it must compare before it writes.",
    ),
    "discovery.refresh-slow": page.info(
      "The refresh took minutes. Clients with a shorter budget give up although the work is done: schemas written meanwhile prove it.",
      "By its measured time, or by schemas that were edited after it began although no answer came.",
      "Not a failed refresh.",
      "Allow it 240 seconds.",
    ),
  },
  run: ({ discovery, events, refresh }) => {
    // A run about one provider judges the files of that one.
    const roots = discovery.providers.map(({ provider }) => `/discovery/${provider}/`);
    const told = events.items.filter(({ path }) => roots.some((root) => path.startsWith(root)));
    const findings: FindingDraft<"discovery.refresh-churns" | "discovery.refresh-slow">[] = [];
    for (const [path, { times, at, exchangeId }] of churnedIn(told).slice(0, CHURNED_MAX)) {
      findings.push({
        code: "discovery.refresh-churns",
        title: `${path} was written ${plural(times, "time")} with the bytes it had`,
        subject: { kind: "path", ref: path },
        evidence: [
          { type: "http", exchangeId, quote: `${at} ${path}: the same hash as before` },
          { type: "file", path, lastEditedAt: at },
        ],
        facts: { provider: path.split("/")[2] ?? null, path, times },
      });
    }
    const slow = slownessOf(refresh, discovery);
    if (slow !== null) findings.push(slow);
    return judged(told.length, findings, `${plural(told.length, "event")} of discovery files`);
  },
});

/** VD-26, judged across a refresh and along the feed. */
export const schemasOnlyGrow = defineCheck({
  id: "discovery.schemas-only-grow",
  title: "no schema has fewer properties than it had",
  severity: "error",
  phase: "discovery",
  needs: ["discovery"],
  wants: ["refresh", "events"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-26", "cloud#778"],
  hint: "Compare two revisions of the schema the finding names",
  findings: {
    "discovery.schema-shrank": page.error(
      "A schema has fewer properties than an older revision of it. Schemas only ever widen, so it was reset or merged wrongly, and fields that can be written are unknown again.",
      "Its properties were counted before and after the refresh, and for revisions of the feed whose bytes are known.",
      "Not a schema that was empty from the beginning.",
      "Compare the two revisions; the older one is the truth. Nobody resets a schema except relayfile refresh --reset-schema.",
    ),
  },
  run: ({ discovery, refresh, events }) => {
    if (refresh === null && events === null)
      return skip("no feed and no refresh to compare with", "verify discovery");
    const traced = discovery.providers.flatMap(({ provider, resources }) =>
      resources.map(({ path, schema }) => ({
        provider,
        path,
        schema,
        points: propertyHistory(schema, refresh, events),
      })),
    );
    const compared = traced.filter(({ points }) => points.length > 1 || refresh !== null);
    const findings = compared.flatMap(
      ({ provider, path, schema, points }): FindingDraft<"discovery.schema-shrank">[] => {
        const [older, newer] = dropIn(points) ?? [];
        if (older === undefined || newer === undefined) return [];
        return [
          {
            code: "discovery.schema-shrank",
            title: `${path}: revision ${newer.revision} has ${plural(newer.properties, "property", "properties")}, ${older.revision} had ${older.properties}`,
            subject: { kind: "resource", ref: path },
            evidence: [
              countedFile(schema.path, older),
              countedFile(schema.path, newer),
              {
                type: "metric",
                name: "properties",
                value: newer.properties,
                unit: "properties",
                threshold: older.properties,
              },
            ],
            facts: {
              provider,
              resource: path,
              before: older.properties,
              after: newer.properties,
              propertyHistory: historyFact(points),
            },
            remedy: {
              text: "Refresh discovery and look whether the schema widens again",
              commands: [suggest(`relayfile verify discovery ${provider}`, "refresh")],
            },
          },
        ];
      },
    );
    return judged(compared.length, findings, `${plural(compared.length, "schema")} compared`);
  },
});

/** Paths that were set to one hash twice in a row, with how often. */
function churnedIn(told: EventsFact["items"]) {
  const newer = new Map<string, string | null>();
  const churned = new Map<string, { times: number; at: string; exchangeId: string }>();
  // Newest first: an event is repeated when the next younger one of its path has the same hash.
  for (const { path, hash, at, exchangeId } of told) {
    if (hash !== null && newer.get(path) === hash)
      churned.set(path, { times: (churned.get(path)?.times ?? 0) + 1, at, exchangeId });
    newer.set(path, hash);
  }
  return [...churned];
}

/** The last fall in a history that was not made good since; null when there is none. */
function dropIn(points: readonly PropertyCount[]): readonly [PropertyCount, PropertyCount] | null {
  const last = points.at(-1);
  const fuller = last === undefined ? -1 : points.findLastIndex((one) => one.properties > last.properties);
  const older = points[fuller];
  const newer = points[fuller + 1];
  return older === undefined || newer === undefined ? null : [older, newer];
}

function slownessOf(
  refresh: RefreshFact | null,
  discovery: DiscoveryFact,
): FindingDraft<"discovery.refresh-slow"> | null {
  if (refresh === null) return null;
  const { totalMs, failure } = refresh.probe;
  const wrote = failure === "timeout" && wroteSince(discovery, refresh.startedAtMs);
  if (totalMs <= SLOW_REFRESH_MS && !wrote) return null;
  return {
    code: "discovery.refresh-slow",
    title: `the refresh took ${Math.round(totalMs / 1000)} s${wrote ? " and no answer came, yet schemas were written meanwhile" : ""}`,
    subject: { kind: "endpoint", ref: "sync/refresh" },
    evidence: [{ type: "metric", name: "refresh", value: totalMs, unit: "ms", threshold: SLOW_REFRESH_MS }],
    facts: { totalMs, timedOut: failure === "timeout" },
  };
}

function wroteSince(discovery: DiscoveryFact, startedAtMs: number): boolean {
  return discovery.providers.some(({ resources }) =>
    resources.some(({ schema }) => Date.parse(schema.lastEditedAt ?? "") >= startedAtMs),
  );
}
