/**
 * Ingest, refresh and digest against the real store on this machine (issue 4): records per second from 1,000 to N
 * records of one collection, refresh of six providers, and a digest of a day with 100,000 events.
 *
 *     bun scripts/bench/pipeline.ts [--records 100000] [--events 100000]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { composeDigest, DIGEST_ROWS, digestWindow } from "../../lib/digest/mod.ts";
import { CURRENT_ERA } from "../../lib/model/era.ts";
import { eventIdOf } from "../../lib/model/event.ts";
import { applyRecords } from "../../lib/pipeline/apply.ts";
import type { PipelineDeps } from "../../lib/pipeline/deps.ts";
import { refreshDiscovery } from "../../lib/pipeline/refresh.ts";
import { modelsOf, PROVIDERS } from "../../lib/providers/registry.ts";
import { diskBodyStore } from "../../lib/runtime/bun/body-store.ts";
import { bunClock } from "../../lib/runtime/bun/clock.ts";
import { bunRandom } from "../../lib/runtime/bun/random.ts";
import { openDatabase } from "../../lib/runtime/bun/sqlite.ts";
import { livePipeline } from "../../lib/service/live-pipeline.ts";
import { eventsInWindow } from "../../lib/service/store/events.ts";
import { WorkspaceObject } from "../../lib/service/workspace-object.ts";
import { CONFLUENCE_PAGES } from "../../lib/simulator/seed/confluence.ts";
import { JIRA_ISSUES } from "../../lib/simulator/seed/jira.ts";
import { ISSUES } from "../../lib/simulator/seed/linear.ts";
import { NOTION_PAGES } from "../../lib/simulator/seed/notion.ts";
import { SLACK_CHANNELS } from "../../lib/simulator/seed/slack.ts";

const PAGE = 1_000;
const { values } = parseArgs({
  options: { records: { type: "string", default: "100000" }, events: { type: "string", default: "100000" } },
});
const RECORDS = Number(values.records);
const EVENTS = Number(values.events);

const print = (...cells: (string | number)[]) => process.stdout.write(`| ${cells.join(" | ")} |\n`);
const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const world = {
  clock: bunClock(),
  random: bunRandom(),
  log: quiet,
  fetch: async () => new Response(null, { status: 404 }),
};
const deps: PipelineDeps = {
  ...world,
  era: CURRENT_ERA,
  providerAccess: (id) => ({ problem: `${id} is not connected` }),
};

/** A GitHub issue of realistic width. */
function githubIssue(n: number) {
  const url = `https://api.github.com/repos/acme/web/issues/${n}`;
  const user = {
    login: `user-${n % 40}`,
    id: n % 40,
    type: "User",
    html_url: `https://github.com/user-${n % 40}`,
    site_admin: false,
  };
  return {
    url,
    html_url: `https://github.com/acme/web/issues/${n}`,
    id: 1_000_000 + n,
    number: n,
    title: `Issue ${n}: something is ${n % 3 === 0 ? "slow" : "wrong"} in part ${n % 97}`,
    user,
    labels: [{ id: 1, name: "bug", color: "f00" }],
    state: n % 4 === 0 ? "closed" : "open",
    assignees: n % 2 === 0 ? [user] : [],
    comments: n % 7,
    created_at: "2026-05-01T00:00:00Z",
    updated_at: new Date(Date.UTC(2026, 4, 1) + n * 1_000).toISOString(),
    body: `What happens in case ${n}. `.repeat(12),
  };
}

async function open(directory: string): Promise<WorkspaceObject> {
  return WorkspaceObject.open("rw_bench000", {
    db: openDatabase(join(directory, "workspace.db")),
    bodies: diskBodyStore(join(directory, "bodies")),
    clock: world.clock,
    random: world.random,
    log: quiet,
    sha256: (bytes) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex"),
    pipeline: livePipeline({ ...world, simulatorUrl: null }),
    wake() {},
  });
}

async function benchIngest(workspace: WorkspaceObject): Promise<void> {
  // Processor time tells more than the clock on a machine that others use too.
  print("records", "records/s of this step", "processor µs per record", "events");
  print("---", "---", "---", "---");
  let done = 0;
  let events = 0;
  for (const target of [1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000].filter(
    (step) => step <= RECORDS,
  )) {
    const startedMs = performance.now();
    const usedBefore = process.cpuUsage();
    const from = done;
    while (done < target) {
      const records = Array.from({ length: Math.min(PAGE, target - done) }, (_, n) =>
        githubIssue(done + n + 1),
      );
      const outcome = await applyRecords(
        workspace.tree,
        "github",
        { model: "Issue", records, correlationId: "bench" },
        deps,
      );
      events += outcome.written.length;
      done += records.length;
    }
    const seconds = (performance.now() - startedMs) / 1_000;
    const { user, system } = process.cpuUsage(usedBefore);
    print(target, Math.round((done - from) / seconds), Math.round((user + system) / (done - from)), events);
  }
}

async function benchRefresh(workspace: WorkspaceObject): Promise<void> {
  const wide = (
    records: readonly Record<string, unknown>[],
    change: (record: Record<string, unknown>, n: number) => object,
  ) =>
    Array.from({ length: 10_000 }, (_, n) => ({
      ...records[n % records.length],
      ...change(records[n % records.length] ?? {}, n),
    }));
  const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
  const sets: [string, string, readonly object[]][] = [
    ["linear", "Issue", wide(ISSUES, (_, n) => ({ id: uuid(n), identifier: `AGE-${n}` }))],
    ["jira", "Issue", wide(JIRA_ISSUES, (_, n) => ({ id: String(50_000 + n), key: `KAN-${n}` }))],
    ["confluence", "Page", wide(CONFLUENCE_PAGES, (_, n) => ({ id: String(900_000 + n) }))],
    ["notion", "Page", wide(NOTION_PAGES, (_, n) => ({ id: uuid(n) }))],
    ["slack", "Channel", wide(SLACK_CHANNELS, (_, n) => ({ id: `C${n}`, name: `c-${n}` }))],
  ];
  for (const [provider, model, records] of sets) {
    for (let start = 0; start < records.length; start += PAGE) {
      const page = records.slice(start, start + PAGE);
      await applyRecords(workspace.tree, provider, { model, records: page, correlationId: "bench" }, deps);
    }
  }
  for (const provider of PROVIDERS) await refreshDiscovery(workspace.tree, provider.id, deps);
  const startedMs = performance.now();
  for (const provider of PROVIDERS) await refreshDiscovery(workspace.tree, provider.id, deps);
  print(
    "refresh of six providers, 10,000 records each",
    `${(performance.now() - startedMs).toFixed(0)} ms`,
    `goal 1500 ms, ${modelsOf(PROVIDERS[0] as (typeof PROVIDERS)[0]).length} models`,
  );
}

function benchDigest(workspace: WorkspaceObject, nowMs: number): void {
  const window = digestWindow("today", nowMs, "UTC");
  const pipeline = livePipeline({ ...world, simulatorUrl: null });
  const clause = pipeline.digestClause();
  const timesMs: number[] = [];
  Bun.gc(true);
  const heldBefore = process.memoryUsage().heapUsed;
  let events = 0;
  for (let round = 0; round < 5; round++) {
    const startedMs = performance.now();
    const rows = eventsInWindow(workspace.context.store.sql, {
      fromMs: window.startMs,
      toMs: window.endMs,
      clause: clause.sql,
      params: clause.params,
      limit: DIGEST_ROWS,
    });
    const digest = composeDigest({
      window,
      generatedAtMs: nowMs,
      events: rows.map((row) => ({
        eventId: eventIdOf(row.seq),
        type: row.type,
        path: row.path,
        provider: row.provider,
        timestampMs: row.at,
      })),
      storedProviders: [],
      isInternal: pipeline.isInternal,
      nameOf: pipeline.digestNameOf,
      recordOf: () => null,
    });
    events = digest.events;
    timesMs.push(performance.now() - startedMs);
  }
  const [{ total } = { total: 0 }] = workspace.context.store.sql.all<{ total: number }>(
    "SELECT count(*) AS total FROM events",
  );
  print(
    `digest of a day with ${total} events`,
    `${Math.min(...timesMs).toFixed(1)} ms best, ${Math.max(...timesMs).toFixed(1)} ms worst`,
    `${events} lines, heap ${((process.memoryUsage().heapUsed - heldBefore) / 1_048_576).toFixed(0)} MiB above before`,
  );
}

const directory = mkdtempSync(join(tmpdir(), "relayfile-bench-"));
try {
  const workspace = await open(directory);
  await benchIngest(workspace);
  if (EVENTS > 0) benchDigest(workspace, world.clock.now());
  await benchRefresh(workspace);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
