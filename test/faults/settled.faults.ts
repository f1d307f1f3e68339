/** Writes that a deployment calls a success and leaves in a state that is none. */
import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";

type Item = Record<string, unknown>;

const DRAFT = "/jira/issues/fault lab.json";
const ISSUE = {
  fields: { project: { key: "KAN" }, issuetype: { name: "Task" }, summary: "From the fault lab" },
};
const ago = (ms: number) => new Date(Date.now() - ms).toISOString();

/** Adds an op that this deployment never made to the list of one state. */
const withOp = (op: Item) => (bench: Bench) =>
  void bench.proxy.rules.push({
    when: (url) => url.pathname.endsWith("/ops") && url.searchParams.get("status") === op.status,
    json: (page: { items: Item[] }) => ({
      ...page,
      items: [
        {
          opId: "op_lab",
          path: DRAFT,
          provider: "jira",
          action: "file_upsert",
          attemptCount: 1,
          createdAt: ago(600_000),
          completedAt: ago(600_000),
          ...op,
        },
        ...page.items,
      ],
    }),
  });

/** Lets every op have ended ten minutes ago. */
const opsAged = (bench: Bench) =>
  void bench.proxy.rules.push({
    when: (url) => url.pathname.endsWith("/ops"),
    json: (page: { items: Item[] }) => ({
      ...page,
      items: page.items.map((item) => ({
        ...item,
        createdAt: ago(601_000),
        updatedAt: ago(600_000),
        completedAt: ago(600_000),
      })),
    }),
  });

/** Lets a bulk read answer something else for one path. */
const readsAs = (bench: Bench, path: string, change: (file: Item) => Item) => {
  const changed = (files?: Item[]) => files?.map((file) => (file.path === path ? change(file) : file));
  bench.proxy.rules.push({
    when: (url) => url.pathname.endsWith("/fs/bulk-read"),
    json: (page: { results?: Item[]; files?: Item[] }) => ({
      ...page,
      results: changed(page.results),
      files: changed(page.files),
    }),
  });
};

/** Events as they would be ten minutes after the write. */
const eventsAged = (bench: Bench) =>
  void bench.proxy.rules.push({
    when: (url) => url.pathname.endsWith("/fs/events"),
    json: (page: { events: Item[] }) => ({
      ...page,
      events: page.events.map((event) => ({ ...event, timestamp: ago(600_000) })),
    }),
  });

const CONFIRMED = { externalId: "10001", canonicalPath: "/jira/issues/made__10001.json" };
const NEEDS = ["file-api", "token", "workspace-reads", "ops"] as const;

export default faultsOf("writeback", { ownStack: true, needs: NEEDS, ask: { what: "writeback" } }, [
  {
    id: "draft-left-as-it-was-written",
    refs: ["VW-18", "relayfile#242"],
    inject: async (bench) => {
      await bench.agentWrite(DRAFT, ISSUE);
      opsAged(bench);
      eventsAged(bench);
      readsAs(bench, DRAFT, (file) => ({ ...file, content: JSON.stringify(ISSUE), encoding: "utf-8" }));
    },
    expect: { root: "writeback.draft-residue", exit: 1, knownIssue: "relayfile#242" },
    never: ["writeback.receipt-astray", "writeback.accepted-unreadable"],
  },
  {
    id: "receipt-made-from-another-name",
    refs: ["VW-19"],
    inject: async (bench) => {
      await bench.agentWrite(DRAFT, ISSUE);
      opsAged(bench);
      readsAs(bench, DRAFT, (file) => {
        const receipt = JSON.parse(String(file.content)) as Item;
        const content = JSON.stringify({ ...receipt, path: "/jira/issues/11000.json" });
        return { ...file, content, encoding: "utf-8" };
      });
    },
    expect: { root: "writeback.receipt-astray", exit: 0, knownIssue: null },
    never: ["writeback.draft-residue"],
  },
  {
    id: "write-accepted-and-not-there",
    refs: ["relayfile#306"],
    ownStack: false,
    inject: withOp({
      status: "succeeded",
      path: "/jira/issues/lost one.json",
      providerResult: { status: 202, id: "7" },
    }),
    expect: { root: "writeback.accepted-unreadable", exit: 1, knownIssue: "relayfile#306" },
    never: ["writeback.draft-residue"],
  },
  {
    id: "own-write-comes-back-as-a-change",
    refs: ["VW-15"],
    inject: async (bench) => {
      await bench.agentWrite(DRAFT, ISSUE);
      const [path] = (await bench.list("/jira/issues/")).filter((one) =>
        /issues\/[^/]*fault-lab__\d+\.json$/.test(one),
      );
      if (path === undefined) throw new Error("the record did not arrive");
      const file = await (await bench.stack.workspace()).tree.read(path);
      if (file === null) throw new Error("the record cannot be read");
      await bench.emit({ kind: "write", path, bytes: file.bytes, contentType: file.contentType });
    },
    expect: { root: "writeback.echo-duplicated", exit: 0 },
  },
  {
    id: "comment-below-the-key-of-an-issue",
    refs: ["VW-25"],
    inject: (bench) =>
      bench.agentWrite("/linear/issues/AGE-16/comments/hey.json", { body: "hello" }).then(() => {}),
    expect: { root: "writeback.parent-named-by-key", exit: 0, knownIssue: null },
    never: ["writeback.no-route", "writeback.validation-failed"],
  },
  {
    id: "key-of-an-issue-made-a-new-one",
    refs: ["VW-25"],
    ownStack: false,
    inject: async (bench) => {
      const made = (await bench.list("/linear/issues/")).find((path) =>
        /issues\/AGE-2\d?__[^/]+\.json$/.test(path),
      );
      withOp({
        status: "succeeded",
        provider: "linear",
        path: "/linear/issues/AGE-16.json",
        providerResult: { externalId: "u", canonicalPath: made },
      })(bench);
    },
    expect: { root: "writeback.key-created", exit: 0 },
    never: ["writeback.reserved-name-sent"],
  },
  {
    id: "draft-taken-for-a-record",
    refs: ["VW-01"],
    ownStack: false,
    inject: withOp({
      status: "dead_lettered",
      path: "/jira/issues/wb-1715608327.json",
      lastStatus: 404,
      lastError: "the provider answered 404: issue does not exist",
    }),
    expect: { root: "writeback.draft-misrouted", exit: 1, knownIssue: null },
    never: ["writeback.no-route"],
  },
  {
    id: "index-sent-to-the-provider",
    refs: ["VW-23"],
    ownStack: false,
    inject: withOp({
      status: "dead_lettered",
      path: "/jira/issues/_index.json",
      lastStatus: 400,
      lastError: "400 bad",
    }),
    expect: { root: "writeback.reserved-name-sent", exit: 1 },
    never: ["writeback.not-writable-path"],
  },
  {
    id: "removed-draft-deleted-at-the-provider",
    refs: ["VW-22"],
    ownStack: false,
    inject: withOp({ status: "succeeded", action: "file_delete", providerResult: { status: 204 } }),
    expect: { root: "writeback.draft-delete-sent", exit: 1 },
    never: ["writeback.success-unconfirmed"],
  },
  {
    id: "message-sent-without-a-timestamp",
    refs: ["VW-26"],
    shape: "six",
    inject: withOp({
      status: "succeeded",
      provider: "slack",
      path: "/slack/channels/C0000000001__general/messages/hello there.json",
      providerResult: { ok: true, ts: "", canonicalPath: "" },
    }),
    expect: { root: "writeback.success-unconfirmed", exit: 1 },
    never: ["writeback.success-contradicted"],
  },
  {
    id: "success-that-says-no",
    refs: ["VW-27"],
    inject: async (bench) => {
      await bench.agentWrite(DRAFT, ISSUE);
      bench.proxy.rules.push({
        when: (url) => url.pathname.endsWith("/ops") && url.searchParams.get("status") === "succeeded",
        json: (page: { items: Item[] }) => ({
          ...page,
          items: page.items.map((item) => ({
            ...item,
            providerResult: { ...CONFIRMED, ...(item.providerResult as Item), success: false },
          })),
        }),
      });
    },
    expect: { root: "writeback.success-contradicted", exit: 1 },
    never: ["writeback.success-unconfirmed"],
  },
]);
