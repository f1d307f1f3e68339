/** What a connected provider has brought into the tree, and whether the tree is of one generation. */
import { defineCheck, type FindingDraft, page, plural, proof, suggest } from "../check.ts";
import { concluded } from "../trees.ts";

/** VD-01, symptoms 47 and 48. */
export const treeMaterialized = defineCheck({
  id: "discovery.tree-materialized",
  title: "the tree of every connected provider holds more than its layout",
  severity: "error",
  phase: "tree",
  needs: ["records"],
  wants: ["integrations"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-01", "symptom:47", "symptom:48"],
  hint: "Look at the provider's first sync: relayfile integration status PROVIDER",
  findings: {
    "discovery.tree-empty": page.error(
      "A provider is connected and its indexes list records, or its first sync is not complete, yet its tree holds nothing but its layout.",
      "The listing of the provider's root, beside its indexes and the state of the first sync.",
      "Not a provider without records: then its first sync is complete and its indexes are empty.",
      "Look at the first sync; if it is complete, the service did not materialise it.",
    ),
    "discovery.no-backfill": page.info(
      "The provider is connected and its first sync is complete, but there are no records: none exist at the provider, or this provider has no backfill and only fills with new events.",
      "Only LAYOUT.md and an index of resources lie in its tree, and nothing is running.",
      "Not a sync that hangs: there is nothing to wait for.",
      "Nothing. Change something at the provider to see a record arrive.",
    ),
  },
  run: ({ records, integrations }) => {
    const linked = records.providers.filter((entry) => entry.connected === true && !entry.truncated);
    const findings = linked.flatMap(
      (entry): FindingDraft<"discovery.tree-empty" | "discovery.no-backfill">[] => {
        const root = `/${entry.provider}`;
        const held = entry.files.filter(
          ({ path }) => !/\/(?:LAYOUT\.md|\.layout\.md|_index\.json)$/.test(path),
        );
        if (held.length > 0) return [];
        const status =
          integrations?.statuses.find(({ provider }) => provider === entry.provider)?.status ?? null;
        const state = status?.initialSync?.state ?? (status?.ready === true ? "complete" : "unknown");
        const indexed = entry.indexes.filter(({ path }) => path !== `${root}/_index.json`);
        const rows = indexed.reduce((sum, index) => sum + (index.rows?.length ?? 0), 0);
        const shared = {
          subject: { kind: "provider", ref: entry.provider } as const,
          evidence: [proof(entry.listing)],
          facts: { provider: entry.provider, rows, syncState: state },
          remedy: {
            text: `Look at ${entry.provider}`,
            commands: [suggest(`relayfile integration status ${entry.provider}`)],
          },
        };
        // What the integration says of itself could not be read: its own check tells.
        if (rows === 0 && state === "unknown") return [];
        if (rows === 0 && (state === "complete" || state === "ready")) {
          const title = `${entry.provider} is connected and has no records`;
          return [{ ...shared, code: "discovery.no-backfill", title }];
        }
        const why = rows > 0 ? `its indexes list ${plural(rows, "record")}` : `its first sync is ${state}`;
        const confidence = rows > 0 ? ("confirmed" as const) : ("likely" as const);
        const title = `the tree of ${entry.provider} is empty although ${why}`;
        return [
          {
            ...shared,
            confidence,
            severity: rows > 0 ? "error" : "warn",
            code: "discovery.tree-empty",
            title,
          },
        ];
      },
    );
    return concluded(
      records,
      linked.length,
      findings,
      `${plural(linked.length, "connected provider")} listed`,
    );
  },
});

/** DR-29, symptom 54. */
export const oneGeneration = defineCheck({
  id: "discovery.one-generation",
  title: "no tree mixes new.json templates or old joiners with discovery files",
  severity: "info",
  phase: "tree",
  needs: ["records", "discovery"],
  after: ["doctor.workspace-readable"],
  refs: ["DR-29", "symptom:54"],
  hint: "Follow the discovery files; the old ones go with the next full sync",
  findings: {
    "discovery.mid-migration": page.info(
      "The workspace is on its way from an older layout: new.json templates, or names joined by --, lie beside discovery files. Writing to new.json does nothing.",
      "Both spellings exist in one provider's tree.",
      "Not a broken layout: each part works by its own rules.",
      "Follow LAYOUT.md and the discovery files; ask for a full sync to remove the rest.",
    ),
  },
  run: ({ records, discovery }) => {
    const judgedProviders = records.providers.filter(({ files }) => files.length > 0);
    const findings = judgedProviders.flatMap((entry): FindingDraft<"discovery.mid-migration">[] => {
      const described = discovery.providers.some(
        ({ provider, files }) => provider === entry.provider && files.length > 0,
      );
      const templates = entry.files.filter(({ path }) => path.endsWith("/new.json"));
      const joined = entry.files.filter(
        ({ path }) =>
          /\/[^/]+--[^/]*\d[^/]*(?:\.json|\/meta\.json)$/.test(path) &&
          !path.includes("__") &&
          !path.includes("/reactions/") &&
          !path.includes("/by-"),
      );
      const old = [...templates, ...joined];
      if (!described || old.length === 0) return [];
      return [
        {
          code: "discovery.mid-migration",
          title: `${entry.provider}: ${plural(old.length, "file")} of an older layout beside its discovery files, for example ${old[0]?.path}`,
          subject: { kind: "provider", ref: entry.provider },
          evidence: [
            proof(entry.listing),
            ...old.slice(0, 3).map(({ path }) => ({ type: "file" as const, path })),
          ],
          facts: { provider: entry.provider, templates: templates.length, joined: joined.length },
        },
      ];
    });
    return concluded(records, judgedProviders.length, findings, plural(judgedProviders.length, "tree"));
  },
});
