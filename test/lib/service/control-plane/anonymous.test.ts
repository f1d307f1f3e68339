/** Workspaces without a credential (docs/decisions/0120): what they open, and that they open nothing else. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readClaims } from "../../../../lib/model/token.ts";
import { api, type ContractTarget, cloud } from "../../../contract/target.ts";
import { type TestStack, testStack } from "../../../support/stack.ts";

describe("anonymous workspaces", () => {
  let stack: TestStack;
  let target: ContractTarget;
  beforeAll(async () => {
    stack = await testStack();
    target = {
      ...stack,
      token: (scopes, options) => stack.mint(scopes, options),
      cloud: () => stack.cloudSession(),
    };
  });
  afterAll(() => stack.stop());

  const create = async (name: string) =>
    (await cloud(target, "POST", "workspaces", { body: { name } })).body as Record<string, string>;
  const join = (id: string | undefined, scopes?: readonly string[]) =>
    cloud(target, "POST", `workspaces/${id}/join`, { body: { agentName: "a", scopes } });

  test("one can be made, joined by either id and used without a credential", async () => {
    const made = await create("mine");
    for (const id of [made.workspaceId, made.cloudWorkspaceId]) {
      const { body, status } = await join(id);
      expect([status, body.workspaceId]).toEqual([200, made.workspaceId]);
      expect(readClaims(body.token)?.scopes).toEqual(["fs:read", "fs:write"]);
      const path = `/v1/workspaces/${made.workspaceId}/fs/tree`;
      expect((await api(target, "GET", path, { token: body.token })).status).toBe(200);
    }
  });

  test("nothing else opens: other ids, names, administration, deletion", async () => {
    const { workspaceId } = await create("guessable");
    for (const id of [stack.workspaceId, stack.cloudWorkspaceId, "local", "guessable", "rw_nowhere0"])
      expect([id, (await join(id)).status]).toEqual([id, 401]);
    for (const scopes of [["admin:read"], ["fs:read", "admin:replay"], ["relayfile:*:*"], ["*:*:*"]])
      expect([scopes, (await join(workspaceId, scopes)).status]).toEqual([scopes, 403]);
    for (const [method, path] of [
      ["DELETE", `workspaces/${workspaceId}`],
      ["GET", "workspaces"],
      ["GET", `workspaces/${workspaceId}/resolve`],
      ["POST", `workspaces/${workspaceId}/relayfile/delegated-token`],
      ["POST", `workspaces/${workspaceId}/relayfile/mount-session`],
      ["GET", `workspaces/${workspaceId}/integrations`],
    ] as const)
      expect([path, (await cloud(target, method, path, {})).status]).toEqual([path, 401]);
    expect((await cloud(target, "POST", "workspaces", { token: "cld_at_wrong", body: {} })).status).toBe(401);
  });

  test("one of the same name never takes the place of an owned workspace", async () => {
    await create("local");
    const { accessToken } = await stack.cloudSession();
    const found = await cloud(target, "GET", "workspaces/local/resolve", { token: accessToken });
    expect(found.body.relayfileWorkspaceId).toBe(stack.workspaceId);
  });
});
