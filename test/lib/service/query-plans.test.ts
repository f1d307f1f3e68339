/**
 * No page scans a workspace: every statement that a reading route runs is put before SQLite's planner, for callers who
 * see everything, who are confined to a folder, and who are judged by permission rules.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Database, SqlDriver } from "../../../lib/ports.ts";
import { diskBodyStore } from "../../../lib/runtime/bun/body-store.ts";
import { bunClock } from "../../../lib/runtime/bun/clock.ts";
import { SILENT_LOG } from "../../../lib/runtime/bun/ports.ts";
import { bunRandom } from "../../../lib/runtime/bun/random.ts";
import { openDatabase } from "../../../lib/runtime/bun/sqlite.ts";
import type { TokenVerifier, VerifiedToken } from "../../../lib/service/auth/token.ts";
import { createFileApi, FILE_API_ROUTES, type Service } from "../../../lib/service/file-api/mod.ts";
import { Metrics } from "../../../lib/service/metrics.ts";
import { RateLimiter } from "../../../lib/service/rate-limit.ts";
import { migrate } from "../../../lib/service/store/schema.ts";
import { webSha256 } from "../../../lib/service/workspace/context.ts";
import { WorkspaceObject } from "../../../lib/service/workspace-object.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { noProviders } from "../../support/workspace.ts";

const ID = "rw_plans000";

/** Queries of each reading route: a first page, a later one, and every filter that reaches SQL. */
const READS: Readonly<Record<string, readonly string[]>> = {
  "fs/file": ["?path=/docs/f1.md"],
  "fs/tree": ["?path=/docs", "?path=/&depth=1&cursor=/docs", "?path=/docs&excludeMountRuntime=true"],
  "fs/query": ["?path=/docs", "?provider=linear", "?path=/docs&cursor=/docs/f1.md&property.a=b"],
  "fs/export": ["?path=/docs", "?path=/docs&format=frames"],
  "fs/events": ["", "?cursor=evt_3&limit=2", "?direction=desc&limit=1", "?provider=linear", "?provider=docs"],
  ops: [
    "",
    "?limit=2&cursor=op_5",
    "?status=succeeded",
    "?status=dead_lettered",
    "?action=file_upsert",
    "?provider=linear",
    "?provider=linear&status=pending",
  ],
  "ops/:opId": [""],
  "writeback/pending": ["", "?cursor=op_2"],
  "sync/status": ["", "?provider=linear"],
  "sync/ingress": ["", "?provider=linear"],
  "sync/dead-letter": ["", "?provider=linear", "?limit=1"],
  "sync/dead-letter/:envelopeId": [""],
};

/** Statements whose plan says SCAN although they read a few rows, with the reason. */
const BOUNDED: Readonly<Record<string, string>> = {
  "SELECT 1 FROM files WHERE permissions IS NOT NULL LIMIT 1": "the first entry of an index of rules",
  "SELECT seq FROM events ORDER BY seq LIMIT 1": "the first row",
  "SELECT provider, backend, connected_at, connection_id, settings FROM integrations ORDER BY provider":
    "a row per connected provider",
  "SELECT provider, name, total FROM ingress": "a few counters per provider",
};

let dir: ReturnType<typeof tempDir>;
/** Its tables are those of the workspace, empty: plans do not depend on rows. */
let planner: Database;
let service: Service;
let workspace: WorkspaceObject;
const seen = new Set<string>();
let caller: VerifiedToken;

beforeAll(async () => {
  dir = tempDir("relayfile-plans-");
  const db = openDatabase(dir.join("w.db"));
  planner = openDatabase(dir.join("plans.db"));
  await migrate(planner);
  const spied: SqlDriver = {
    all: (sql, params) => {
      seen.add(sql);
      return db.sql.all(sql, params);
    },
    run: (sql, params) => db.sql.run(sql, params),
  };
  workspace = await WorkspaceObject.open(ID, {
    db: { sql: spied, commit: (work) => db.commit(work), close: () => db.close() },
    bodies: diskBodyStore(dir.join("bodies")),
    clock: bunClock(),
    random: bunRandom(),
    log: SILENT_LOG,
    sha256: webSha256,
    pipeline: noProviders({
      catalog: [{ id: "linear", displayName: "Linear", vfsRoot: "/linear" }],
      providerOf: (path) => (path.startsWith("/linear/") ? "linear" : ""),
    }),
    wake: () => {},
  });
  service = createFileApi({
    clock: bunClock(),
    log: SILENT_LOG,
    version: "0",
    verifier: { verify: async () => caller } as unknown as TokenVerifier,
    workspace: async () => workspace,
    managed: async () => workspace,
    workspaceIds: () => [ID],
    metrics: new Metrics(),
    limiter: new RateLimiter({ max: 0, windowMs: 1 }, () => 0),
    upgrade: null,
  });
  await workspace.link("linear", "simulator", "c");
  for (let n = 0; n < 8; n++) await put(`/docs/f${n}.md`);
  await put("/linear/issues/a.json");
  await put("/ruled/.relayfile.acl", '{"semantics":{"permissions":["allow:agent:other"]}}');
  await put("/ruled/hidden.md");
});
afterAll(async () => {
  await workspace.close();
  await planner.close();
  dir.remove();
});

const put = (path: string, content = "x") =>
  workspace.putFile({
    path,
    bytes: new TextEncoder().encode(content),
    contentType: "t",
    ifMatch: "*",
    identity: null,
    correlationId: "c",
  });

const CALLERS: Readonly<Record<string, readonly string[]>> = {
  "who sees everything but what rules hide": ["fs:read", "ops:read", "sync:read"],
  "who is confined to a folder": ["relayfile:fs:read:/docs/**", "ops:read", "sync:read"],
};

/** Lines of the plan that go through a whole table or index, or sort what they found. */
function scansOf(sql: string): string[] {
  const holes = (sql.match(/\?/g) ?? []).length;
  return planner.sql
    .all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, Array(holes).fill(1))
    .map(({ detail }) => detail)
    .filter((detail) => /^SCAN (?!CONSTANT)|TEMP B-TREE/.test(detail));
}

describe("reading routes (S13)", () => {
  test("a statement that scans is found out", () => {
    expect(scansOf("SELECT path FROM files WHERE content_type = ?")).toEqual(["SCAN files"]);
    expect(scansOf("SELECT path FROM files WHERE path > ? ORDER BY updated_at LIMIT ?").length).toBe(1);
    expect(scansOf("SELECT path FROM files WHERE path > ? ORDER BY path LIMIT ?")).toEqual([]);
  });

  test("every reading route has its queries here", () => {
    const reading = FILE_API_ROUTES.filter(({ method }) => method === "GET").map(({ pattern }) => pattern);
    expect(Object.keys(READS).sort()).toEqual([...new Set(reading)].sort());
  });

  for (const [who, scopes] of Object.entries(CALLERS)) {
    for (const [pattern, queries] of Object.entries(READS)) {
      test(`GET ${pattern} scans nothing for a caller ${who}`, async () => {
        caller = {
          workspaceId: ID,
          agent: "a",
          scopes,
          expiresAtMs: Number.MAX_SAFE_INTEGER,
        } as VerifiedToken;
        seen.clear();
        for (const query of queries) {
          const path = pattern.replace(":opId", "op_1").replace(":envelopeId", "env_1");
          const url = `http://127.0.0.1/v1/workspaces/${ID}/${path}${query}`;
          const headers = { Authorization: "Bearer t", "X-Correlation-Id": "c" };
          const answer = await service.fetch(new Request(url, { headers }));
          await answer.bytes();
          expect([query, answer.status < 500]).toEqual([query, true]);
        }
        const statements = [...seen].filter((sql) => !Object.hasOwn(BOUNDED, sql));
        expect(statements.flatMap((sql) => scansOf(sql).map((plan) => ({ plan, sql })))).toEqual([]);
      });
    }
  }
});
