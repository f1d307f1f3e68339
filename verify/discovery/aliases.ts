/** Copies of a record are the record: same bytes, one bucket each, in directories that the layout announces. */
import {
  defineCheck,
  type FindingDraft,
  type ProviderRecordsFact,
  page,
  plural,
  proof,
  suggest,
} from "../check.ts";
import {
  type AliasFile,
  aliasesOf,
  canonicalFinder,
  collectionsOf,
  concluded,
  unconfirmed,
} from "../trees.ts";

/** Trees in which a record lies in one bucket at a time; a record may well have two assignees. */
const SINGLE_BUCKET = ["by-state", "by-edited", "by-priority", "by-creator"];
/** Trees that every record is in, whatever its fields. */
const ALWAYS = ["by-id", "by-uuid", "by-title", "by-edited"];

/** VD-19 and VD-20. */
export const aliasesCurrent = defineCheck({
  id: "discovery.aliases-current",
  title: "every copy of a record has its bytes and lies in one bucket of each view",
  severity: "warn",
  phase: "tree",
  needs: ["records"],
  wants: ["events", "ops"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-19", "VD-20"],
  hint: "Write the record again: its copies are written with it",
  findings: {
    "discovery.alias-differs": page.warn(
      "A copy of a record has other bytes than the record: whoever reads through the view gets an old or partial version.",
      "The hashes of the listing were compared for records whose copies are named after their id.",
      "Not a stale bucket: the copy is in the right place. Not an edit that its provider has not confirmed: copies follow the provider.",
      "Write the record again, or sync it; the copies failed to follow.",
    ),
    "discovery.alias-stale": page.warn(
      "A record lies in two buckets of one view, for example in two states at once: the older copy was not removed.",
      "One id has several leaves below by-state, by-edited, by-priority or by-creator.",
      "Not a record with several assignees: those views are left out.",
      "Write the record again; reconciliation of copies was skipped.",
    ),
  },
  run: ({ records, events, ops }) => {
    let subjects = 0;
    const open = unconfirmed(events, ops);
    type Codes = "discovery.alias-differs" | "discovery.alias-stale";
    const findings: FindingDraft<Codes>[] = [];
    for (const entry of records.providers) {
      if (entry.truncated) continue;
      const aliases = aliasesOf(entry);
      const remedy = {
        text: "Let the records be written again",
        commands: [suggest(`relayfile refresh --provider ${entry.provider}`, "refresh")],
      };
      const { differing, compared } = compareCopies(entry, aliases, open);
      subjects += compared;
      if (differing[0] !== undefined) {
        findings.push({
          code: "discovery.alias-differs",
          title: `${entry.provider}: ${plural(differing.length, "copy", "copies")} with other bytes than the record, for example ${differing[0].copy}`,
          subject: { kind: "provider", ref: entry.provider },
          evidence: [
            proof(entry.listing),
            {
              type: "compare",
              a: differing[0].copy,
              b: differing[0].record,
              relation: "has other bytes than",
            },
          ],
          facts: {
            provider: entry.provider,
            copies: differing.slice(0, 10).map(({ copy }) => copy),
            compared,
          },
          remedy,
        });
      }
      const doubled = doubledIn(aliases);
      if (doubled[0] !== undefined) {
        findings.push({
          code: "discovery.alias-stale",
          title: `${entry.provider}: ${plural(doubled.length, "record")} in two buckets of one view, for example ${doubled[0].join(" and ")}`,
          subject: { kind: "provider", ref: entry.provider },
          evidence: [
            proof(entry.listing),
            ...doubled[0].slice(0, 3).map((path) => ({ type: "file" as const, path })),
          ],
          facts: { provider: entry.provider, count: doubled.length, paths: doubled[0] },
          remedy,
        });
      }
    }
    return concluded(records, subjects, findings, `${plural(subjects, "copy", "copies")} compared`);
  },
});

/** VD-22. */
export const aliasesAnnounced = defineCheck({
  id: "discovery.aliases-announced",
  title: "layouts announce the views that exist, and no others",
  severity: "warn",
  phase: "tree",
  needs: ["records"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-22"],
  hint: "Report the provider's layout: it and the emitter disagree",
  findings: {
    "discovery.alias-missing": page.warn(
      "The layout announces a view that every record belongs to, and the tree has none although there are records.",
      "by-* names of LAYOUT.md were compared with the directories of the tree.",
      "Not a view that is empty for want of a value, such as by-assignee.",
      "Report the emitter; read by the views that exist.",
    ),
    "discovery.alias-undeclared": page.info(
      "The tree has a view that the layout does not mention, so nobody will look for it.",
      "by-* directories of the tree were compared with LAYOUT.md.",
      "Not a stale copy.",
      "Nothing to repair; the layout is behind.",
    ),
  },
  run: ({ records }) => {
    const told = records.providers.filter(
      (entry) =>
        entry.layoutAliases !== null &&
        !entry.truncated &&
        collectionsOf(entry).some(({ rows }) => rows.length > 0),
    );
    const findings = told.flatMap(
      (entry): FindingDraft<"discovery.alias-missing" | "discovery.alias-undeclared">[] => {
        const announced = entry.layoutAliases ?? [];
        const there = new Set(aliasesOf(entry).map(({ tree }) => tree.slice(tree.lastIndexOf("/") + 1)));
        const missing = announced.filter((name) => ALWAYS.includes(name) && !there.has(name));
        const extra = [...there].filter((name) => !announced.includes(name)).sort();
        const shared = {
          subject: { kind: "provider", ref: entry.provider } as const,
          evidence: [proof(entry.listing), { type: "file" as const, path: `/${entry.provider}/LAYOUT.md` }],
          remedy: {
            text: "Compare the layout with the tree",
            commands: [suggest(`relayfile tree WORKSPACE /${entry.provider}`)],
          },
        };
        return [
          ...(missing.length === 0
            ? []
            : [
                {
                  ...shared,
                  code: "discovery.alias-missing" as const,
                  title: `${entry.provider}: the layout announces ${missing.join(", ")}, the tree has none`,
                  facts: { provider: entry.provider, missing },
                },
              ]),
          ...(extra.length === 0
            ? []
            : [
                {
                  ...shared,
                  code: "discovery.alias-undeclared" as const,
                  title: `${entry.provider}: ${extra.join(", ")} ${extra.length === 1 ? "is" : "are"} not in the layout`,
                  facts: { provider: entry.provider, extra },
                },
              ]),
        ];
      },
    );
    return concluded(records, told.length, findings, `${plural(told.length, "layout")} compared`);
  },
});

/** Copies whose file is named after the id of a row, beside the record of that row. The listing has their hashes. */
function compareCopies(entry: ProviderRecordsFact, aliases: readonly AliasFile[], open: ReadonlySet<string>) {
  const hashes = new Map(entry.files.map(({ path, hash }) => [path, hash]));
  const paths = new Set(hashes.keys());
  const byStem = Map.groupBy(aliases, ({ stem }) => stem);
  const differing: { copy: string; record: string }[] = [];
  let compared = 0;
  for (const { root, rows } of collectionsOf(entry)) {
    const fileOf = canonicalFinder(root, paths);
    for (const row of rows) {
      const record = fileOf(row);
      const hash = record === null ? null : (hashes.get(record) ?? null);
      if (record === null || hash === null || row.id === null || open.has(record)) continue;
      for (const stem of new Set([row.id, encodeURIComponent(row.id)])) {
        for (const alias of byStem.get(stem) ?? []) {
          if (alias.hash === null || !alias.tree.startsWith(`${root}/`)) continue;
          compared++;
          if (alias.hash !== hash) differing.push({ copy: alias.path, record });
        }
      }
    }
  }
  return { differing, compared };
}

/** Paths of one record in several buckets of one view, one list per record. */
function doubledIn(aliases: readonly AliasFile[]): string[][] {
  const places = new Map<string, string[]>();
  for (const { tree, stem, path } of aliases) {
    if (!SINGLE_BUCKET.includes(tree.slice(tree.lastIndexOf("/") + 1))) continue;
    const key = `${tree}\n${stem}`;
    places.set(key, [...(places.get(key) ?? []), path]);
  }
  return [...places.values()].filter((paths) => paths.length > 1);
}
