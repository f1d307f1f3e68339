/** Batches over a real tree: convergence, collisions, renames, deletes, races, and records that have broken trees before. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { applyNormal, applyRecords } from "../../../lib/pipeline/apply.ts";
import type { IndexRow } from "../../../lib/pipeline/pure/index-rows.ts";
import { type NormalRecord, normalizeRecord } from "../../../lib/pipeline/pure/normalize.ts";
import { type MemoryTree, memoryTree } from "../../support/memory-tree.ts";
import { pipelineDeps } from "../../support/pipeline.ts";
import { providerNamed, resourceNamed } from "../../support/seeded-tree.ts";

const deps = pipelineDeps();
const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1_000).toISOString();
const uuid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const HELLO = "https://api.github.com/repos/acme/web";

type Raw = Record<string, unknown>;
type Step = { provider: string; resource: string; key: string; raw: Raw; deleted: boolean; parent?: string };

const linearIssue = (n: number, title: string, updated: number, extra: Raw = {}): Raw => ({
  id: uuid(n),
  identifier: `AGE-${n}`,
  title,
  updatedAt: at(updated),
  ...extra,
});
const jiraIssue = (n: number, summary: string, updated: number, state = "To Do"): Raw => ({
  id: String(10_000 + n),
  key: `KAN-${n}`,
  fields: { summary, updated: at(updated), status: { name: state } },
});
const githubIssue = (n: number, title: string, updated: number): Raw => ({
  number: n,
  title,
  state: "open",
  url: `${HELLO}/issues/${n}`,
  updated_at: at(updated),
});
const githubComment = (n: number, issue: number, body: string, updated: number): Raw => ({
  id: n,
  body,
  issue_url: `${HELLO}/issues/${issue}`,
  updated_at: at(updated),
});

function normal(step: Step): NormalRecord {
  const provider = providerNamed(step.provider);
  const record = normalizeRecord(provider, resourceNamed(step.provider, step.resource), step.raw, {
    deleted: step.deleted,
  });
  if ("rejected" in record) throw new Error(record.rejected);
  return record;
}

async function apply(tree: MemoryTree, steps: readonly Step[]): Promise<void> {
  for (const provider of new Set(steps.map((step) => step.provider))) {
    const records = steps.filter((step) => step.provider === provider).map(normal);
    await applyNormal(
      tree,
      providerNamed(provider),
      records,
      { context: { origin: "provider_sync", correlationId: "c" } },
      deps,
    );
  }
}

/** A tree without the indexes that a deleted last record leaves behind. */
function visible(tree: MemoryTree): Record<string, string> {
  return Object.fromEntries(Object.entries(tree.snapshot()).filter(([, text]) => text !== "[]\n"));
}

const TITLES = ["One", "one!", "ONE", "Two words", "🚀", "", "a/b\\c", "x__y", "日本", "é".repeat(120)];
const stepArbitrary = fc.record({
  kind: fc.constantFrom("linear", "jira", "github", "comment"),
  n: fc.integer({ min: 1, max: 4 }),
  title: fc.constantFrom(...TITLES),
  state: fc.constantFrom("Todo", "In Progress", "Done"),
  deleted: fc.boolean().map((value) => value),
  weight: fc.integer({ min: 0, max: 3 }),
});

function toStep(
  input: { kind: string; n: number; title: string; state: string; deleted: boolean; weight: number },
  clock: number,
): Step {
  const { kind, n, title, state } = input;
  const deleted = input.deleted && input.weight === 0;
  if (kind === "linear") {
    const raw = linearIssue(n, title, clock, {
      state: { name: state },
      priority: n,
      project: { id: uuid(90 + (n % 2)) },
    });
    return { provider: "linear", resource: "issues", key: `l${n}`, raw, deleted };
  }
  if (kind === "jira")
    return {
      provider: "jira",
      resource: "issues",
      key: `j${n}`,
      raw: jiraIssue(n, title, clock, state),
      deleted,
    };
  if (kind === "github")
    return {
      provider: "github",
      resource: "issues",
      key: `g${n}`,
      raw: githubIssue(n, title, clock),
      deleted,
    };
  const raw = githubComment(100 + n, (n % 3) + 1, title, clock);
  return { provider: "github", resource: "comments", key: `c${n}`, raw, deleted, parent: `g${(n % 3) + 1}` };
}

describe("applyNormal()", () => {
  test("leaves exactly the tree of a fresh build from the final records, whatever happened before", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(stepArbitrary, { maxLength: 40 }),
        fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1 }),
        async (inputs, cuts) => {
          const steps = inputs.map((input, index) => toStep(input, index));
          const tree = memoryTree();
          for (let start = 0, c = 0; start < steps.length; c++) {
            // Within a batch parents come before children, so the model below sees a batch in that order too.
            const size = cuts[c % cuts.length] ?? 1;
            await apply(tree, steps.slice(start, start + size));
            start += size;
          }
          const final = new Map<string, Step>();
          for (let start = 0, c = 0; start < steps.length; c++) {
            const size = cuts[c % cuts.length] ?? 1;
            const batch = steps.slice(start, start + size);
            for (const step of [
              ...batch.filter((s) => s.parent === undefined),
              ...batch.filter((s) => s.parent !== undefined),
            ]) {
              if (!step.deleted) final.set(step.key, step);
              else {
                final.delete(step.key);
                for (const [key, other] of final) if (other.parent === step.key) final.delete(key);
              }
            }
            start += size;
          }
          const fresh = memoryTree();
          for (const step of [...final.values()].reverse()) await apply(fresh, [step]);
          expect(visible(tree)).toEqual(visible(fresh));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("equal titles share a name fairly: the smallest id keeps it, and it passes on when that record goes", async () => {
    const tree = memoryTree();
    const add = (n: number, deleted = false) =>
      apply(tree, [
        { provider: "linear", resource: "issues", key: "", raw: linearIssue(n, "Same title", 1), deleted },
      ]);
    const names = () =>
      tree
        .paths()
        .filter((path) => path.includes("/by-title/"))
        .map((path) => path.split("/").at(-1));
    await add(2);
    expect(names()).toEqual(["same-title.json"]);
    await add(1);
    expect(names().length).toBe(2);
    expect(tree.json("/linear/issues/by-title/same-title.json")).toMatchObject({ objectId: uuid(1) });
    await add(1, true);
    expect(names()).toEqual(["same-title.json"]);
    expect(tree.json("/linear/issues/by-title/same-title.json")).toMatchObject({ objectId: uuid(2) });
  });

  test("comments follow their issue to its new directory and go with it", async () => {
    const tree = memoryTree();
    const issue = (title: string, updated: number, deleted = false): Step => ({
      provider: "github",
      resource: "issues",
      key: "",
      raw: githubIssue(1, title, updated),
      deleted,
    });
    const comment: Step = {
      provider: "github",
      resource: "comments",
      key: "",
      raw: githubComment(7, 1, "hi", 1),
      deleted: false,
    };
    const home = "/github/repos/acme/web/issues";
    await apply(tree, [comment]);
    expect(tree.paths()).toContain(`${home}/1/comments/7/meta.json`);
    await apply(tree, [issue("First", 1)]);
    expect(tree.paths()).toContain(`${home}/1__first/comments/7/meta.json`);
    await apply(tree, [issue("Second", 2)]);
    expect(tree.paths().filter((path) => path.includes("comments"))).toEqual([
      `${home}/1__second/comments/7/meta.json`,
    ]);
    expect((await tree.read(`${home}/1__second/comments/7/meta.json`))?.providerObjectId).toBe("7");
    await apply(tree, [issue("Second", 3, true)]);
    expect(tree.paths()).toEqual([`${home}/_index.json`]);
  });

  test("a rename removes every former path before it writes a new one, and leaves no former path", async () => {
    const tree = memoryTree();
    const send = (raw: Raw) =>
      applyRecords(tree, "jira", { model: "Issue", records: [raw], correlationId: "c" }, deps);
    await send(jiraIssue(1, "Before", 1));
    const former = tree.paths().filter((path) => !path.endsWith("_index.json"));
    const seen = tree.events.length;
    await send(jiraIssue(1, "After", 2, "Done"));
    const types = tree.events.slice(seen).map(({ type }) => type);
    const lastDelete = types.lastIndexOf("file.deleted");
    const firstWrite = types.findIndex((type) => type !== "file.deleted");
    expect(lastDelete).toBeGreaterThanOrEqual(2);
    expect(firstWrite).toBe(lastDelete + 1);
    const kept = former.filter((path) => tree.paths().includes(path));
    expect(kept.every((path) => /\/by-(?:id|key|edited)\//.test(path))).toBe(true);
    for (const path of tree.paths()) expect(path).not.toContain("before");
  });

  test("an older update is stale and a delete of an unknown record changes nothing", async () => {
    const tree = memoryTree();
    const send = (records: Raw[]) =>
      applyRecords(tree, "jira", { model: "Issue", records, correlationId: "c" }, deps);
    expect(await send([jiraIssue(1, "New", 5)])).toMatchObject({ applied: 1 });
    expect(await send([jiraIssue(1, "Old", 4)])).toMatchObject({ applied: 0, stale: 1 });
    expect(tree.paths().some((path) => path.includes("old"))).toBe(false);
    expect(await send([{ id: "99", fields: {}, _nango_metadata: { last_action: "deleted" } }])).toMatchObject(
      { deleted: 0, unchanged: 1 },
    );
    expect(
      await send([{ id: "10001", fields: {}, _nango_metadata: { last_action: "DELETED" } }]),
    ).toMatchObject({ deleted: 1 });
    expect(tree.paths()).toEqual(["/jira/issues/_index.json"]);
    expect(tree.text("/jira/issues/_index.json")).toBe("[]\n");
  });

  test("an update that its record's deletion overtook does not bring it back, a newer one does", async () => {
    const tree = memoryTree();
    const send = (raw: Raw) =>
      applyRecords(tree, "jira", { model: "Issue", records: [raw], correlationId: "c" }, deps);
    await send(jiraIssue(1, "First", 1));
    await send({ ...jiraIssue(1, "Third", 3), _nango_metadata: { last_action: "deleted" } });
    expect(await send(jiraIssue(1, "Second", 2))).toMatchObject({ stale: 1, applied: 0 });
    expect(tree.paths()).toEqual(["/jira/issues/_index.json"]);
    // A restored record may keep its timestamp.
    expect(await send(jiraIssue(1, "Restored", 3))).toMatchObject({ applied: 1 });
  });

  test("a deleted comment is remembered through a rename of its issue, and within one batch", async () => {
    const comment = (body: string, at: number, deleted = false): Step => ({
      provider: "github",
      resource: "comments",
      key: "c",
      raw: githubComment(7, 1, body, at),
      deleted,
    });
    const tree = memoryTree();
    const issue = (title: string, at: number): Step => ({
      provider: "github",
      resource: "issues",
      key: "g",
      raw: githubIssue(1, title, at),
      deleted: false,
    });
    await apply(tree, [issue("Before", 1), comment("one", 3)]);
    await apply(tree, [comment("one", 3, true), comment("late", 2)]);
    await apply(tree, [issue("After", 4)]);
    await apply(tree, [comment("later still", 2)]);
    expect(tree.paths().filter((path) => path.includes("/comments/"))).toEqual([]);
  });

  test("records without id, of unknown models and over 8 MiB are rejected with a reason and harm nothing", async () => {
    const tree = memoryTree();
    const big = { ...jiraIssue(2, "Big", 1), blob: "x".repeat(9 * 1024 * 1024) };
    const outcome = await applyRecords(
      tree,
      "jira",
      { model: "Issue", records: [{ key: "KAN-1" }, 7, big, jiraIssue(3, "Fine", 1)], correlationId: "c" },
      deps,
    );
    expect(outcome).toMatchObject({ applied: 1, rejected: 3 });
    expect(outcome.errorSamples.join("\n")).toContain("has no id");
    expect(
      await applyRecords(tree, "jira", { model: "Widget", records: [{}], correlationId: "c" }, deps),
    ).toMatchObject({ rejected: 1 });
    expect((tree.json("/jira/issues/_index.json") as IndexRow[]).map((row) => row.id)).toEqual(["10003"]);
  });

  test("a writer that lost a race plans again and keeps the other's rows", async () => {
    const tree = memoryTree();
    let raced = 0;
    tree.beforeApply = () => {
      if (raced++ > 0) return;
      tree.beforeApply = null;
      void applyRecords(
        tree,
        "jira",
        { model: "Issue", records: [jiraIssue(2, "Other", 1)], correlationId: "other" },
        deps,
      );
    };
    const slow = {
      ...deps,
      clock: { ...deps.clock, sleep: () => new Promise<void>((done) => setTimeout(done, 0)) },
    };
    const send = (n: number) =>
      applyRecords(
        tree,
        "jira",
        { model: "Issue", records: [jiraIssue(n, `Issue ${n}`, 1)], correlationId: "c" },
        slow,
      );
    await Promise.all([send(1), send(3), send(4), send(5)]);
    const ids = (tree.json("/jira/issues/_index.json") as IndexRow[]).map((row) => row.id).sort();
    expect(ids).toEqual(["10001", "10002", "10003", "10004", "10005"]);
  });

  test("an index that cannot be read stops the batch instead of starting an empty one", async () => {
    const tree = memoryTree();
    const send = (n: number) =>
      applyRecords(
        tree,
        "jira",
        { model: "Issue", records: [jiraIssue(n, `Issue ${n}`, 1)], correlationId: "c" },
        deps,
      );
    await send(1);
    tree.beforeRead = (path) => {
      if (path.endsWith("_index.json")) throw new Error("disk error");
    };
    // Another process' view of the same store has nothing in memory and must read.
    const batch = { model: "Issue", records: [jiraIssue(2, "Issue 2", 1)], correlationId: "c" };
    await expect(applyRecords({ ...tree }, "jira", batch, deps)).rejects.toThrow("disk error");
    tree.beforeRead = null;
    expect((tree.json("/jira/issues/_index.json") as IndexRow[]).length).toBe(1);
  });

  test("a damaged index is rebuilt from the records", async () => {
    const tree = memoryTree();
    const send = (n: number) =>
      applyRecords(
        tree,
        "jira",
        { model: "Issue", records: [jiraIssue(n, `Issue ${n}`, 1)], correlationId: "c" },
        deps,
      );
    await send(1);
    await send(2);
    const garbage = {
      kind: "write",
      path: "/jira/issues/_index.json",
      bytes: new TextEncoder().encode("not json"),
      contentType: "text/plain",
    } as const;
    await tree.apply([garbage], { origin: "agent_write", correlationId: "x" });
    await send(3);
    expect((tree.json("/jira/issues/_index.json") as IndexRow[]).map((row) => row.id).sort()).toEqual([
      "10001",
      "10002",
      "10003",
    ]);
  });

  test("an index that a client overwrote, with rows or without, loses no record", async () => {
    for (const text of ["[]\n", '[{"id":"10001","title":"mine","updated":""}]\n', "{}"]) {
      const tree = memoryTree();
      const send = (records: Raw[]) =>
        applyRecords(tree, "jira", { model: "Issue", records, correlationId: "c" }, deps);
      await send([jiraIssue(1, "One", 1), jiraIssue(2, "Two", 2)]);
      const change = {
        kind: "write",
        path: "/jira/issues/_index.json",
        bytes: new TextEncoder().encode(text),
        contentType: "application/json",
      } as const;
      await tree.apply([change], { origin: "agent_write", correlationId: "c" });
      await send([jiraIssue(3, "Three", 3)]);
      const rows = tree.json("/jira/issues/_index.json") as IndexRow[];
      expect(rows.map(({ id, title }) => `${id} ${title}`)).toEqual([
        "10003 Three",
        "10002 Two",
        "10001 One",
      ]);
    }
  });

  test("an alias that a client overwrote misleads nobody and is itself again with the next sync", async () => {
    const tree = memoryTree();
    const send = (record: Raw) =>
      applyRecords(tree, "jira", { model: "Issue", records: [record], correlationId: "c" }, deps);
    const alias = "/jira/issues/by-id/10001.json";
    const overwrite = async () => {
      const envelope = { provider: "jira", objectType: "issue", payload: jiraIssue(1, "Forged", 9, "Done") };
      const bytes = new TextEncoder().encode(JSON.stringify(envelope));
      const change = { kind: "write", path: alias, bytes, contentType: "application/json" } as const;
      await tree.apply([change], { origin: "agent_write", correlationId: "c" });
    };
    await send(jiraIssue(1, "One", 1));
    const whole = tree.snapshot();
    await overwrite();
    await send(jiraIssue(1, "One", 1));
    expect(tree.snapshot()).toEqual(whole);
    await overwrite();
    expect(await send(jiraIssue(1, "Two", 2))).toMatchObject({ applied: 1, stale: 0 });
    const fresh = memoryTree();
    await applyRecords(
      fresh,
      "jira",
      { model: "Issue", records: [jiraIssue(1, "Two", 2)], correlationId: "c" },
      deps,
    );
    expect(tree.snapshot()).toEqual(fresh.snapshot());
  });

  test("ids with slashes, dots and 300 characters become one segment each", async () => {
    const tree = memoryTree();
    const records = ["a/b", "..", "x".repeat(300), "ü%20"].map((id) => ({
      id,
      key: "KAN-1",
      fields: { summary: "Odd", updated: at(1) },
    }));
    await applyRecords(tree, "jira", { model: "Issue", records, correlationId: "c" }, deps);
    expect((tree.json("/jira/issues/_index.json") as IndexRow[]).length).toBe(4);
    for (const path of tree.paths()) {
      for (const segment of path.slice(1).split("/")) {
        expect(segment).not.toMatch(/^\.{0,2}$/);
        expect(new TextEncoder().encode(segment).length).toBeLessThanOrEqual(200);
      }
    }
  });
});
