/** The simulator forgets everything when the stack stops; what a workspace holds must be as editable afterwards (S20). */
import { describe, expect, test } from "bun:test";
import type { WritebackOp } from "../../../lib/model/writeback-op.ts";
import { bunPorts } from "../../../lib/runtime/bun/ports.ts";
import { type Stack, startStack } from "../../../lib/runtime/bun/stack.ts";
import { forgetDeleted } from "../../../lib/service/store/deleted-records.ts";
import { ALL_SCOPES, until } from "../../contract/target.ts";
import { tempDir } from "../../support/temp-dir.ts";

async function call(stack: Stack, method: string, path: string, body?: unknown) {
  const token = await stack.mint(ALL_SCOPES);
  const response = await stack.fetch(
    new Request(`${stack.fileApiUrl}/v1/workspaces/${stack.workspaceId}/${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "X-Correlation-Id": "t", "If-Match": "*" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  return (await response.json()) as any;
}

async function write(stack: Stack, path: string, content: unknown, method = "PUT"): Promise<WritebackOp> {
  const body = { content: JSON.stringify(content), contentType: "application/json" };
  const { opId } = await call(stack, method, `fs/file?path=${encodeURIComponent(path)}`, body);
  return until(
    () => call(stack, "GET", `ops/${opId}`),
    ({ status }) => !["pending", "running"].includes(status),
  );
}

async function payload(stack: Stack, path: string) {
  const { tree } = await stack.workspace();
  const file = await tree.read(path);
  if (file === null) throw new Error(`no ${path}`);
  return JSON.parse(new TextDecoder().decode(file.bytes)).payload;
}

const repo = "https://api.github.com/repos/acme/web";
const BATCHES: readonly (readonly [provider: string, model: string, records: object[]])[] = [
  [
    "github",
    "PullRequest",
    [
      {
        url: `${repo}/pulls/7`,
        id: 70,
        number: 7,
        title: "Seven",
        state: "open",
        updated_at: "2026-05-01T00:00:00Z",
      },
    ],
  ],
  [
    "github",
    "PullRequestComment",
    [
      {
        url: `${repo}/issues/comments/2000000001`,
        html_url: "https://github.com/acme/web/pull/7#issuecomment-2000000001",
        issue_url: `${repo}/issues/7`,
        id: 2_000_000_001,
        body: "first",
        updated_at: "2026-05-01T00:00:00Z",
      },
    ],
  ],
  ["jira", "Project", [{ id: "777", key: "OWN", name: "Own project" }]],
  [
    "jira",
    "Issue",
    [
      {
        id: "11000",
        key: "OWN-1",
        fields: { summary: "Mine", status: { name: "To Do" }, updated: "2026-05-01T00:00:00.000+0000" },
      },
    ],
  ],
  ["slack", "Channel", [{ id: "C0WN", name: "own-channel" }]],
  [
    "notion",
    "Database",
    [
      {
        object: "database",
        id: "aaaaaaaa-0000-4000-8000-000000000001",
        title: [{ plain_text: "Own" }],
        properties: {
          Name: { id: "title", type: "title", title: {} },
          Tags: { id: "t", type: "multi_select" },
        },
      },
    ],
  ],
];
const PULL = "/github/repos/acme/web/pulls/7__seven";
const COMMENT = `${PULL}/comments/2000000001/meta.json`;
const ISSUE = "/jira/issues/mine__11000.json";

describe("the simulator after a restart", () => {
  test("knows what batches brought and what edits changed, and gives out no id twice", async () => {
    using dir = tempDir("relayfile-stand-in-");
    const options = { dataDir: dir.join("data"), ports: bunPorts({ env: {} }), providers: ["linear"] };
    const first = await startStack(options);
    const workspace = await first.workspace();
    for (const provider of ["github", "jira", "slack", "notion"])
      await workspace.link(provider, "simulator", `conn-${provider}`);
    for (const [provider, model, records] of BATCHES)
      expect(await workspace.applyRecords({ provider, model, records, correlationId: "b" })).toMatchObject({
        applied: records.length,
      });
    const [seed] = (await call(first, "GET", "fs/tree?path=/linear/issues&depth=1")).entries
      .map(({ path }: { path: string }) => path)
      .filter((path: string) => path.includes("__"));
    expect((await write(first, seed, { title: "Kept over the restart" })).status).toBe("succeeded");
    const edited = await write(first, COMMENT, { body: "second" });
    expect([edited.status, edited.lastError]).toEqual(["succeeded", undefined]);
    await first.stop();

    const second = await startStack(options);
    try {
      // Only the priority is written: everything else must be what it was before the restart.
      expect((await write(second, seed, { priority: 1 })).status).toBe("succeeded");
      expect(await payload(second, seed)).toMatchObject({ title: "Kept over the restart", priority: 1 });
      expect((await write(second, COMMENT, { body: "third" })).status).toBe("succeeded");
      expect(await payload(second, COMMENT)).toMatchObject({ body: "third" });
      const comment = await write(second, `${PULL}/comments/a draft.json`, { body: "new" });
      expect([comment.status, comment.lastError]).toEqual(["succeeded", undefined]);
      expect(await payload(second, COMMENT)).toMatchObject({ body: "third" });

      expect((await write(second, ISSUE, { fields: { summary: "Ours" } })).status).toBe("succeeded");
      const fields = { summary: "Another", project: { key: "OWN" }, issuetype: { name: "Task" } };
      const created = await write(second, "/jira/issues/a draft.json", { fields });
      expect([created.status, created.lastError]).toEqual(["succeeded", undefined]);
      expect(await payload(second, "/jira/issues/ours__11000.json")).toMatchObject({ key: "OWN-1" });

      const posted = await write(second, "/slack/channels/C0WN__own-channel/messages/hello there.json", {
        text: "hi",
      });
      expect([posted.status, posted.lastError]).toEqual(["succeeded", undefined]);
      const page = await write(
        second,
        "/notion/databases/aaaaaaaa-0000-4000-8000-000000000001/pages/a draft.json",
        { properties: { Name: { title: [{ text: { content: "Row" } }] } } },
      );
      expect([page.status, page.lastError]).toEqual(["succeeded", undefined]);
    } finally {
      await second.stop();
    }
  }, 30_000);

  test("an old copy of a record that was deleted before does not bring it back (S14)", async () => {
    using dir = tempDir("relayfile-stand-in-");
    const options = { dataDir: dir.join("data"), ports: bunPorts({ env: {} }) };
    const version = (summary: string, day: string, more: object = {}) => ({
      id: "11000",
      key: "OWN-1",
      fields: { summary, updated: `2026-05-${day}T00:00:00.000+0000` },
      ...more,
    });
    const send = async (stack: Stack, record: object) =>
      (await stack.workspace()).applyRecords({
        provider: "jira",
        model: "Issue",
        records: [record],
        correlationId: "b",
      });
    const first = await startStack(options);
    await (await first.workspace()).link("jira", "simulator", "conn-1");
    await send(first, version("First", "01"));
    expect(await send(first, version("Third", "03", { _deleted: true }))).toMatchObject({ deleted: 1 });
    await first.stop();

    const second = await startStack(options);
    try {
      expect(await send(second, version("Second", "02"))).toMatchObject({ stale: 1, applied: 0 });
      const { tree, context } = await second.workspace();
      expect(await tree.list("/jira/issues/by-id")).toEqual([]);
      expect(await send(second, version("Fourth", "04"))).toMatchObject({ applied: 1 });
      // Remembered for a month, not for ever.
      const before = context.store.sql.all("SELECT * FROM deleted_records").length;
      await context.store.commit((tx) => {
        tx.sql.run("UPDATE deleted_records SET at = 0");
        // An hour has passed since everything was last looked through.
        tx.sql.run("DELETE FROM meta WHERE key = 'garbage_at'");
      });
      await context.store.commit((tx) => forgetDeleted(tx));
      expect([before, context.store.sql.all("SELECT * FROM deleted_records").length]).toEqual([1, 0]);
    } finally {
      await second.stop();
    }
  });
});
