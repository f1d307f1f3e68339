import { describe, expect, test } from "bun:test";
import { aliasesAnnounced, aliasesCurrent } from "../../../verify/discovery/aliases.ts";
import { indexesWellFormed, indexMatchesTree, slackIndexesThere } from "../../../verify/discovery/indexes.ts";
import recordsWellFormed from "../../../verify/discovery/records.ts";
import { oneGeneration, treeMaterialized } from "../../../verify/discovery/tree.ts";
import { canonicalFinder } from "../../../verify/trees.ts";
import { discovery, ops, probe, resource } from "../../support/facts.ts";
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";
import {
  before,
  event,
  feed,
  ISSUES,
  indexOf,
  issueTree,
  records,
  row,
  sample,
  tree,
} from "../../support/tree-facts.ts";

const INDEX = "/jira/issues/_index.json";
const REFUSED = probe({ status: 503 });

describe("checks of trees", () => {
  const all = [
    treeMaterialized,
    indexesWellFormed,
    indexMatchesTree,
    recordsWellFormed,
    aliasesCurrent,
    aliasesAnnounced,
    oneGeneration,
  ];

  test("find nothing in a healthy tree, and judge something", () => {
    const facts = { records: records(issueTree()), discovery: discovery([]) };
    for (const check of all) {
      expect(`${check.id} ${codesOf(check, facts)}`).toBe(`${check.id} `);
      expect(runCheck(check, facts)).toMatchObject({ kind: "judged" });
      expect((runCheck(check, facts) as { exercised: number }).exercised).toBeGreaterThan(0);
    }
  });

  test("cannot tell when the tree or its indexes could not be read", () => {
    const dark = tree([], { listing: REFUSED, truncated: true, reading: null, layoutAliases: null });
    const halfDark = issueTree({ reading: REFUSED, indexes: [], samples: [], layoutAliases: null });
    for (const check of all) {
      for (const entry of [dark, halfDark]) {
        const facts = { records: records(entry), discovery: discovery([]) };
        expect(`${check.id} ${runCheck(check, facts).kind}`).toBe(`${check.id} unknown`);
      }
    }
  });
});

describe("checks of trees that are larger than one listing", () => {
  test("compare nothing and say why", () => {
    const cut = { records: records(issueTree({ truncated: true })) };
    for (const check of [indexMatchesTree, aliasesCurrent, aliasesAnnounced])
      expect(runCheck(check, cut)).toEqual({
        kind: "skip",
        reason: "jira has more files than one listing holds",
      });
  });
});

describe("VD-01 discovery.tree-materialized", () => {
  const bare = { files: [{ path: "/jira/LAYOUT.md", hash: "h" }], samples: [] };
  const integrations = (state: string) => ({
    list: probe(),
    rows: [],
    statuses: [
      {
        provider: "jira",
        probe: probe(),
        status: { ready: true, initialSync: { state, syncName: "s", model: "m" } },
      },
    ],
  });

  test("sees rows without records", () => {
    const found = findingsOf(treeMaterialized, { records: records(issueTree(bare)) });
    expect(found.map(({ code, severity }) => [code, severity])).toEqual([["discovery.tree-empty", "error"]]);
  });

  test("waits with a warning while the first sync runs, and calls an empty provider what it is", () => {
    const empty = records(issueTree({ ...bare, indexes: [] }));
    const running = findingsOf(treeMaterialized, { records: empty, integrations: integrations("queued") });
    expect(running.map(({ code, severity }) => [code, severity])).toEqual([["discovery.tree-empty", "warn"]]);
    expect(codesOf(treeMaterialized, { records: empty, integrations: integrations("complete") })).toEqual([
      "discovery.no-backfill",
    ]);
  });

  test("counts rows of records, not of the provider's own index", () => {
    const own = [indexOf("/jira/_index.json", [row("issues", null)])];
    const facts = {
      records: records(issueTree({ ...bare, indexes: own })),
      integrations: integrations("complete"),
    };
    expect(codesOf(treeMaterialized, facts)).toEqual(["discovery.no-backfill"]);
  });

  test("says nothing of a provider whose state is unknown or that is not connected", () => {
    expect(codesOf(treeMaterialized, { records: records(issueTree({ ...bare, indexes: [] })) })).toEqual([]);
    const apart = { records: records(issueTree({ ...bare, connected: false })) };
    expect(codesOf(treeMaterialized, apart)).toEqual([]);
  });
});

describe("VD-17 discovery.indexes-well-formed", () => {
  const flaw = (index: ReturnType<typeof indexOf>) =>
    findingsOf(indexesWellFormed, { records: records(issueTree({ indexes: [index] })) })[0]?.facts?.flaw;

  test("names what is wrong with an index", () => {
    expect(flaw(indexOf(INDEX, null))).toBe("not JSON");
    expect(flaw(indexOf(INDEX, [row("1", null, { complete: false })]))).toContain(
      "without id, title or updated",
    );
    expect(flaw(indexOf(INDEX, [row("1", null), row("1", null)]))).toBe("lists 1 twice");
    const late = row("2", null, { updated: "2026-05-20T11:00:00.000Z" });
    expect(flaw(indexOf(INDEX, [row("1", null), late]))).toBe("is out of order at row 2");
    expect(flaw(indexOf(INDEX, [late, row("1", null), row("3", null, { updated: "" })]))).toBeUndefined();
  });

  test("leaves the provider's own index and lookup indexes alone", () => {
    for (const path of ["/jira/_index.json", "/discovery/jira/labels/_index.json"])
      expect(flaw(indexOf(path, null))).toBeUndefined();
  });
});

describe("VD-18 and VD-21 discovery.index-matches-tree", () => {
  const judge = (rows: Parameters<typeof indexOf>[1], over = {}, events = feed([])) =>
    codesOf(indexMatchesTree, {
      records: records(issueTree({ indexes: [indexOf(INDEX, rows, over)] })),
      events,
    });

  test("sees a row without its file", () => {
    const ghost = row("10003", "/jira/issues/three__10003.json");
    expect(judge([row("10001", ISSUES[0]), row("10002", ISSUES[1]), ghost])).toEqual([
      "discovery.index-ghost-row",
    ]);
  });

  test("sees a record without its row", () => {
    expect(judge([row("10001", ISSUES[0])])).toEqual(["discovery.index-missing-row"]);
  });

  test("sees a name that carries another id, and reads ids in every spelling of names", () => {
    expect(judge([row("10009", ISSUES[0]), row("10002", ISSUES[1])])).toEqual(["discovery.name-malformed"]);
    expect(judge([row("one", ISSUES[0]), row("10002", ISSUES[1])])).toEqual([]);
    // A part of a name is not the name.
    expect(judge([row("1", ISSUES[0]), row("10002", ISSUES[1])])).toEqual(["discovery.name-malformed"]);
  });

  test("holds nothing against what changed while it was read", () => {
    const rows = [row("10001", ISSUES[0]), row("10003", "/jira/issues/three__10003.json")];
    expect(judge(rows, { moved: true })).toEqual([]);
    expect(judge(rows, {}, feed([event(INDEX, { at: before(2) })]))).toEqual([]);
    // What is recent is told by the server's clock, not by that of a machine five minutes ahead.
    const early = feed([event(INDEX, { at: before(302) })]);
    const facts = { records: records(issueTree({ indexes: [indexOf(INDEX, rows)] })), events: early };
    expect(codesOf(indexMatchesTree, { ...facts, clock: { samples: [], skewMs: -300_000 } })).toEqual([]);
    expect(codesOf(indexMatchesTree, facts)).not.toEqual([]);
  });

  test("reads composite ids, ids without dashes, timestamps and directory records", () => {
    const named = (path: string, id: string) =>
      codesOf(indexMatchesTree, {
        records: records(tree([path], { indexes: [indexOf("/jira/things/_index.json", [row(id, path)])] })),
      });
    for (const [path, id] of [
      ["/jira/things/owner/name/meta.json", "owner/name"],
      ["/jira/things/owner__name.json", "owner/name"],
      ["/jira/things/plan__0123456789ab.json", "01234567-89ab"],
      ["/jira/things/1775000000_000019/meta.json", "1775000000.000019"],
      ["/jira/things/42__fix-it/meta.json", "42"],
      ["/jira/things/a%20b.json", "a b"],
    ] as const)
      expect(`${path} ${named(path, id)}`).toBe(`${path} `);
    expect(named("/jira/things/42__fix-it/meta.json", "7")).toEqual(["discovery.name-malformed"]);
    expect(named("/jira/things/owner/name/meta.json", "owner/other")).toEqual(["discovery.name-malformed"]);
  });

  test("finds a directory record of a row without a canonical path", () => {
    const path = "/jira/things/42__fix-it/meta.json";
    const found = (rows: Parameters<typeof indexOf>[1]) =>
      codesOf(indexMatchesTree, {
        records: records(tree([path], { indexes: [indexOf("/jira/things/_index.json", rows)] })),
      });
    expect(found([row("42", null)])).toEqual([]);
  });

  test("finds files whose names spell the id another way", () => {
    for (const [id, path] of [
      ["000000c3-51de-4a7c-8f10-000000000001", "/notion/pages/000000c351de4a7c8f10000000000001/meta.json"],
      ["000000c3-51de-4a7c-8f10-000000000001", "/notion/pages/plan__000000c351de4a7c8f10000000000001.json"],
      ["1775000000.000019", "/notion/pages/1775000000_000019/meta.json"],
      ["42", "/notion/pages/42__fix-it/metadata.json"],
    ] as const) {
      const paths = new Set([
        path,
        "/notion/pages/by-id/x__42.json",
        "/notion/pages/42__fix-it/deep/meta.json",
      ]);
      expect(canonicalFinder("/notion/pages", paths)(row(id, null))).toBe(path);
    }
    expect(
      canonicalFinder("/notion/pages", new Set(["/notion/pages/x__77.json"]))(row("7", null)),
    ).toBeNull();
  });

  test("says nothing of a listing that was cut short", () => {
    const cut = issueTree({
      truncated: true,
      indexes: [indexOf(INDEX, [row("10003", "/jira/issues/x__10003.json")])],
    });
    expect(codesOf(indexMatchesTree, { records: records(cut) })).toEqual([]);
  });

  test("finds the file of a row without a canonical path by its id", () => {
    expect(judge([row("10001", null), row("10002", null)])).toEqual([]);
  });
});

describe("VD-24 discovery.slack-indexes-there", () => {
  const slack = (
    indexes: ReturnType<typeof indexOf>[],
    files = ["/slack/channels/C1__x/meta.json", "/slack/users/U1__y/meta.json"],
  ) => records(tree(files, { provider: "slack", indexes }));
  const lookup = (name: string, rows: Parameters<typeof indexOf>[1]) =>
    indexOf(`/discovery/slack/${name}/_index.json`, rows);

  test("sees a lookup index that is missing, broken or empty beside records", () => {
    const missing = indexOf("/discovery/slack/users/_index.json", null, { problem: "not_found" });
    for (const users of [[missing], [lookup("users", [])], [lookup("users", null)]]) {
      const facts = { records: slack([lookup("channels", [row("C1", null)]), ...users]) };
      expect(codesOf(slackIndexesThere, facts)).toEqual(["discovery.slack-index-missing"]);
    }
  });

  test("is content with both, and with none where there is nobody to look up", () => {
    const both = [lookup("channels", [row("C1", null)]), lookup("users", [row("U1", null)])];
    expect(codesOf(slackIndexesThere, { records: slack(both) })).toEqual([]);
    expect(codesOf(slackIndexesThere, { records: slack([], ["/slack/LAYOUT.md"]) })).toEqual([]);
    expect(runCheck(slackIndexesThere, { records: records(issueTree()) }).kind).toBe("skip");
  });

  test("cannot tell when the indexes could not be read", () => {
    const dark = tree(["/slack/users/U1__y/meta.json"], { provider: "slack", reading: REFUSED });
    expect(runCheck(slackIndexesThere, { records: records(dark) }).kind).toBe("unknown");
  });
});

describe("VD-15, VD-23 and VW-04 discovery.records-well-formed", () => {
  const judge = (one: ReturnType<typeof sample>, schema?: ReturnType<typeof discovery>) =>
    codesOf(recordsWellFormed, { records: records(issueTree({ samples: [one] })), discovery: schema });

  test("sees a record without its envelope and one that cannot be read", () => {
    expect(judge(sample(ISSUES[0], { envelope: ["id", "title"] }))).toEqual(["discovery.record-unwrapped"]);
    expect(judge(sample(ISSUES[0], { problem: "not JSON" }))).toEqual(["discovery.record-unreadable"]);
  });

  test("judges records that are read-only and records of providers unknown here", () => {
    const bare = { envelope: ["id"] };
    expect(judge(sample("/slack/users/U0000000001__ada/meta.json", bare))).toEqual([
      "discovery.record-unwrapped",
    ]);
    expect(judge(sample("/hubspot/contacts/7.json", bare))).toEqual(["discovery.record-unwrapped"]);
    expect(judge(sample("/jira/odd/place/x.json", bare))).toEqual([]);
  });

  test("takes an edit that its provider has not confirmed for what it is", () => {
    const raw = sample(ISSUES[0], { envelope: ["fields"] });
    const facts = { records: records(issueTree({ samples: [raw] })) };
    const codes = (over: object) => codesOf(recordsWellFormed, { ...facts, ...over });
    expect(codes({ ops: ops([{ path: ISSUES[0], status: "failed" }]) })).toEqual([]);
    expect(codes({ ops: ops([{ path: ISSUES[0] }]) })).toEqual(["discovery.record-unwrapped"]);
    const saved = event(ISSUES[0], { origin: "agent_write" });
    const synced = event(ISSUES[0]);
    expect(codes({ events: feed([saved, synced]) })).toEqual([]);
    expect(codes({ events: feed([synced, saved]) })).toEqual(["discovery.record-unwrapped"]);
    const ended = event(ISSUES[0], { type: "writeback.failed", origin: "system" });
    expect(codes({ events: feed([ended, saved]) })).toEqual([]);
  });

  test("takes drafts and receipts for what they are", () => {
    const receipt = { envelope: ["at", "created", "kind", "opId", "path", "url"] };
    expect(judge(sample("/jira/issues/draft-20260520T080956Z.json", receipt))).toEqual([]);
    expect(judge(sample("/jira/issues/KAN-16.json", receipt))).toEqual([]);
  });

  test("compares types with an inferred schema and leaves authored ones out", () => {
    const inferred = (type: unknown, extra = {}) => {
      const one = resource({ path: "/jira/issues" });
      const document = { type: "object", properties: { title: { type } }, ...extra };
      return discovery([{ ...one, schema: { ...one.schema, document } }], { provider: "jira" });
    };
    const text = sample(ISSUES[0]);
    expect(judge(text, inferred("integer"))).toEqual(["discovery.schema-type-conflict"]);
    expect(judge(text, inferred(["null", "string"]))).toEqual([]);
    expect(judge(sample(ISSUES[0], { payloadTypes: { title: "integer" } }), inferred("number"))).toEqual([]);
    expect(judge(text, inferred("integer", { additionalProperties: false }))).toEqual([]);
    expect(judge(sample(ISSUES[0], { payloadTypes: { title: "integer" } }), inferred("string"))).toEqual([
      "discovery.schema-type-conflict",
    ]);
    const [elsewhere] = inferred("integer").providers;
    const [own] = elsewhere?.resources ?? [];
    if (own === undefined) throw new TypeError("no resource");
    for (const over of [{ path: "/jira/projects" }, { placeholder: true }])
      expect(judge(text, discovery([{ ...own, ...over }]))).toEqual([]);
  });
});

describe("VD-19 and VD-20 discovery.aliases-current", () => {
  const changed = (change: (path: string) => string) => {
    const healthy = issueTree();
    const files = healthy.files
      .map(({ path, hash }) => `${path} ${hash}`)
      .flatMap((line) => change(line).split("\n"));
    return { records: records(issueTree({ files: tree(files).files })) };
  };

  test("sees a copy with other bytes than its record", () => {
    const facts = changed((line) => line.replace("by-id/10001.json h1", "by-id/10001.json h9"));
    const [found] = findingsOf(aliasesCurrent, facts);
    expect(found?.code).toBe("discovery.alias-differs");
    expect(found?.facts?.copies).toEqual(["/jira/issues/by-id/10001.json"]);
  });

  test("holds nothing against the copies of a record with an open edit, and compares within one collection", () => {
    const facts = changed((line) => line.replace("by-id/10001.json h1", "by-id/10001.json h9"));
    expect(codesOf(aliasesCurrent, { ...facts, ops: ops([{ path: ISSUES[0], status: "pending" }]) })).toEqual(
      [],
    );
    const elsewhere = changed((line) => `${line}\n/jira/projects/by-id/10001.json h9`);
    expect(codesOf(aliasesCurrent, elsewhere)).toEqual([]);
  });

  test("cannot compare what the server lists without a hash", () => {
    const files = issueTree().files.map((file) => ({ ...file, hash: null }));
    expect(runCheck(aliasesCurrent, { records: records(issueTree({ files })) })).toMatchObject({
      exercised: 0,
    });
  });

  test("sees a record in two buckets of one view", () => {
    const facts = changed((line) =>
      line.includes("by-state/todo/10001") ? `${line}\n${line.replace("todo", "done")}` : line,
    );
    expect(codesOf(aliasesCurrent, facts)).toEqual(["discovery.alias-stale"]);
  });

  test("allows two assignees", () => {
    const facts = changed((line) =>
      line.includes("by-state/todo/10001")
        ? `${line.replace("by-state/todo", "by-assignee/a")}\n${line.replace("by-state/todo", "by-assignee/b")}`
        : line,
    );
    expect(codesOf(aliasesCurrent, facts)).toEqual([]);
  });
});

describe("VD-22 discovery.aliases-announced", () => {
  test("sees a view that is announced and missing, and one that is there unannounced", () => {
    const missing = issueTree({
      layoutAliases: ["by-edited", "by-id", "by-name", "by-state", "by-title", "by-uuid"],
    });
    // by-name is no view that every record must be in.
    expect(codesOf(aliasesAnnounced, { records: records(missing) })).toEqual([]);
    const files = issueTree().files.filter(({ path }) => !path.includes("/by-uuid/"));
    expect(codesOf(aliasesAnnounced, { records: records(issueTree({ files })) })).toEqual([
      "discovery.alias-missing",
    ]);
    const quiet = issueTree({ layoutAliases: ["by-edited", "by-id", "by-title", "by-uuid"] });
    expect(codesOf(aliasesAnnounced, { records: records(quiet) })).toEqual(["discovery.alias-undeclared"]);
  });

  test("skips a provider without layout or records", () => {
    const outcome = runCheck(aliasesAnnounced, { records: records(issueTree({ layoutAliases: null })) });
    expect(outcome).toMatchObject({ kind: "judged", exercised: 0 });
  });
});

describe("DR-29 discovery.one-generation", () => {
  const described = discovery([resource({ path: "/jira/issues" })], { provider: "jira" });
  const withFile = (path: string) => ({
    records: records(issueTree({ files: [...issueTree().files, { path, hash: "h" }] })),
    discovery: described,
  });

  test("sees templates and joiners of an older layout beside discovery files", () => {
    for (const path of ["/jira/issues/new.json", "/jira/issues/fix-it--42.json"])
      expect(codesOf(oneGeneration, withFile(path))).toEqual(["discovery.mid-migration"]);
  });

  test("looks at the discovery files of the same provider", () => {
    const both = [...described.providers, ...discovery([], { provider: "linear" }).providers];
    const facts = { ...withFile("/jira/issues/new.json"), discovery: { ...described, providers: both } };
    expect(codesOf(oneGeneration, facts)).toEqual(["discovery.mid-migration"]);
  });

  test("leaves an old workspace without discovery files alone", () => {
    const facts = { ...withFile("/jira/issues/new.json"), discovery: discovery([]) };
    expect(codesOf(oneGeneration, facts)).toEqual([]);
  });
});
