/** Writebacks to Confluence, Notion and Slack: the calls, the answers that only look like success, and the tree. */
import { describe, expect, test } from "bun:test";
import { type Body, put, remove, stackWith } from "../../support/writes.ts";

describe("Confluence", () => {
  const page = "/confluence/spaces/65538/pages/runbook-the-digest-is-late__200004.json";

  test("an edit replaces the page with the next version and what was not written", async () => {
    const stack = await stackWith("confluence");
    const outcome = await put(stack, page, { body: "<p>New.</p>" });
    expect(stack.simulator.calls).toMatchObject([
      {
        method: "PUT",
        path: "/wiki/api/v2/pages/200004",
        body: {
          id: "200004",
          status: "current",
          title: "Runbook: the digest is late",
          body: { representation: "storage", value: "<p>New.</p>" },
          version: { number: 5 },
        },
      },
    ]);
    expect(outcome).toMatchObject({ outcome: "succeeded", canonicalPath: page });
    expect(stack.tree.json("/confluence/pages/by-id/200004.json")).toMatchObject({
      payload: { version: { number: 5 } },
    });
  });

  test("the whole envelope with a new title moves the page", async () => {
    const stack = await stackWith("confluence");
    const envelope = stack.tree.json(page) as { payload: Body };
    const outcome = await put(stack, page, {
      ...envelope,
      payload: { ...envelope.payload, title: "Late digest" },
    });
    expect(outcome).toMatchObject({
      outcome: "succeeded",
      canonicalPath: "/confluence/spaces/65538/pages/late-digest__200004.json",
    });
    expect(stack.tree.paths()).not.toContain(page);
  });

  test("both collections create, a taken title is refused by Confluence, and a stale version conflicts", async () => {
    const stack = await stackWith("confluence");
    const body = { title: "From a file", body: "<p>x</p>" };
    const inSpace = await put(stack, "/confluence/spaces/65538/pages/draft 1.json", body);
    expect(inSpace).toMatchObject({
      outcome: "succeeded",
      canonicalPath: "/confluence/spaces/65538/pages/from-a-file__300001.json",
    });
    const twin = await put(stack, "/confluence/pages/draft 2.json", { ...body, spaceId: "65538" });
    expect(twin).toMatchObject({ outcome: "rejected", status: 400 });
    expect(await put(stack, page, { title: "x", version: 2 })).toMatchObject({
      outcome: "rejected",
      status: 409,
    });
    expect(await remove(stack, page)).toMatchObject({ outcome: "succeeded" });
    expect(stack.tree.paths().some((path) => path.includes("200004"))).toBe(false);
  });
});

describe("Notion", () => {
  const rowId = "000000c3-51de-4a7c-8f10-000000000002";
  const databaseId = "000000b2-51de-4a7c-8f10-000000000001";
  const row = `/notion/databases/${databaseId}/pages/${rowId}`;

  test("a row is edited by its record and by its parts", async () => {
    const stack = await stackWith("notion");
    const name = { title: [{ text: { content: "Renamed" } }] };
    const outcome = await put(stack, `${row}/meta.json`, { properties: { Name: name } });
    expect(outcome).toMatchObject({ outcome: "succeeded", canonicalPath: `${row}/meta.json` });
    expect(stack.tree.paths()).toContain(`/notion/pages/by-title/renamed__${rowId}.json`);
    expect(await put(stack, `${row}/properties.json`, { Name: name })).toMatchObject({
      outcome: "succeeded",
    });
    expect(await put(stack, `${row}/content.md`, "# Hello")).toMatchObject({ outcome: "succeeded" });
    expect(stack.tree.text(`${row}/content.md`)).toBe("# Hello");
    expect(await put(stack, `${row}/comments.json`, { text: "Nice" })).toMatchObject({
      outcome: "succeeded",
    });
    expect(stack.tree.json(`${row}/comments.json`)).toMatchObject({ kind: "relayfile.receipt" });
    expect(stack.simulator.calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `PATCH /v1/pages/${rowId}`,
      `PATCH /v1/pages/${rowId}`,
      `PATCH /v1/pages/${rowId}/markdown`,
      `GET /v1/pages/${rowId}`,
      "POST /v1/comments",
    ]);
  });

  test("a new row, a text that Notion finds too long, and a page in the trash", async () => {
    const stack = await stackWith("notion");
    const draft = `/notion/databases/${databaseId}/pages/draft 1.json`;
    const title = (content: string) => ({ properties: { Name: { title: [{ text: { content } }] } } });
    const outcome = await put(stack, draft, title("From a file"));
    expect(outcome).toMatchObject({ outcome: "succeeded" });
    expect((outcome as { canonicalPath: string }).canonicalPath).toStartWith(
      `/notion/databases/${databaseId}/pages/`,
    );
    expect(await put(stack, draft, title("x".repeat(2_001)))).toMatchObject({
      outcome: "rejected",
      status: 400,
    });
    expect(await remove(stack, `${row}/meta.json`)).toMatchObject({ outcome: "succeeded" });
    expect(stack.simulator.calls.at(-1)).toMatchObject({ method: "PATCH", body: { archived: true } });
    expect(stack.tree.paths().some((path) => path.startsWith(row))).toBe(false);
    expect(await put(stack, "/notion/pages/draft 1.json", {})).toMatchObject({ outcome: "failed" });
  });
});

describe("Slack", () => {
  const channel = "/slack/channels/C0000000001__general";

  test("messages, replies and direct messages are posted and appear", async () => {
    const stack = await stackWith("slack");
    const outcome = await put(stack, `${channel}/messages/draft 1.json`, { text: "From a file" });
    expect(outcome).toMatchObject({
      outcome: "succeeded",
      canonicalPath: `${channel}/messages/1779267600_000001/meta.json`,
    });
    expect(stack.tree.json(`${channel}/messages/draft 1.json`)).toMatchObject({
      created: "1779267600_000001",
    });
    const reply = await put(stack, `${channel}/messages/1779267600_000001/replies/draft 1.json`, {
      text: "And a reply",
    });
    expect(reply).toMatchObject({ outcome: "succeeded" });
    expect((reply as { canonicalPath: string }).canonicalPath).toStartWith(
      `${channel}/messages/1779267600_000001/replies/`,
    );
    expect(stack.simulator.calls.at(-1)).toMatchObject({
      body: { channel: "C0000000001", thread_ts: "1779267600.000001" },
    });
    expect(
      await put(stack, "/slack/users/U0000000001__ana/messages/a b.json", { text: "psst" }),
    ).toMatchObject({ outcome: "succeeded" });
    expect(stack.simulator.calls.at(-1)).toMatchObject({ body: { channel: "U0000000001" } });
  });

  test("ok: false is a rejection, and posting without ts would be one too", async () => {
    const stack = await stackWith("slack");
    const archived = await put(stack, "/slack/channels/C0000000006__old-project/messages/a b.json", {
      text: "x",
    });
    expect(archived).toMatchObject({ outcome: "rejected", error: "Slack answered is_archived" });
    stack.simulator.failNext("slack", 1, { status: 200, body: { ok: true } });
    expect(await put(stack, `${channel}/messages/a b.json`, { text: "x" })).toMatchObject({
      outcome: "rejected",
    });
  });

  test("errors that pass are tried again, those that say it is done are successes, and a refused delete deletes nothing", async () => {
    const stack = await stackWith("slack");
    const [message = ""] = stack.tree
      .paths()
      .filter((path) => path.startsWith(`${channel}/messages/`) && path.endsWith("/meta.json"));
    const answer = (error: string) =>
      stack.simulator.failNext("slack", 1, { status: 200, body: { ok: false, error } });
    for (const error of ["ratelimited", "internal_error", "service_unavailable"]) {
      answer(error);
      expect(await put(stack, message, { text: "x" })).toMatchObject({ outcome: "retry" });
    }
    answer("cant_delete_message");
    expect(await remove(stack, message)).toMatchObject({
      outcome: "rejected",
      error: "Slack answered cant_delete_message",
    });
    // What lies below the message stays: at Slack it is still there.
    const home = message.slice(0, -"/meta.json".length);
    expect(stack.tree.paths()).toContain(`${home}/reactions/eyes--U0000000001.json`);
    answer("already_reacted");
    expect(await put(stack, `${home}/reactions/a b.json`, { name: "wave" })).toMatchObject({
      outcome: "succeeded",
    });
    answer("message_not_found");
    expect(await remove(stack, message)).toMatchObject({ outcome: "succeeded" });
    expect(stack.tree.paths()).not.toContain(`${home}/reactions/eyes--U0000000001.json`);
  });

  test("a message is edited and deleted, a reaction added and removed", async () => {
    const stack = await stackWith("slack");
    const [message = ""] = stack.tree
      .paths()
      .filter((path) => path.startsWith(`${channel}/messages/`) && path.endsWith("/meta.json"));
    expect(await put(stack, message, { text: "Edited" })).toMatchObject({
      outcome: "succeeded",
      canonicalPath: message,
    });
    expect(stack.tree.json(message)).toMatchObject({ payload: { text: "Edited" } });
    const home = message.slice(0, -"/meta.json".length);
    expect(await put(stack, `${home}/reactions/a b.json`, { name: "wave" })).toMatchObject({
      outcome: "succeeded",
    });
    expect(await remove(stack, `${home}/reactions/eyes--U0000000001.json`)).toMatchObject({
      outcome: "succeeded",
    });
    expect(await remove(stack, message)).toMatchObject({ outcome: "succeeded" });
    expect(stack.simulator.calls.map(({ path }) => path)).toEqual([
      "/chat.update",
      "/reactions.add",
      "/reactions.remove",
      "/chat.delete",
    ]);
    expect(stack.tree.paths().some((path) => path.startsWith(`${home}/`) && path.endsWith("meta.json"))).toBe(
      false,
    );
  });
});
