/** Trees, indexes, copies and documents that disagree, as emitters leave them that fail half-way or write from memory. */
import type { TreeChange } from "../../lib/ports.ts";
import { type Ask, faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";

const INDEX = "/jira/issues/_index.json";
const SCHEMA = "/discovery/jira/issues/.schema.json";

type Row = Record<string, unknown>;

const write = (path: string, value: unknown): TreeChange => ({
  kind: "write",
  path,
  bytes: new TextEncoder().encode(typeof value === "string" ? value : JSON.stringify(value)),
  contentType: path.endsWith(".md") ? "text/markdown" : "application/json",
});
const remove = (path: string): TreeChange => ({ kind: "delete", path });

const rowsOf = async (bench: Bench) => (await bench.read(INDEX)) as [Row, Row, ...Row[]];
/** Lets the feed say that all of this was a minute ago: what changes as it is looked at is held against nobody. */
const longAgo = (bench: Bench) =>
  void bench.proxy.rules.push({
    when: (url) => url.pathname.endsWith("/fs/events"),
    json: (page: { events: { timestamp: string }[] }) => ({
      ...page,
      events: page.events.map((event) => ({
        ...event,
        timestamp: new Date(Date.parse(event.timestamp) - 60_000).toISOString(),
      })),
    }),
  });

const rowsAs = (change: (rows: [Row, Row, ...Row[]]) => unknown) => async (bench: Bench) => {
  await bench.emit(write(INDEX, change(await rowsOf(bench))));
  longAgo(bench);
};

/** The first file of Jira below a view, and the same name in another bucket of it. */
async function firstAlias(bench: Bench, view: string): Promise<string> {
  const [path] = await bench.list(`/jira/issues/${view}/`);
  if (path === undefined) throw new Error(`no files below ${view}`);
  return path;
}

/** Without a refresh: what is damaged must not be repaired by the question. */
const READ: Ask = { what: "discovery", refresh: false };

export default faultsOf("discovery", { ownStack: true, needs: ["file-api", "token", "workspace-reads"] }, [
  {
    id: "record-removed-without-its-row",
    refs: ["VD-18"],
    ask: READ,
    inject: async (bench) => {
      await bench.emit(remove(String((await rowsOf(bench))[0].canonicalPath)));
      longAgo(bench);
    },
    expect: { root: "discovery.index-ghost-row", exit: 1 },
    never: ["discovery.index-missing-row", "discovery.row-alias-mismatch"],
  },
  {
    id: "row-lost-by-a-concurrent-writer",
    refs: ["VD-18"],
    ask: READ,
    inject: rowsAs(([, ...rest]) => rest),
    expect: { root: "discovery.index-missing-row", exit: 1 },
    never: ["discovery.index-ghost-row"],
  },
  {
    id: "index-is-an-object",
    refs: ["VD-17"],
    ask: READ,
    inject: rowsAs((rows) => ({ rows })),
    expect: { root: "discovery.index-malformed", exit: 0 },
    never: ["discovery.index-missing-row", "discovery.index-missing"],
  },
  {
    id: "index-lists-a-record-twice",
    refs: ["VD-17"],
    ask: READ,
    inject: rowsAs((rows) => [rows[0], ...rows]),
    expect: { root: "discovery.index-malformed", exit: 0 },
  },
  {
    id: "rows-carry-other-ids-than-their-files",
    refs: ["VD-21"],
    ask: READ,
    inject: rowsAs((rows) => rows.map((row) => ({ ...row, id: `9${row.id}` }))),
    expect: { root: "discovery.name-malformed", exit: 0 },
    never: ["discovery.row-alias-mismatch"],
  },
  {
    id: "copy-left-behind-by-a-failed-fan-out",
    refs: ["VD-19"],
    inject: async (bench) =>
      bench.emit(write(await firstAlias(bench, "by-id"), { provider: "jira", payload: {} })),
    expect: { root: "discovery.alias-differs", exit: 0 },
    never: ["discovery.alias-stale"],
  },
  {
    id: "record-in-two-states-at-once",
    refs: ["VD-20"],
    inject: async (bench) => {
      const path = await firstAlias(bench, "by-state");
      const twin = path.replace(/by-state\/[^/]+\//, "by-state/somewhere-else/");
      await bench.emit(write(twin, JSON.stringify(await bench.read(path), null, 2)));
    },
    expect: { root: "discovery.alias-stale", exit: 0 },
    never: ["discovery.alias-differs"],
  },
  {
    id: "records-written-without-envelope",
    refs: ["VD-23"],
    inject: async (bench) => {
      const files = (await bench.list("/jira/issues")).filter(
        (path) => path.endsWith(".json") && path !== INDEX,
      );
      await bench.emit(...files.map((path) => write(path, { summary: "written by another tool" })));
    },
    expect: { root: "discovery.record-unwrapped", exit: 0 },
    never: ["discovery.records-unwrap-empty", "discovery.record-unreadable"],
  },
  {
    id: "layout-is-a-fallback",
    refs: ["VD-02"],
    inject: (bench) => bench.emit(write("/jira/LAYOUT.md", "# jira\n\nFiles of jira.\n")),
    expect: { root: "discovery.layout-generic", exit: 0 },
    never: ["discovery.advertised-missing"],
  },
  {
    id: "layout-cannot-be-read",
    refs: ["VD-02"],
    ownStack: false,
    ask: { what: "discovery" },
    inject: (bench) => {
      bench.proxy.rules.push(
        {
          when: (url) => url.searchParams.get("path") === "/jira/LAYOUT.md",
          answer: () => Response.json({ code: "internal_error", message: "body lost" }, { status: 500 }),
        },
        {
          when: (url) => url.searchParams.get("path") === "/linear/LAYOUT.md",
          answer: () => Response.json({ code: "not_found", message: "no such file" }, { status: 404 }),
        },
      );
    },
    expect: { root: "discovery.layout-generic", exit: 0 },
  },
  {
    id: "adapter-document-is-a-stub",
    refs: ["VD-05"],
    inject: (bench) => bench.emit(write("/discovery/jira/.adapter.md", "# Jira\n")),
    expect: { root: "discovery.adapter-doc-thin", exit: 0 },
  },
  {
    id: "schema-demands-what-it-forbids",
    refs: ["VD-16"],
    inject: async (bench) => {
      const schema = (await bench.read(SCHEMA)) as Row & { required?: string[] };
      const torn = { ...schema, required: [...(schema.required ?? []), "id"] };
      await bench.emit(write(SCHEMA, `${JSON.stringify(torn, null, 2)}\n`));
    },
    expect: { root: "discovery.required-readonly", exit: 1 },
    never: ["discovery.empty-schema"],
  },
  {
    id: "schema-written-again-as-it-was",
    refs: ["VD-11"],
    inject: async (bench) => {
      const text = `${JSON.stringify(await bench.read(SCHEMA), null, 2)}\n`;
      for (let times = 0; times < 3; times++) await bench.emit(write(SCHEMA, text));
    },
    expect: { root: "discovery.refresh-churns", exit: 0 },
    never: ["discovery.schema-shrank"],
  },
  {
    id: "refresh-left-a-schema-poorer",
    refs: ["VD-26"],
    ownStack: false,
    ask: { what: "discovery" },
    inject: (bench) =>
      void bench.proxy.rules.push({
        when: (url) => url.pathname.endsWith("/fs/bulk-read"),
        json: (page: { results?: Row[]; files?: Row[] }) => {
          const richer = (file: Row) => {
            if (file.path !== SCHEMA || typeof file.content !== "string") return file;
            const schema = JSON.parse(file.content) as Row;
            const properties = { ...(schema.properties as Row), extra: { type: "string" } };
            return {
              ...file,
              revision: "rev_0",
              lastEditedAt: "2026-01-01T00:00:00.000Z",
              contentHash: "0".repeat(64),
              content: JSON.stringify({ ...schema, properties }),
            };
          };
          return { ...page, results: page.results?.map(richer), files: page.files?.map(richer) };
        },
      }),
    expect: { root: "discovery.schema-shrank", exit: 1 },
    never: ["discovery.empty-schema"],
  },
  {
    id: "slack-users-cannot-be-looked-up",
    refs: ["VD-24"],
    shape: "six",
    inject: (bench) => bench.emit(write("/discovery/slack/users/_index.json", [])),
    expect: { root: "discovery.slack-index-missing", exit: 0 },
  },
]);
