/** What succeeded writes left behind: a confirmed record, a receipt that leads to it, and no echo. */
import { classifyWrite } from "../../lib/pipeline/pure/classify.ts";
import { providerById, resourceOf } from "../../lib/providers/registry.ts";
import {
  defineCheck,
  type EventsFact,
  type FeedEventFact,
  type FindingDraft,
  judged,
  type OpsFact,
  page,
  plural,
  skip,
  suggest,
  unknown,
  type WrittenPlaceFact,
} from "../check.ts";

type Op = OpsFact["items"][number];

const SETTLED_MS = 60_000;
const RECEIPT_MS = 24 * 3_600_000;
const ECHO_MS = 120_000;
const CLOCK_EDGE_MS = 2_000;

/** VW-26 and VW-27. */
export const successConfirmed = defineCheck({
  id: "writeback.success-confirmed",
  title: "every op that succeeded names what its provider made of it",
  severity: "error",
  phase: "writeback",
  needs: ["ops"],
  after: ["doctor.scopes-suffice"],
  refs: ["VW-26", "VW-27"],
  hint: "Look at the provider for the record; report the op",
  findings: {
    "writeback.success-unconfirmed": page.error(
      "A create counts as a success and names no record: no id, no ts, no path. The provider may have made nothing.",
      "The op's result holds the provider's answer, and none of the fields that identify a record.",
      "Not an op without a result at all, which some servers do not record, and not an action that makes no record.",
      "Look at the provider for the record; report the op: an empty answer must count as a failure.",
    ),
    "writeback.success-contradicted": page.error(
      "An op counts as a success although the provider said no inside an answer of 200, as GraphQL and Slack do.",
      "The op's result says success: false or ok: false, or lists errors.",
      "Not a rejected write: that is dead-lettered.",
      "Read the provider's answer, fix the document and write it again; report the op.",
    ),
  },
  run: ({ ops }) => {
    const told = ops.items.filter((op) => op.status === "succeeded" && !isLocal(op) && hasAnswer(op));
    const findings = told.flatMap(
      (op): FindingDraft<"writeback.success-unconfirmed" | "writeback.success-contradicted">[] => {
        const result = op.providerResult ?? {};
        const shared = opFinding(op);
        const errors = Array.isArray(result.errors) ? result.errors.length : 0;
        if (result.success === false || result.ok === false || errors > 0) {
          const title = `${op.path} counts as written, and ${op.provider} said no`;
          return [{ ...shared, code: "writeback.success-contradicted", title }];
        }
        if (!makesRecord(op) || IDENTITIES.some((key) => isNamed(result[key]))) return [];
        const title = `${op.path} counts as written, and ${op.provider} named no record`;
        return [{ ...shared, code: "writeback.success-unconfirmed", title }];
      },
    );
    return judged(told.length, findings, `${plural(told.length, "op")} with an answer`);
  },
});

/** VW-18 and VW-19, relayfile#242. */
export const draftsSettle = defineCheck({
  id: "writeback.drafts-settle",
  title: "every draft that was sent became a receipt or its record, and receipts lead somewhere",
  severity: "error",
  phase: "writeback",
  needs: ["writtenPlaces", "ops"],
  wants: ["events", "clock"],
  after: ["doctor.scopes-suffice"],
  refs: ["VW-18", "VW-19", "relayfile#242", "relayfile#306"],
  hint: "List such drafts with a dry run of writeback/sweep-drafts; never delete one by hand",
  findings: {
    "writeback.draft-residue": page.error(
      "The provider has the record, and the draft still holds what was written: whoever sees it sends it again, and drafts pile up.",
      "The op succeeded more than a minute ago, and its path still holds a document that is neither a receipt nor a record.",
      "Not a failed write, and not a draft that was written again since.",
      "List them with a dry run of writeback/sweep-drafts, then sweep; never delete one by hand.",
    ),
    "writeback.receipt-astray": page.warn(
      "The receipt of a draft, or its op, names a record whose file does not exist: clients that follow receipts get 404.",
      "The path that the receipt or the op's result names was read.",
      "Not a record that was deleted since: the feed would tell.",
      "Refresh the provider. If it stays, the receipt's path was made from another name than the record's.",
    ),
    "writeback.accepted-unreadable": page.error(
      "A write was accepted, its op succeeded, and nothing can be read at its path: it was taken and not committed where it is read.",
      "The path of a succeeded op is missing, nothing names another place for it, and the feed tells of no deletion.",
      "Not a swept receipt: that is older than a day, or its op names the record. Not a deleted file.",
      "Compare the workspace id of the writer with that of the reader: a write under the cloud's UUID lands elsewhere. Report the op.",
    ),
  },
  run: ({ writtenPlaces, ops, events, clock }) => {
    const { probe } = writtenPlaces;
    if (probe != null && probe.status !== 200)
      return unknown(`the written paths could not be read (${probe.status ?? probe.failure})`);
    const byId = new Map(ops.items.map((op) => [op.opId, op]));
    const nowMs = writtenPlaces.collectedAtMs + (clock?.skewMs ?? 0);
    const places = writtenPlaces.items.flatMap((place) => {
      const op = byId.get(place.opId);
      return op === undefined ? [] : [{ place, op, ageMs: nowMs - endOf(op) }];
    });
    const latest = new Map<string, Op>();
    for (const { op } of places) if (!latest.has(op.path ?? "")) latest.set(op.path ?? "", op);
    type Codes = "writeback.draft-residue" | "writeback.receipt-astray" | "writeback.accepted-unreadable";
    const findings = places.flatMap(({ place, op, ageMs }): FindingDraft<Codes>[] => {
      // Of several writes to one path only the last one can be read there, whatever became of it.
      const again = ops.items.some(
        (other) => other !== op && other.path === op.path && beginOf(other) > endOf(op),
      );
      if (again || latest.get(place.path) !== op || !(ageMs > SETTLED_MS)) return [];
      const found = verdictOf(place, op, ageMs, events);
      return found === null ? [] : [{ ...opFinding(op, place), ...found }];
    });
    return judged(places.length, findings, `${plural(places.length, "written path")} read`);
  },
});

/** VW-15. */
export const echoesSuppressed = defineCheck({
  id: "writeback.echoes-suppressed",
  title: "a write does not come back from its provider as a change of its own",
  severity: "warn",
  phase: "writeback",
  needs: ["ops", "events"],
  after: ["doctor.scopes-suffice"],
  refs: ["VW-15"],
  hint: "Report the provider's webhook rule: echoes of our own writes are recognised by op or correlation id",
  findings: {
    "writeback.echo-duplicated": page.warn(
      "The webhook that a provider sends for our own write was taken for a new change: the record was written twice with the same bytes, and every mirror and digest tells it twice.",
      "Within two minutes of the op the feed has two events in a row that set its record to one hash.",
      "Not an edit by somebody else: its bytes differ.",
      "Report the provider: its markers for suppressing echoes are missing.",
    ),
  },
  run: ({ ops, events }) => {
    const own = ops.items.filter((op) => op.status === "succeeded" && !isLocal(op) && recordOf(op) !== null);
    if (own.length === 0) return skip("no op has reached a provider yet");
    const findings = own.flatMap((op): FindingDraft<"writeback.echo-duplicated">[] => {
      const path = recordOf(op) as string;
      const pair = echoOf(path, endOf(op), events);
      if (pair === null) return [];
      return [
        {
          ...opFinding(op),
          code: "writeback.echo-duplicated",
          title: `${path} was written again with the same bytes after our own write`,
          subject: { kind: "path", ref: path },
          evidence: pair.map(({ exchangeId, at, type, origin }) => ({
            type: "http",
            exchangeId,
            quote: `${at} ${type} ${origin} ${path}`,
          })),
        },
      ];
    });
    return judged(own.length, findings, `${plural(own.length, "op")} compared with the feed`);
  },
});

const IDENTITIES = [
  "externalId",
  "id",
  "ts",
  "identifier",
  "key",
  "canonicalPath",
  "path",
  "url",
  "sha",
  "merged",
];

function isNamed(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number" || value === true;
}

function isLocal(op: Op): boolean {
  return op.providerResult?.local === true;
}

/** True when the result holds more than what the server itself adds. */
function hasAnswer(op: Op): boolean {
  return Object.keys(op.providerResult ?? {}).some((key) => key !== "providerRevision");
}

/** True for a create in a collection of records; an action such as a merge makes none. */
function makesRecord(op: Op): boolean {
  const route = classifyWrite(op.path ?? "", "write");
  if (op.action === "file_delete" || route.kind !== "create" || route.id === "") return false;
  const provider = providerById(route.provider);
  const resource = provider === null ? null : resourceOf(provider, route.resource);
  return resource?.records !== undefined || typeof resource?.write?.produces === "string";
}

/** What is wrong with the place an op wrote to; null when nothing is. */
function verdictOf(place: WrittenPlaceFact, op: Op, ageMs: number, events: EventsFact | null) {
  const creates = classifyWrite(place.path, "write").kind === "create";
  const changed = (events?.items ?? []).find(
    ({ path, type }) => path === place.path && type.startsWith("file."),
  );
  const rewritten = changed !== undefined && Date.parse(changed.at) > endOf(op) + CLOCK_EDGE_MS;
  if (creates && place.kind === "raw" && !rewritten) {
    const title = `${place.path} was sent to ${op.provider} and still holds the draft`;
    return { code: "writeback.draft-residue" as const, title };
  }
  if (place.canonicalPath !== null) {
    if (place.canonicalThere !== false || isGone(place.canonicalPath, events)) return null;
    const who = place.kind === "receipt" ? "its receipt" : "its op";
    const title = `${place.path}: ${who} names ${place.canonicalPath}, which does not exist`;
    // A feed that does not reach back to the write cannot exclude a deletion.
    const confidence = events?.complete === true ? ("confirmed" as const) : ("likely" as const);
    return { code: "writeback.receipt-astray" as const, title, confidence };
  }
  if (place.kind !== "missing" || ageMs > RECEIPT_MS || events === null || isGone(place.path, events))
    return null;
  const title = `${place.path} was accepted and cannot be read`;
  return { code: "writeback.accepted-unreadable" as const, title };
}

/** True when the newest event of a path is its deletion. */
function isGone(path: string, events: EventsFact | null): boolean {
  return events?.items.find((event) => event.path === path)?.type === "file.deleted";
}

/** The record an op made or changed: what its result names, else the canonical path it wrote to. */
function recordOf(op: Op): string | null {
  const told = op.providerResult?.canonicalPath;
  if (typeof told === "string") return told;
  return classifyWrite(op.path ?? "", "write").kind === "edit" ? (op.path ?? null) : null;
}

/** Two events in a row that set a record to one hash, newest first; null when there are none. */
function echoOf(path: string, endMs: number, events: EventsFact): readonly FeedEventFact[] | null {
  const near = events.items.filter((event) => {
    const after = Date.parse(event.at) - endMs;
    return (
      event.origin === "provider_sync" && event.path === path && after > -CLOCK_EDGE_MS && after < ECHO_MS
    );
  });
  for (const [at, event] of near.entries()) {
    const older = near[at + 1];
    if (older !== undefined && event.hash !== null && event.hash === older.hash) return [event, older];
  }
  return null;
}

function beginOf(op: Op): number {
  return Date.parse(op.createdAt ?? "");
}

function endOf(op: Op): number {
  return Date.parse(op.completedAt ?? op.updatedAt ?? op.createdAt ?? "");
}

function opFinding(op: Op, place: WrittenPlaceFact | null = null) {
  return {
    subject: { kind: "op", ref: op.opId } as const,
    evidence: [
      {
        type: "http" as const,
        exchangeId: op.exchangeId,
        quote: `${op.opId} ${op.status}, ${plural(op.attemptCount, "attempt")}`,
      },
      ...(place === null
        ? []
        : [
            {
              type: "http" as const,
              exchangeId: place.exchangeId,
              quote: `${place.path}: ${place.kind}`,
            },
          ]),
    ],
    facts: {
      provider: op.provider ?? null,
      path: op.path ?? null,
      opIds: [op.opId],
      status: op.status,
      attempts: op.attemptCount,
      placeKind: place?.kind ?? null,
      canonicalThere: place?.canonicalThere ?? null,
    },
    remedy: { text: "Look at the op", commands: [suggest(`relayfile ops show ${op.opId}`)] },
  };
}
