/** The original's seeder, which fills a workspace from a directory and writes its permission rules. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { RelayFileApiError, RelayFileClient } from "@relayfile/sdk";
import {
  createWorkspaceIfNeeded,
  seedAclRules,
  seedWorkflowAcls,
  seedWorkspace,
  seedWorkspaceTar,
} from "@relayfile/sdk/workspace-seeder";
import { type TestStack, testStack } from "../support/stack.ts";
import { tempDir } from "../support/temp-dir.ts";

let stack: TestStack;
let token: string;
const project = tempDir("relayfile-seed-");
beforeAll(async () => {
  stack = await testStack();
  token = await stack.mint(["fs:read", "fs:write"]);
  mkdirSync(project.join("src"));
  mkdirSync(project.join("node_modules"));
  for (let n = 0; n < 120; n++) writeFileSync(project.join("src", `f${n}.ts`), `export const n = ${n};\n`);
  writeFileSync(project.join("logo.png"), new Uint8Array([0x89, 0x50, 0xff, 0x00]));
  writeFileSync(project.join("node_modules", "left-out.js"), "x");
});
afterAll(async () => {
  await stack.stop();
  project.remove();
});

const clientOf = async (agent: string) =>
  new RelayFileClient({
    baseUrl: stack.fileApiUrl,
    token: await stack.mint(["fs:read", "fs:write"], { agent }),
    readCache: false,
  });

describe("workspace-seeder", () => {
  test("createWorkspaceIfNeeded finds the workspace of its token", async () => {
    await createWorkspaceIfNeeded(stack.fileApiUrl, token, stack.workspaceId);
  });

  test("seedWorkspace writes a directory in batches, text and binary", async () => {
    expect(await seedWorkspace(stack.fileApiUrl, token, stack.workspaceId, project.path, [])).toBe(121);
    const client = await clientOf("reader");
    expect((await client.readFile(stack.workspaceId, "/src/f7.ts")).content).toBe("export const n = 7;\n");
    const logo = await client.readFile(stack.workspaceId, "/logo.png");
    expect([logo.encoding, Uint8Array.fromBase64(logo.content)]).toEqual([
      "base64",
      new Uint8Array([0x89, 0x50, 0xff, 0x00]),
    ]);
  });

  test("seedWorkspaceTar falls back to batches, as it does where imports are not built", async () => {
    expect(await seedWorkspaceTar(stack.fileApiUrl, token, stack.workspaceId, project.path, [])).toBe(121);
  });

  test("seedWorkflowAcls and seedAclRules confine agents to what their rules say", async () => {
    await seedWorkflowAcls({
      relayfileUrl: stack.fileApiUrl,
      adminToken: token,
      workspace: stack.workspaceId,
      agents: [
        { name: "writer", acl: { "/src": ["write"] } },
        { name: "outsider", acl: {} },
      ],
    });
    await seedAclRules(stack.fileApiUrl, token, stack.workspaceId, {
      "/private": ["allow:agent:writer:read"],
    });
    const [writer, outsider] = [await clientOf("writer"), await clientOf("outsider")];
    const ws = stack.workspaceId;
    expect((await writer.readFile(ws, "/src/f1.ts")).content).toContain("n = 1");
    await writer.writeFile({ workspaceId: ws, path: "/private/a.md", baseRevision: "0", content: "a" });
    for (const path of ["/src/f1.ts", "/private/a.md"]) {
      const error = await outsider.readFile(ws, path).then(
        () => null,
        (thrown) => thrown,
      );
      expect(error).toBeInstanceOf(RelayFileApiError);
      expect([path, error.status]).toEqual([path, 403]);
    }
    const seen = (await outsider.listTree(ws, { depth: 5 })).entries.map(({ path }) => path);
    expect(seen.filter((path) => !path.startsWith("/digests"))).toEqual(["/logo.png"]);
  });
});
