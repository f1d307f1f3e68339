/** What happens to an agent's edit when the provider writes over it (spec file-api 13.1 #14). */
import { describe, expect, test } from "bun:test";
import { conflictCopyPath } from "../../../../lib/service/workspace/losers.ts";
import { testWorkspace } from "../../../support/workspace.ts";

const encoder = new TextEncoder();
const PATH = "/jira/issues/A.json";

async function rig(options: { connected: boolean }) {
  const made = await testWorkspace({
    pipeline: {
      catalog: [{ id: "jira", displayName: "Jira", vfsRoot: "/jira" }],
      providerOf: (path) => (path.startsWith("/jira/") ? "jira" : ""),
    },
  });
  const { workspace } = made;
  if (options.connected) await workspace.connect("jira", "external");
  const edit = async (content: string) => {
    const { op } = await workspace.putFile({
      path: PATH,
      bytes: encoder.encode(content),
      contentType: "application/json",
      ifMatch: "*",
      identity: null,
      correlationId: "edit",
    });
    return op;
  };
  const provider = (content: string | null) =>
    workspace.tree.apply(
      [
        content === null
          ? { kind: "delete", path: PATH }
          : { kind: "write", path: PATH, bytes: encoder.encode(content), contentType: "application/json" },
      ],
      { origin: "provider_sync", correlationId: "sync", provider: "jira" },
    );
  const end = (opId: string, success: boolean) =>
    workspace.acknowledgeOp(opId, {
      success,
      error: null,
      externalId: null,
      canonicalPath: null,
      providerResult: null,
    });
  const names = async () => (await workspace.tree.list("/jira")).map(({ path }) => path);
  const content = async (path: string) => (await workspace.readFile(path)).content;
  return { ...made, edit, provider, end, names, content };
}
const opId = (op: { seq: number }) => `op_${op.seq}`;

describe("keepingLosers()", () => {
  test("keeps an edit of an unconnected provider's file when the provider writes it", async () => {
    await using it = await rig({ connected: false });
    const op = await it.edit("mine");
    await it.provider("theirs");
    const copy = `${PATH}.conflict-${op.revision}`;
    expect(await it.names()).toEqual([PATH, copy]);
    expect([await it.content(PATH), await it.content(copy)]).toEqual(["theirs", "mine"]);
  });

  test("keeps large content and an edit whose record the provider deletes", async () => {
    await using it = await rig({ connected: false });
    const large = "x".repeat(100_000);
    const op = await it.edit(large);
    await it.provider(null);
    const copy = `${PATH}.conflict-${op.revision}`;
    expect(await it.names()).toEqual([copy]);
    expect(await it.content(copy)).toBe(large);
  });

  test("keeps an edit that the provider refused before", async () => {
    await using it = await rig({ connected: true });
    const op = await it.edit("mine");
    await it.end(opId(op), false);
    await it.provider("theirs");
    expect(await it.content(`${PATH}.conflict-${op.revision}`)).toBe("mine");
  });

  test("keeps nothing when the provider took the edit, repeats it, or it is still on its way", async () => {
    await using it = await rig({ connected: true });
    await it.end(opId(await it.edit("taken")), true);
    await it.provider("theirs");
    const refused = await it.edit("same");
    await it.end(opId(refused), false);
    await it.provider("same");
    await it.edit("on its way");
    await it.provider("newer");
    expect(await it.names()).toEqual([PATH]);
  });

  test("keeps the loser of the generic webhook too", async () => {
    await using it = await rig({ connected: false });
    const op = await it.edit("mine");
    await it.workspace.ingestFile({
      provider: "jira",
      headers: {},
      payload: {
        eventType: "file.updated",
        path: PATH,
        happenedAtMs: 1,
        content: "theirs",
        encoding: undefined,
        contentType: "application/json",
        objectId: null,
        semantics: undefined,
        origin: null,
        opId: null,
      },
      receivedAtMs: 1,
      deliveryId: "d1",
      correlationId: "hook",
    });
    expect(await it.content(`${PATH}.conflict-${op.revision}`)).toBe("mine");
  });
});

describe("keepRefused()", () => {
  test("keeps an edit that was overwritten on its way and then refused", async () => {
    await using it = await rig({ connected: true });
    const op = await it.edit("mine");
    await it.provider("theirs");
    await it.end(opId(op), false);
    expect(await it.content(`${PATH}.conflict-${op.revision}`)).toBe("mine");
  });

  test("leaves alone what the agent itself replaced", async () => {
    await using it = await rig({ connected: true });
    const first = await it.edit("one");
    await it.edit("two");
    await it.end(opId(first), false);
    expect(await it.names()).toEqual([PATH]);
  });
});

describe("isConflictCopy()", () => {
  test("makes changes of a copy local, so that it can be thrown away", async () => {
    await using it = await rig({ connected: true });
    const op = await it.edit("mine");
    await it.end(opId(op), false);
    await it.provider("theirs");
    const { op: gone } = await it.workspace.deleteFile({
      path: `${PATH}.conflict-${op.revision}`,
      ifMatch: "*",
      correlationId: "tidy",
    });
    expect(gone).toMatchObject({ provider: "", status: "succeeded" });
  });
});

describe("conflictCopyPath()", () => {
  test("cuts a name that would be too long, by whole characters", () => {
    const path = conflictCopyPath(`/a/${"é".repeat(99)}`, 123);
    const name = path.slice("/a/".length);
    expect(name).toMatch(/^é+\.conflict-rev_123$/);
    expect(encoder.encode(name).byteLength).toBeLessThanOrEqual(200);
  });
});
