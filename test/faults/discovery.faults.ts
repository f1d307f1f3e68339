/** Broken schemas, examples, indexes and records, as a faulty emitter or a careless cleanup leaves them. */
import { schemaText } from "../../lib/pipeline/pure/infer.ts";
import type { TreeChange } from "../../lib/ports.ts";
import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";

const JIRA = "/discovery/jira/issues";
const SCHEMA = `${JIRA}/.schema.json`;
const INDEX = "/jira/issues/_index.json";

const write = (path: string, value: unknown): TreeChange => ({
  kind: "write",
  path,
  bytes: new TextEncoder().encode(typeof value === "string" ? value : `${JSON.stringify(value, null, 2)}\n`),
  contentType: "application/json",
});
const remove = (path: string): TreeChange => ({ kind: "delete", path });

type Row = Record<string, unknown>;

const emptySchema = (title: string) => ({
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title,
  type: "object",
  properties: {},
});

/** Changes what reading one file answers. */
const readsAs = (path: string, change: (file: Row) => Row) => (bench: Bench) =>
  void bench.proxy.rules.push({
    when: (url) => url.pathname.endsWith("/fs/file") && url.searchParams.get("path") === path,
    json: change,
  });

const emptied = (file: Row): Row => ({
  ...file,
  content: JSON.stringify(emptySchema("jira issues")),
  encoding: "utf-8",
});

const NEEDS = ["file-api", "token", "workspace-reads"] as const;

/** What reading alone shows. */
export const schemaFaults = faultsOf("discovery", { ownStack: true, needs: NEEDS }, [
  {
    id: "one-schema-deleted",
    refs: ["VD-03", "VD-04"],
    inject: (bench) => bench.emit(remove(SCHEMA)),
    expect: { root: "discovery.advertised-missing", exit: 1, knownIssue: null },
    never: ["discovery.empty-schema", "discovery.row-alias-mismatch"],
  },
  {
    id: "all-discovery-of-a-provider-deleted",
    refs: ["VD-03", "cloud#761"],
    inject: async (bench) => bench.emit(...(await bench.list("/discovery/jira")).map(remove)),
    expect: { root: "discovery.advertised-missing", exit: 1, knownIssue: "cloud#761" },
    never: ["discovery.empty-schema"],
  },
  {
    id: "schema-not-json",
    refs: ["VD-06"],
    inject: (bench) => bench.emit(write(SCHEMA, '{"type": "obj')),
    expect: { root: "discovery.schema-unreadable", exit: 1 },
    never: ["discovery.empty-schema", "discovery.row-alias-mismatch"],
  },
  {
    id: "schema-is-a-list",
    refs: ["VD-06"],
    inject: (bench) => bench.emit(write(SCHEMA, [])),
    expect: { root: "discovery.schema-unreadable", exit: 1 },
  },
  {
    id: "schema-emptied",
    refs: ["VD-07"],
    inject: (bench) => bench.emit(write(SCHEMA, emptySchema("jira issues"))),
    expect: { root: "discovery.not-refreshed", exit: 0, knownIssue: null },
    never: ["discovery.row-alias-mismatch", "discovery.index-missing"],
  },
  {
    id: "schema-empty-and-index-gone",
    refs: ["VD-12"],
    inject: (bench) => bench.emit(write(SCHEMA, emptySchema("jira issues")), remove(INDEX)),
    expect: { root: "discovery.index-missing", exit: 1, knownIssue: null },
    never: ["discovery.row-alias-mismatch", "discovery.no-records", "discovery.not-refreshed"],
  },
  {
    id: "schema-empty-and-index-emptied",
    refs: ["VD-12"],
    inject: (bench) => bench.emit(write(SCHEMA, emptySchema("jira issues")), write(INDEX, [])),
    expect: { root: "discovery.index-missing", exit: 1 },
    never: ["discovery.row-alias-mismatch", "discovery.no-records"],
  },
  {
    id: "schema-empty-and-rows-keyed-otherwise",
    refs: ["VD-12", "cloud#778"],
    inject: async (bench) => {
      const rows = (await bench.read(INDEX)) as Row[];
      const keyed = rows.map(({ canonicalPath: _dropped, ...row }) => ({ ...row, id: `x${row.id}` }));
      await bench.emit(write(SCHEMA, emptySchema("jira issues")), write(INDEX, keyed));
    },
    expect: { root: "discovery.row-alias-mismatch", exit: 1, knownIssue: "cloud#778" },
    never: ["discovery.not-refreshed", "discovery.index-missing"],
  },
  {
    id: "schema-empty-and-records-empty",
    refs: ["VD-12", "VD-23"],
    inject: async (bench) => {
      const paths = (await bench.list("/jira/issues")).filter(
        (path) => path.endsWith(".json") && !path.endsWith("/_index.json"),
      );
      const hollow = (path: string) =>
        write(path, { provider: "jira", objectType: "issue", objectId: "1", payload: {} });
      await bench.emit(write(SCHEMA, emptySchema("jira issues")), ...paths.map(hollow));
    },
    expect: { root: "discovery.records-unwrap-empty", exit: 1, knownIssue: null },
    never: ["discovery.row-alias-mismatch", "discovery.not-refreshed"],
  },
  {
    id: "example-deleted",
    refs: ["VD-04"],
    inject: (bench) => bench.emit(remove(`${JIRA}/.create.example.json`)),
    expect: { root: "discovery.example-missing", exit: 0 },
    never: ["discovery.advertised-missing"],
  },
  {
    id: "orphan-schema",
    refs: ["VD-04"],
    inject: (bench) =>
      bench.emit(
        write(
          "/discovery/jira/epics/.schema.json",
          schemaText({ ...emptySchema("jira epics"), properties: { a: {} } }),
        ),
      ),
    expect: { root: "discovery.orphan-file", exit: 0 },
  },
  {
    id: "example-lacks-required-field",
    refs: ["VD-14", "VW-03"],
    inject: (bench) => bench.emit(write(`${JIRA}/.create.example.json`, { fields: "none" })),
    expect: { root: "writeback.example-invalid", exit: 1 },
    never: ["writeback.validation-failed"],
  },
  {
    id: "canonical-path-without-route",
    refs: ["VD-25", "VW-02", "cloud#780"],
    inject: async (bench) => {
      const rows = (await bench.read(INDEX)) as Row[];
      const [first] = rows as [Row];
      const moved = `/jira/issues/archive/2026/moved__${first.id}.json`;
      const file = await bench.read(String(first.canonicalPath));
      await bench.emit(
        write(moved, JSON.stringify(file, null, 2)),
        remove(String(first.canonicalPath)),
        write(INDEX, [{ ...first, canonicalPath: moved }, ...rows.slice(1)]),
      );
    },
    expect: { root: "writeback.canonical-unroutable", exit: 1 },
  },
]);

/** What only a refresh shows. */
export const refreshedSchemaFaults = faultsOf(
  "discovery",
  { needs: [...NEEDS, "control-plane", "refresh"], ask: { what: "discovery" } },
  [
    {
      id: "merge-drops-fields",
      refs: ["VD-13"],
      inject: readsAs(SCHEMA, (file) => ({ ...emptied(file), lastEditedAt: "2026-05-01T00:00:00.000Z" })),
      expect: { root: "discovery.merge-dropped-fields", exit: 1 },
      never: ["discovery.row-alias-mismatch", "discovery.silent-empty"],
    },
    {
      id: "refresh-writes-an-empty-schema",
      refs: ["VD-12"],
      inject: readsAs(SCHEMA, (file) => ({
        ...emptied(file),
        lastEditedAt: new Date(Date.now() + 5_000).toISOString(),
      })),
      expect: { root: "discovery.silent-empty", exit: 1 },
      never: ["discovery.row-alias-mismatch", "discovery.merge-dropped-fields"],
    },
    {
      id: "refresh-degraded",
      refs: ["VD-10"],
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: (url) => url.pathname.endsWith("/sync/refresh"),
          json: (body: { refreshed: Row[] }) => ({
            ...body,
            refreshed: body.refreshed.map((row) =>
              row.provider === "jira" ? { ...row, discoveryBackfillStatus: "degraded" } : row,
            ),
          }),
        }),
      expect: { root: "discovery.refresh-degraded", exit: 0 },
    },
  ],
);

/** The service of May 2026, by its real mechanism. */
export const eraFaults = faultsOf("discovery", { shape: "may2026", needs: [...NEEDS, "control-plane"] }, [
  {
    id: "may-2026-schema-stays-empty",
    refs: ["VD-12", "symptom:52", "cloud#778"],
    ask: { what: "discovery", provider: "jira" },
    inject() {},
    expect: { root: "discovery.row-alias-mismatch", exit: 1, knownIssue: "cloud#778" },
    never: ["discovery.not-refreshed", "discovery.index-missing", "discovery.no-records"],
  },
  {
    id: "may-2026-schema-empty-without-refresh",
    refs: ["VD-12", "symptom:52", "cloud#778"],
    inject() {},
    expect: {
      root: "discovery.row-alias-mismatch",
      exit: 1,
      knownIssue: "cloud#778",
      also: ["digest.alias-bullets", "digest.internal-paths-listed", "discovery.not-refreshed"],
    },
  },
]);

/** All of them. */
export default [...schemaFaults, ...refreshedSchemaFaults, ...eraFaults];
