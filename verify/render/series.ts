/** Numbers in a report that are better seen than read: what fills a digest, how many properties a schema had. */
import type { Finding, Report } from "../report.ts";

/** Who fills the event budget of a digest. */
export interface DigestBudget {
  /** The finding that brought the numbers. */
  readonly findingId: string;
  /** The digest or its windows, as the finding names them. */
  readonly subject: string;
  /** Events in the digest. */
  readonly events: number;
  readonly truncated: boolean;
  /** Largest first. `percent` is of `events`, with one decimal; `blamed` is what the finding is about. */
  readonly shares: readonly {
    readonly prefix: string;
    readonly count: number;
    readonly percent: number;
    readonly blamed: boolean;
  }[];
}

/** How many properties a schema had, revision by revision. */
export interface SchemaHistory {
  readonly findingId: string;
  readonly path: string;
  /** Oldest first, at least two. `at` is empty where the evidence has no time. */
  readonly points: readonly { readonly revision: string; readonly at: string; readonly properties: number }[];
}

const SHARES_MAX = 8;
const POINTS_MAX = 40;

/** Every digest whose shares a finding holds, each once, in the order of the findings. */
export function digestBudgets(report: Report): DigestBudget[] {
  const seen = new Set<string>();
  return report.findings.flatMap((finding) => {
    const budget = budgetOf(finding);
    if (budget === null || seen.has(budget.subject)) return [];
    seen.add(budget.subject);
    return [budget];
  });
}

/** Every schema of which findings show two revisions or more. */
export function schemaHistories(report: Report): SchemaHistory[] {
  const byPath = new Map<
    string,
    { findingId: string; points: Map<string, SchemaHistory["points"][number]> }
  >();
  for (const finding of report.findings) {
    for (const { path, ...point } of pointsOf(finding)) {
      const entry = byPath.get(path) ?? { findingId: finding.id, points: new Map() };
      entry.points.set(point.revision, point);
      byPath.set(path, entry);
    }
  }
  return [...byPath].flatMap(([path, { findingId, points }]) => {
    const ordered = [...points.values()].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
    return ordered.length < 2 ? [] : [{ findingId, path, points: ordered.slice(-POINTS_MAX) }];
  });
}

function budgetOf(finding: Finding): DigestBudget | null {
  if (finding.phase !== "digest") return null;
  const { facts } = finding;
  const fromFacts = listOf(facts.shares).flatMap((text) => {
    const [, prefix, number] = /^(.*) (\d{1,9})$/.exec(text) ?? [];
    return prefix === undefined || prefix === "" ? [] : [{ prefix, count: Number(number) }];
  });
  const counted = fromFacts.length > 0 ? fromFacts : metricShares(finding);
  if (counted.length === 0) return null;
  const sum = counted.reduce((total, share) => total + share.count, 0);
  const events = typeof facts.events === "number" && facts.events > 0 ? Math.max(facts.events, sum) : sum;
  if (events === 0) return null;
  const mostlyInternal = typeof facts.internalPercent === "number" && facts.internalPercent >= 50;
  const blamed = facts.prefix ?? (mostlyInternal ? facts.topPrefix : undefined);
  const windows = listOf(facts.windows).map((window) => `/digests/${window}.md`);
  const [file] = finding.evidence.flatMap((item) => (item.type === "file" ? [item.path] : []));
  const shares = [...counted, { prefix: "everything else", count: events - sum }]
    .filter((share) => share.count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, SHARES_MAX)
    .map((share) => ({
      ...share,
      percent: Math.round((share.count / events) * 1000) / 10,
      blamed: share.prefix === blamed,
    }));
  // Several windows that one finding covers are described by their worst.
  const subject = file ?? windows[0] ?? finding.subject.ref;
  return { findingId: finding.id, subject, events, truncated: facts.truncated === true, shares };
}

/** Shares as `bullets under /prefix: 99 % (1980)`. */
function metricShares(finding: Finding): { prefix: string; count: number }[] {
  return finding.evidence.flatMap((item) => {
    if (item.type !== "metric") return [];
    const prefix = /^bullets under (.+)$/.exec(item.name)?.[1];
    const count = /\((\d{1,9})\)$/.exec(item.unit)?.[1];
    return prefix === undefined || count === undefined ? [] : [{ prefix, count: Number(count) }];
  });
}

/** From the fact `propertyHistory` (`rev_12 2026-05-20T12:00:00.000Z 66`) and from files quoted as `66 properties`. */
function pointsOf(finding: Finding): { path: string; revision: string; at: string; properties: number }[] {
  const files = finding.evidence.flatMap((item) => {
    const count =
      item.type === "file" ? /^(\d{1,9}) propert(?:y|ies)$/.exec(item.excerpt ?? "")?.[1] : undefined;
    if (item.type !== "file" || count === undefined || item.revision == null) return [];
    return [
      { path: item.path, revision: item.revision, at: item.lastEditedAt ?? "", properties: Number(count) },
    ];
  });
  const path = files[0]?.path ?? finding.subject.ref;
  const told = listOf(finding.facts.propertyHistory).flatMap((text) => {
    const [, revision, at, count] = /^(\S+)(?: (\S+))? (\d{1,9})$/.exec(text) ?? [];
    return revision === undefined ? [] : [{ path, revision, at: at ?? "", properties: Number(count) }];
  });
  return [...told, ...files];
}

function listOf(value: Finding["facts"][string] | undefined): readonly string[] {
  return Array.isArray(value) ? value : [];
}
