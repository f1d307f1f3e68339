/**
 * docs/seed-trace.md: every system the product was asked for, the tests that carry its id, and a command that shows it.
 * A row whose id no test carries says so.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { code, GENERATED, table } from "./markdown.ts";

/** One row: id, what must be true, a command that shows it. */
export type SeedRow = readonly [id: string, claim: string, shows: string];

/** The rows, in their order. */
export const SEED_ROWS: readonly SeedRow[] = [
  [
    "S01",
    "file API and control plane are two services with two base URLs, and every client names the one it calls",
    "relayfile doctor",
  ],
  [
    "S02",
    "cloud identity and workspace token are stored, renewed, used and diagnosed apart",
    "relayfile whoami",
  ],
  [
    "S03",
    "join mints the workspace token within 120 s, and a slow one is named",
    "relayfile workspace join WORKSPACE",
  ],
  [
    "S04",
    "the workspace token opens the file API and, for its own workspace only, two control plane routes",
    "relayfile integration status jira",
  ],
  [
    "S05",
    "the daemon applies remote events to a mirror and queues local writes",
    "relayfile mount WORKSPACE DIR",
  ],
  ["S06", "the state files of a mirror have their documented shapes", "relayfile status"],
  ["S07", "the mount root stays a directory, and no rename touches a directory", "relayfile status"],
  ["S08", "a snapshot deletes a file only after two clean confirmations", "relayfile status"],
  ["S09", "a circuit breaker opens on a storm of 5xx and holds back destructive work", "relayfile status"],
  ["S10", "a relative remote path cannot be empty, climb, or be the root", "relayfile why PATH"],
  [
    "S11",
    "bootstrap completes, resumes, shows progress and has its own time limits",
    "relayfile mount WORKSPACE DIR --full-reconcile",
  ],
  [
    "S12",
    "one object per workspace holds files, events, operations and envelopes; bodies have their own key",
    "relayfile serve --data DIR",
  ],
  ["S13", "memory stays bounded whatever the workspace holds", "relayfile export --format tar"],
  [
    "S14",
    "a webhook becomes records, indexes, aliases and auxiliary files, contract first",
    "relayfile ingest github DIR",
  ],
  [
    "S15",
    "layout, discovery and writeback rules of a provider come from one registry entry",
    "relayfile cat /jira/LAYOUT.md",
  ],
  ["S16", "a connection-created event registers the integration", "relayfile integration list"],
  [
    "S17",
    "schemas are written on every batch, only widen, and are byte-stable",
    "relayfile verify discovery",
  ],
  ["S18", "refresh fills discovery by sampling existing records", "relayfile refresh"],
  [
    "S19",
    "the schema that stays empty in silence happens by its mechanism and is explained",
    "relayfile verify discovery jira",
  ],
  ["S20", "an edit of a canonical file reaches the provider", "relayfile put PATH --wait"],
  ["S21", "a draft file becomes a provider record and then a receipt", "relayfile put PATH --wait"],
  ["S22", "a delete reaches the provider only where the contract declares it", "relayfile rm PATH"],
  ["S23", "new.json has no magic and is refused with the right path", "relayfile verify writeback"],
  ["S24", "an edit without a route is found before and after the fact", "relayfile verify writeback jira"],
  [
    "S25",
    "today and yesterday regenerate on writes, within a budget of 2000 events",
    "relayfile cat /digests/today.md",
  ],
  [
    "S26",
    "internal paths stay out of a digest, and records named like them stay in",
    "relayfile verify digest",
  ],
  ["S27", "a truncated digest names what ate its budget", "relayfile verify digest"],
  ["S28", "the Worker bundle is proven free of Node and Bun imports", "bun scripts/import-safety.ts ENTRY"],
  ["S29", "every route and method has an acceptance test", "bun run test"],
  [
    "S30",
    "the acceptance suite runs against any deployment",
    "bun run contract --file-api URL --control-plane URL",
  ],
  [
    "S31",
    "deleting a workspace removes everything it held",
    "relayfile workspace delete WORKSPACE --yes --remote",
  ],
  ["S32", "concurrent duplicates apply once", "relayfile ingest github DIR"],
  ["S33", "every curl line of the operator's sheet is a typed command", "relayfile help"],
  ["S34", "every refused write is logged with status and body", "relayfile logs"],
  ["S35", "failedWritebacks persists and reads as 0 from older files", "relayfile writeback status --json"],
  ["S36", "a write that ends refused becomes a dead letter", "relayfile writeback show OP"],
  ["S37", "writeback status works offline, and only dead letters make it fail", "relayfile writeback status"],
  [
    "S38",
    "writeback retry sends again and removes the record only on success",
    "relayfile writeback retry --opId OP",
  ],
  ["S39", "a write that failed and then succeeded leaves a healthy status", "relayfile writeback status"],
  ["S40", "toolkit and daemon are one executable per platform", "relayfile version"],
];

/** Test files, relative to the repository, by the row ids they carry. */
export function testsById(root: string): Map<string, string[]> {
  const found = new Map<string, string[]>();
  const files = readdirSync(join(root, "test"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(test|contract)\.ts$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) {
    const ids = new Set(readFileSync(file, "utf8").match(/\bS(?:0[1-9]|[1-3]\d|40)\b/g));
    for (const id of ids) found.set(id, [...(found.get(id) ?? []), file.slice(root.length + 1)]);
  }
  return found;
}

/** The page. */
export function renderSeedTrace(root = dirname(dirname(import.meta.dir))): string {
  const tests = testsById(root);
  const rows = SEED_ROWS.map(([id, claim, shows]) => [
    id,
    claim,
    tests.get(id)?.map(code).join(", ") ?? "no test carries this id yet",
    code(shows),
  ]);
  return [
    GENERATED,
    "",
    "# What was asked for, and where it is proven",
    "",
    "A row names the tests that carry its id and a command that shows it.",
    "",
    table(["id", "must be true", "tests", "command"], rows),
    "",
  ].join("\n");
}
