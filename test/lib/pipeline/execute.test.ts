/** Writebacks against the simulated providers: method, path and body of the call, and what the tree holds afterwards. */
import { describe, expect, test } from "bun:test";
import { MAY_2026_ERA } from "../../../lib/model/era.ts";
import { executeWriteback } from "../../../lib/pipeline/execute.ts";
import type { IndexRow } from "../../../lib/pipeline/pure/index-rows.ts";
import { JIRA_ISSUES } from "../../../lib/simulator/seed/jira.ts";
import { ISSUES } from "../../../lib/simulator/seed/linear.ts";
import type { PipelineStack } from "../../support/seeded-tree.ts";
import { type Body, put, remove, stackWith } from "../../support/writes.ts";

const rowsOf = (stack: PipelineStack, path: string) => stack.tree.json(path) as IndexRow[];
const linearPath = (n: number) => `/linear/issues/${ISSUES[n]?.identifier}__${ISSUES[n]?.id}.json`;
const ISSUE_1 = "/github/repos/Codertocat/Hello-World/issues/1__spelling-error-in-the-readme-file/meta.json";

describe("GitHub", () => {
  test("an edited meta.json becomes a PATCH of the changed fields alone", async () => {
    const stack = await stackWith("github");
    const envelope = stack.tree.json(ISSUE_1) as { payload: Body };
    const outcome = await put(stack, ISSUE_1, {
      ...envelope,
      payload: { ...envelope.payload, body: "Clear now." },
    });
    expect(outcome).toMatchObject({ outcome: "succeeded", externalId: "1", canonicalPath: ISSUE_1 });
    expect(stack.simulator.calls).toMatchObject([
      {
        provider: "github",
        method: "PATCH",
        path: "/repos/Codertocat/Hello-World/issues/1",
        body: { body: "Clear now." },
        correlationId: "corr_1",
        authorized: true,
        status: 200,
      },
    ]);
    const stored = stack.tree.json(ISSUE_1) as { provider: string; payload: Body };
    expect(stored).toMatchObject({ provider: "github", payload: { body: "Clear now.", number: 1 } });
    expect(stack.tree.text("/github/repos/Codertocat/Hello-World/issues/by-id/1.json")).toBe(
      stack.tree.text(ISSUE_1),
    );
  });

  test("mutable fields alone, the bare record and the envelope mean the same edit (S20)", async () => {
    const record = async (shape: (envelope: { payload: Body }) => unknown) => {
      const stack = await stackWith("github");
      const outcome = await put(stack, ISSUE_1, shape(stack.tree.json(ISSUE_1) as { payload: Body }));
      expect(outcome.outcome).toBe("succeeded");
      return stack.simulator.calls[0]?.body;
    };
    const title = "Spelling";
    expect(await record(() => ({ title }))).toEqual({ title });
    expect(await record(({ payload }) => ({ ...payload, title }))).toEqual({ title });
    expect(await record((envelope) => ({ ...envelope, payload: { ...envelope.payload, title } }))).toEqual({
      title,
    });
  });

  test("a new title moves the directory and leaves nothing at the old one", async () => {
    const stack = await stackWith("github");
    const outcome = await put(stack, ISSUE_1, { title: "Typo in README" });
    const moved = "/github/repos/Codertocat/Hello-World/issues/1__typo-in-readme/meta.json";
    expect(outcome).toMatchObject({ outcome: "succeeded", canonicalPath: moved });
    expect(stack.tree.paths().filter((path) => path.includes("1__spelling"))).toEqual([]);
    const rows = rowsOf(stack, "/github/repos/Codertocat/Hello-World/issues/_index.json");
    expect(rows.find((row) => row.id === "1")).toMatchObject({
      title: "Typo in README",
      canonicalPath: moved,
    });
  });

  test("a changed read-only field is refused before any call (S20)", async () => {
    const stack = await stackWith("github");
    const { payload } = stack.tree.json(ISSUE_1) as { payload: Body };
    const outcome = await put(stack, ISSUE_1, { ...payload, id: 7, title: "x" });
    expect(outcome).toMatchObject({ outcome: "failed", code: "READ_ONLY_FIELD" });
    expect(stack.simulator.calls).toEqual([]);
  });

  test("a draft creates an issue and becomes a receipt (S21)", async () => {
    const stack = await stackWith("github");
    const draft = "/github/repos/Codertocat/Hello-World/issues/draft-20260520T080956Z.json";
    const outcome = await put(stack, draft, { title: "From a file", labels: ["bug"] });
    expect(stack.simulator.calls).toMatchObject([
      {
        method: "POST",
        path: "/repos/Codertocat/Hello-World/issues",
        body: { title: "From a file", labels: ["bug"] },
      },
    ]);
    const path = "/github/repos/Codertocat/Hello-World/issues/3__from-a-file/meta.json";
    expect(outcome).toMatchObject({ outcome: "succeeded", canonicalPath: path });
    expect(stack.tree.json(path)).toMatchObject({ payload: { title: "From a file" } });
    expect(stack.tree.json(draft)).toMatchObject({
      kind: "relayfile.receipt",
      created: "3",
      path,
      opId: "op_1",
    });
  });

  test("a comment, a merge and a refused title answer as GitHub does", async () => {
    const stack = await stackWith("github");
    const issue = "/github/repos/Codertocat/Hello-World/issues/1__spelling-error-in-the-readme-file";
    const comment = await put(stack, `${issue}/comments/a b.json`, { body: "Agreed" });
    expect(comment).toMatchObject({ outcome: "succeeded" });
    expect(stack.tree.json(String((comment as { canonicalPath: string }).canonicalPath))).toMatchObject({
      payload: { body: "Agreed" },
    });
    const merge = await put(
      stack,
      "/github/repos/octo-org/octo-repo/pulls/118__create-issue-comment/merge.json",
      {},
    );
    expect(stack.simulator.calls.at(1)).toMatchObject({
      method: "PUT",
      path: "/repos/octo-org/octo-repo/pulls/118/merge",
    });
    expect(["succeeded", "rejected"]).toContain(merge.outcome);
    const long = await put(stack, ISSUE_1, { title: "x".repeat(257) });
    expect(long).toMatchObject({ outcome: "rejected", status: 422 });
  });
});

describe("Linear", () => {
  test("an edit is one issueUpdate with the changed fields", async () => {
    const stack = await stackWith("linear");
    const envelope = stack.tree.json(linearPath(0)) as { payload: Body };
    const outcome = await put(stack, linearPath(0), {
      ...envelope,
      payload: { ...envelope.payload, priority: 1 },
    });
    expect(outcome).toMatchObject({ outcome: "succeeded" });
    const [call] = stack.simulator.calls;
    expect(call).toMatchObject({
      method: "POST",
      path: "/graphql",
      body: { variables: { id: ISSUES[0]?.id, input: { priority: 1 } } },
    });
    expect(String((call?.body as Body | undefined)?.query)).toContain("issueUpdate(id: $id, input: $input)");
    expect(stack.tree.json(linearPath(0))).toMatchObject({
      payload: { priority: 1, priorityLabel: "Urgent" },
    });
  });

  test("a create resolves team and label names from the indexes", async () => {
    const stack = await stackWith("linear");
    const outcome = await put(stack, "/linear/issues/draft 1.json", {
      title: "Named",
      team: "OPS",
      labels: ["flaky"],
    });
    expect(outcome).toMatchObject({ outcome: "succeeded" });
    const [call] = stack.simulator.calls;
    const teams = rowsOf(stack, "/linear/teams/_index.json");
    expect(call).toMatchObject({
      body: { variables: { input: { title: "Named", teamId: teams.find((row) => row.key === "OPS")?.id } } },
    });
    const unknown = await put(stack, "/linear/issues/draft 2.json", { title: "Named", team: "NOPE" });
    expect(unknown).toMatchObject({ outcome: "failed", code: "VALIDATION_FAILED" });
  });

  test("success: false is a rejection although the status is 200", async () => {
    const stack = await stackWith("linear");
    stack.simulator.declineNext("linear");
    expect(await put(stack, linearPath(1), { title: "x" })).toMatchObject({
      outcome: "rejected",
      status: 200,
    });
  });

  test("a delete removes the record, its aliases and its row (S22)", async () => {
    const stack = await stackWith("linear");
    expect(await remove(stack, linearPath(2))).toMatchObject({ outcome: "succeeded" });
    expect(
      stack.tree.paths().filter((path) => stack.tree.text(path).includes(`"objectId": "${ISSUES[2]?.id}"`)),
    ).toEqual([]);
    expect(rowsOf(stack, "/linear/issues/_index.json").some((row) => row.id === ISSUES[2]?.id)).toBe(false);
  });

  test("a comment is created below its issue and appears under comments", async () => {
    const stack = await stackWith("linear");
    const outcome = await put(
      stack,
      `/linear/issues/${ISSUES[4]?.identifier}__${ISSUES[4]?.id}/comments/a b.json`,
      { body: "Yes" },
    );
    expect(outcome).toMatchObject({ outcome: "succeeded" });
    expect((outcome as { canonicalPath: string }).canonicalPath).toStartWith("/linear/comments/");
  });
});

describe("Jira", () => {
  const path = "/jira/issues/board-shows-cards-twice__10000.json";

  test("an edit of the whole envelope sends one field and reads the issue again", async () => {
    const stack = await stackWith("jira");
    const envelope = stack.tree.json(path) as { payload: { fields: Body } };
    const fields = { ...envelope.payload.fields, summary: "Board shows cards once" };
    const outcome = await put(stack, path, { ...envelope, payload: { ...envelope.payload, fields } });
    expect(stack.simulator.calls).toMatchObject([
      {
        method: "PUT",
        path: "/rest/api/3/issue/10000",
        body: { fields: { summary: "Board shows cards once" } },
        status: 204,
      },
      { method: "GET", path: "/rest/api/3/issue/10000" },
    ]);
    expect(outcome).toMatchObject({
      outcome: "succeeded",
      canonicalPath: "/jira/issues/board-shows-cards-once__10000.json",
    });
  });

  test("a summary over 255 characters is refused by the provider, not by us", async () => {
    const stack = await stackWith("jira");
    const body = {
      fields: { project: { key: "KAN" }, issuetype: { name: "Task" }, summary: "x".repeat(300) },
    };
    const outcome = await put(stack, "/jira/issues/draft 1.json", body);
    expect(outcome).toMatchObject({ outcome: "rejected", status: 400 });
    expect((outcome as { error: string }).error).toContain("Summary must be less than 255 characters");
  });

  test("a create without wrapper works, and its description becomes a document", async () => {
    const stack = await stackWith("jira");
    const body = {
      project: { key: "KAN" },
      issuetype: { name: "Bug" },
      summary: "From a file",
      description: "a\nb",
    };
    const outcome = await put(stack, "/jira/issues/issue 3f2504e0-4f89-41d3-9a0c-0305e82c3301.json", body);
    expect(outcome).toMatchObject({
      outcome: "succeeded",
      canonicalPath: "/jira/issues/from-a-file__11000.json",
    });
    expect(stack.simulator.calls[0]?.body).toMatchObject({ fields: { description: { type: "doc" } } });
  });

  test("comments, transitions and deletes reach their own calls", async () => {
    const stack = await stackWith("jira");
    expect(await put(stack, "/jira/issues/10000/comments/a b.json", { body: "Hello" })).toMatchObject({
      outcome: "succeeded",
    });
    expect(
      await put(stack, "/jira/issues/10000/transitions/a b.json", { transition: { id: "41" } }),
    ).toMatchObject({ outcome: "succeeded" });
    expect(stack.tree.json(path)).toMatchObject({ payload: { fields: { status: { name: "Done" } } } });
    expect(await remove(stack, "/jira/issues/10000/comments/10100.json")).toMatchObject({
      outcome: "succeeded",
    });
    expect(stack.simulator.calls.map(({ method, path }) => `${method} ${path}`)).toContain(
      "DELETE /rest/api/3/issue/10000/comment/10100",
    );
  });

  test("May 2026 fails the edit without an attempt (S24)", async () => {
    const stack = await stackWith("jira");
    const outcome = await put({ ...stack, deps: { ...stack.deps, era: MAY_2026_ERA } }, path, {
      fields: { summary: "x" },
    });
    expect(outcome).toMatchObject({ outcome: "failed", code: "no_rule" });
    expect((outcome as { error: string }).error).toStartWith("No jira writeback rule matched");
    expect(stack.simulator.calls).toEqual([]);
  });

  test("people never reach the tree", async () => {
    const stack = await stackWith("jira");
    const text = stack.tree
      .paths()
      .filter((p) => p.startsWith("/jira/"))
      .map((p) => stack.tree.text(p))
      .join("");
    expect(text).not.toContain("Oliveira");
    expect(text).toContain("assigneeAccountId");
    expect(JSON.stringify(JIRA_ISSUES)).toContain("Oliveira");
  });
});

describe("trouble", () => {
  test("429 waits as asked, 500 and a broken connection are retried, 404 is final", async () => {
    const stack = await stackWith("jira");
    const path = "/jira/issues/board-shows-cards-twice__10000.json";
    stack.simulator.failNext("jira", 1, { status: 429, headers: { "retry-after": "7" } });
    expect(await put(stack, path, { fields: { summary: "a" } })).toMatchObject({
      outcome: "retry",
      status: 429,
      retryAfterMs: 7_000,
    });
    stack.simulator.failNext("jira", 1, { status: 500, body: "<html>oops</html>" });
    expect(await put(stack, path, { fields: { summary: "b" } })).toMatchObject({
      outcome: "retry",
      status: 500,
    });
    const offline = {
      ...stack,
      deps: { ...stack.deps, fetch: async () => Promise.reject(new Error("ECONNREFUSED")) },
    };
    expect(await put(offline, path, { fields: { summary: "c" } })).toMatchObject({ outcome: "retry" });
    expect(await put(stack, "/jira/issues/gone__99999.json", { fields: { summary: "d" } })).toMatchObject({
      outcome: "rejected",
      status: 404,
    });
  });

  test("a store that fails after the provider confirmed does not fail the op", async () => {
    const stack = await stackWith("jira");
    const bytes = new TextEncoder().encode(JSON.stringify({ fields: { summary: "kept" } }));
    const path = "/jira/issues/board-shows-cards-twice__10000.json";
    stack.tree.beforeApply = () => {
      throw new Error("disk full");
    };
    const op = {
      opId: "op_9",
      path,
      revision: "rev_1",
      action: "file_upsert",
      correlationId: "c",
      bytes,
    } as const;
    expect(await executeWriteback(stack.tree, op, stack.deps)).toMatchObject({ outcome: "succeeded" });
  });

  test("a delete that the contract does not declare fails without a call, and says so (S22)", async () => {
    const stack = await stackWith("github");
    const before = stack.tree.text(ISSUE_1);
    const outcome = await remove(stack, ISSUE_1);
    expect(outcome).toMatchObject({ outcome: "failed" });
    expect(stack.simulator.calls).toEqual([]);
    expect(stack.tree.text("/github/repos/Codertocat/Hello-World/issues/by-id/1.json")).toBe(before);
  });

  test("a delete of what the provider no longer has succeeds, and the record goes here too (S22)", async () => {
    const stack = await stackWith("jira");
    const path = "/jira/issues/by-id/10001.json";
    const row = (stack.tree.json("/jira/issues/_index.json") as { id: string; canonicalPath: string }[]).find(
      ({ id }) => id === "10001",
    );
    stack.simulator.failNext("jira", 1, { status: 404, body: { errorMessages: ["Issue does not exist"] } });
    expect(await remove(stack, row?.canonicalPath ?? "")).toMatchObject({ outcome: "succeeded" });
    expect(stack.tree.paths()).not.toContain(row?.canonicalPath);
    expect(stack.tree.paths()).not.toContain(path);
  });

  test("what the provider answered is stored even when its clock is behind ours (S20)", async () => {
    const stack = await stackWith("linear");
    const row = (stack.tree.json("/linear/issues/_index.json") as { id: string; canonicalPath: string }[])[0];
    const path = row?.canonicalPath ?? "";
    const before = (stack.tree.json(path) as { payload: Record<string, unknown> }).payload;
    const answer = { ...before, title: "From a slow clock", updatedAt: "2001-01-01T00:00:00.000Z" };
    stack.simulator.failNext("linear", 1, {
      status: 200,
      body: { data: { issueUpdate: { success: true, issue: answer } } },
    });
    expect(await put(stack, path, { title: "From a slow clock" })).toMatchObject({ outcome: "succeeded" });
    expect((stack.tree.json(path) as { payload: object }).payload).toMatchObject({
      title: "From a slow clock",
    });
  });

  test("new.json is refused with the right name as a hint, without a call (S23)", async () => {
    const stack = await stackWith("jira");
    const outcome = await put(stack, "/jira/issues/new.json", { fields: { summary: "x" } });
    expect(outcome).toMatchObject({ outcome: "failed", code: "reserved_name" });
    expect(outcome.outcome === "failed" ? outcome.error : "").toContain("new.json");
    expect(stack.simulator.calls).toEqual([]);
  });

  test("writing a receipt or deleting a draft concerns no provider", async () => {
    const stack = await stackWith("jira");
    expect(await put(stack, "/jira/issues/draft 1.json", { kind: "relayfile.receipt" })).toMatchObject({
      outcome: "succeeded",
      providerResult: { local: true },
    });
    expect(await remove(stack, "/jira/issues/draft 1.json")).toMatchObject({
      outcome: "succeeded",
      providerResult: { local: true },
    });
    expect(await put(stack, "/jira/issues/by-id/10000.json", {})).toMatchObject({
      outcome: "failed",
      code: "alias",
    });
    expect(stack.simulator.calls).toEqual([]);
  });
});
