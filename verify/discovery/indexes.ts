/** Indexes list what is there, each record once, in order, by the name its file has. */
import {
  defineCheck,
  type FindingDraft,
  type ProviderIndexFact,
  page,
  plural,
  proof,
  skip,
  suggest,
  unknown,
} from "../check.ts";
import { canonicalFinder, collectionsOf, concluded, editableRecords, spellingsOf } from "../trees.ts";

/** VD-17. */
export const indexesWellFormed = defineCheck({
  id: "discovery.indexes-well-formed",
  title: "every index is an array of complete rows, newest first, each id once",
  severity: "warn",
  phase: "tree",
  needs: ["records"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-17"],
  hint: "Let the index be written again by a sync of the resource; report the emitter",
  findings: {
    "discovery.index-malformed": page.warn(
      "An index is not a JSON array, lacks columns, lists an id twice, or is out of order, so that tools which rely on it miss or repeat records.",
      "By reading it: id, title and updated on every row, updated descending, then id.",
      "Not an index that disagrees with the tree: that is compared elsewhere.",
      "Sync the resource again; report the emitter.",
    ),
  },
  run: ({ records }) => {
    const own = records.providers.flatMap((entry) =>
      entry.indexes
        // The provider's own index lists resources and sorts them by hand.
        .filter(({ path }) => path !== `/${entry.provider}/_index.json` && !path.startsWith("/discovery/"))
        .map((index) => ({ provider: entry.provider, index })),
    );
    const findings = own.flatMap(({ provider, index }): FindingDraft<"discovery.index-malformed">[] => {
      const flaw = flawOf(index);
      if (flaw === null) return [];
      return [
        {
          code: "discovery.index-malformed",
          title: `${index.path} ${flaw}`,
          subject: { kind: "path", ref: index.path },
          evidence: [{ type: "http", exchangeId: index.exchangeId, quote: `${index.path}: ${flaw}` }],
          facts: { provider, path: index.path, flaw },
        },
      ];
    });
    return concluded(records, own.length, findings, plural(own.length, "index", "indexes"));
  },
});

/** VD-18 and VD-21. */
export const indexMatchesTree = defineCheck({
  id: "discovery.index-matches-tree",
  title: "every row has its file, every record its row, and both the same id",
  severity: "error",
  phase: "tree",
  needs: ["records"],
  wants: ["events", "clock"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-18", "VD-21"],
  hint: "Sync the resource again so that index and tree are written together",
  findings: {
    "discovery.index-ghost-row": page.error(
      "An index lists a record whose file does not exist: whoever follows the row gets 404.",
      "The row's canonical path is not in the complete listing of the provider.",
      "Not a naming mismatch of alias files: the canonical file itself is missing.",
      "Reconcile the resource; the record was removed without its row.",
    ),
    "discovery.index-missing-row": page.error(
      "A record exists that its index does not list: whoever starts from the index never sees it.",
      "An editable record lies in a collection whose index has no row for it.",
      "Not a draft or a receipt: those are no records.",
      "Sync the resource again; concurrent writers may have overwritten the index.",
    ),
    "discovery.name-malformed": page.warn(
      "A record's file name carries another id than its row, or a reserved name: an edit of it would reach another record or none.",
      "The part after the last __ of a flat file, or before the first of a directory, is not the id of the row.",
      "Not a record named by its key beside its id.",
      "Report the emitter: names are made from the id.",
    ),
  },
  run: ({ records, events, clock }) => {
    const nowMs = records.collectedAtMs + (clock?.skewMs ?? 0);
    let subjects = 0;
    type Codes = "discovery.index-ghost-row" | "discovery.index-missing-row" | "discovery.name-malformed";
    const findings: FindingDraft<Codes>[] = [];
    // What changed while the listing was read is no disagreement.
    const moving = new Set(
      (events?.items ?? []).filter(({ at }) => nowMs - Date.parse(at) < RECENT_MS).map(({ path }) => path),
    );
    for (const entry of records.providers) {
      if (entry.truncated) continue;
      const paths = new Set(entry.files.map(({ path }) => path));
      const editable = editableRecords(entry);
      for (const { root, index, rows } of collectionsOf(entry)) {
        subjects += rows.length;
        if (moving.has(index.path)) continue;
        const fileOf = canonicalFinder(root, paths);
        const own = rows.map((row) => ({ row, path: fileOf(row) }));
        const listed = new Set(own.flatMap(({ path }) => path ?? []));
        const shared = (code: Codes, example: string) => ({
          code,
          subject: { kind: "path", ref: index.path } as const,
          evidence: [
            {
              type: "http" as const,
              exchangeId: index.exchangeId,
              quote: `${index.path}: ${plural(rows.length, "row")}`,
            },
            proof(entry.listing),
            { type: "log" as const, line: example },
          ],
          remedy: {
            text: "Sync the resource again",
            commands: [suggest(`relayfile verify discovery ${entry.provider}`, "refresh")],
          },
        });
        const ghosts = own.filter(
          ({ path }) =>
            path !== null && !paths.has(path) && !moving.has(path) && path.startsWith(`/${entry.provider}/`),
        );
        if (ghosts[0]?.path != null) {
          findings.push({
            ...shared("discovery.index-ghost-row", ghosts[0].path),
            title: `${index.path} lists ${plural(ghosts.length, "record")} without a file, for example ${ghosts[0].path}`,
            facts: { provider: entry.provider, path: index.path, count: ghosts.length },
          });
        }
        const unlisted = editable.filter(
          ({ path }) => isDirectChild(path, root) && !listed.has(path) && !moving.has(path),
        );
        if (unlisted[0] !== undefined && rows.length < ROWS_MAX) {
          findings.push({
            ...shared("discovery.index-missing-row", unlisted[0].path),
            title: `${index.path} lacks ${plural(unlisted.length, "record")}, for example ${unlisted[0].path}`,
            facts: { provider: entry.provider, path: index.path, count: unlisted.length },
          });
        }
        const misnamed = own.filter(
          ({ row, path }) => path !== null && row.id !== null && !carries(path, row.id),
        );
        if (misnamed[0]?.path != null) {
          findings.push({
            ...shared("discovery.name-malformed", misnamed[0].path),
            title: `${misnamed[0].path} does not carry the id ${misnamed[0].row.id} of its row`,
            facts: {
              provider: entry.provider,
              path: misnamed[0].path,
              id: misnamed[0].row.id,
              count: misnamed.length,
            },
          });
        }
      }
    }
    return concluded(records, subjects, findings, `${plural(subjects, "row")} compared with the tree`);
  },
});

/** VD-24. */
export const slackIndexesThere = defineCheck({
  id: "discovery.slack-indexes-there",
  title: "Slack's channels and users can be looked up by name",
  severity: "warn",
  phase: "discovery",
  needs: ["records"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-24"],
  hint: "Refresh discovery: relayfile refresh",
  findings: {
    "discovery.slack-index-missing": page.warn(
      "The lookup index of channels or users under /discovery/slack is missing or empty, so a message cannot be addressed by name.",
      "By reading both indexes while Slack has channels or users in its tree.",
      "Not a workspace without Slack.",
      "Refresh discovery.",
    ),
  },
  run: ({ records }) => {
    const slack = records.providers.find(({ provider }) => provider === "slack");
    if (slack === undefined) return skip("Slack is not connected");
    if (slack.reading != null && slack.reading.status !== 200) {
      return unknown(
        `the indexes of Slack could not be read (${slack.reading.status ?? slack.reading.failure})`,
      );
    }
    const findings = ["channels", "users"].flatMap(
      (name): FindingDraft<"discovery.slack-index-missing">[] => {
        const path = `/discovery/slack/${name}/_index.json`;
        const held = slack.files.some((file) => file.path.startsWith(`/slack/${name}/`));
        const index = slack.indexes.find((one) => one.path === path);
        // An index that was not read, as on servers without bulk reads, is no missing one.
        if (!held || index === undefined || (index.rows?.length ?? 0) > 0) return [];
        return [
          {
            code: "discovery.slack-index-missing",
            title: `${path} ${stateOf(index.problem)}`,
            subject: { kind: "path", ref: path },
            evidence: [{ type: "file", path }],
            facts: { provider: "slack", path },
            remedy: {
              text: "Refresh discovery",
              commands: [suggest("relayfile verify discovery slack", "refresh")],
            },
          },
        ];
      },
    );
    const read = slack.indexes.filter((one) => one.path.startsWith("/discovery/")).length;
    return concluded(
      records,
      slack.files.length > 0 ? read : 0,
      findings,
      plural(read, "lookup index", "lookup indexes"),
    );
  },
});

/** What is wrong with a lookup index, in words. */
function stateOf(problem: string | null): string {
  if (problem === null) return "is empty";
  return problem === "not_found" || problem === "missing" ? "is missing" : `cannot be used: ${problem}`;
}

const RECENT_MS = 10_000;
const ROWS_MAX = 1_000;

function flawOf({ problem, rows }: ProviderIndexFact): string | null {
  if (rows === null) return problem ?? "cannot be read";
  const incomplete = rows.filter((row) => !row.complete).length;
  if (incomplete > 0) return `has ${plural(incomplete, "row")} without id, title or updated`;
  const ids = rows.map(({ id }) => id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) return `lists ${twice} twice`;
  const wrong = rows.findIndex((row, at) => {
    const before = rows[at - 1];
    return before !== undefined && timeOf(before.updated) < timeOf(row.updated);
  });
  return wrong === -1 ? null : `is out of order at row ${wrong + 1}`;
}

/** Rows without a date come last. */
function timeOf(updated: string): number {
  const ms = Date.parse(updated);
  return Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms;
}

function isDirectChild(path: string, root: string): boolean {
  const rest = path.startsWith(`${root}/`) ? path.slice(root.length + 1) : "";
  return /^[^/]+\.json$/.test(rest) || /^[^/]+\/(?:meta|metadata)\.json$/.test(rest);
}

/** True when a record's name is its id, or carries it before or after `__`, in any of the encodings names use. */
function carries(path: string, id: string): boolean {
  const stem = path.replace(/\/(?:meta|metadata|message)\.json$/, "").replace(/\.json$/, "");
  const plain = decodeAll(stem);
  // An id of several parts, such as owner/name, is spread over directories.
  if (id.includes("/")) return [id, id.replaceAll("/", "__")].some((form) => plain.includes(form));
  const name = plain.slice(plain.lastIndexOf("/") + 1);
  const forms = [id, ...spellingsOf(id)];
  return forms.some((form) => name === form || name.startsWith(`${form}__`) || name.endsWith(`__${form}`));
}

function decodeAll(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A name with a stray percent sign stands for itself.
    return text;
  }
}
