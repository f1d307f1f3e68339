import { describe, expect, test } from "bun:test";
import { homeOf } from "../../../lib/client/home.ts";
import {
  findWorkspace,
  readRegistry,
  updateRegistry,
  upsertWorkspace,
} from "../../../lib/client/registry.ts";
import type { RegisteredWorkspace } from "../../../lib/model/workspace.ts";
import { clientWorld } from "../../support/client-world.ts";

const one = (name: string, id: string, more: object = {}): RegisteredWorkspace => ({
  name,
  id,
  createdAt: "t",
  ...more,
});

describe("updateRegistry()", () => {
  test("loses no update when processes write at the same time", async () => {
    using world = clientWorld();
    const script = new URL("../../support/registry-worker.ts", import.meta.url).pathname;
    const workers = ["a", "b", "c"].map((prefix) =>
      Bun.spawn([process.execPath, script, world.home, prefix, "15"]),
    );
    expect(await Promise.all(workers.map((worker) => worker.exited))).toEqual([0, 0, 0]);
    const reading = readRegistry(world.ports.fs, homeOf(world.ports.host));
    const names = reading.state === "ok" ? reading.value.workspaces.map((entry) => entry.name) : [];
    expect(names).toHaveLength(45);
    expect(names).toEqual([...names].sort());
    expect(world.ports.fs.readDir(world.home).map((entry) => entry.name)).toEqual(["workspaces.json"]);
  }, 30_000);

  test("keeps fields it does not know and sorts by name", async () => {
    using world = clientWorld();
    world.write("workspaces.json", {
      future: { a: 1 },
      default: "zoo",
      workspaces: [one("zoo", "rw_zzzzzzzz", { mountKind: "daemon" })],
    });
    await updateRegistry(world.ports, homeOf(world.ports.host), (workspaces) => ({
      workspaces: upsertWorkspace(workspaces, { name: "ant", id: "rw_aaaaaaaa" }, 0),
    }));
    expect(world.read("workspaces.json")).toMatchObject({
      future: { a: 1 },
      default: "zoo",
      workspaces: [{ name: "ant" }, { name: "zoo", mountKind: "daemon" }],
    });
  });

  test("the first workspace becomes the default and a removed default passes on", async () => {
    using world = clientWorld();
    const home = homeOf(world.ports.host);
    const add = (name: string, id: string) =>
      updateRegistry(world.ports, home, (all) => ({ workspaces: upsertWorkspace(all, { name, id }, 0) }));
    expect((await add("b", "1")).default).toBe("b");
    expect((await add("a", "2")).default).toBe("b");
    const after = await updateRegistry(world.ports, home, (all) => ({
      workspaces: all.filter((w) => w.name !== "b"),
    }));
    expect(after.default).toBe("a");
    const empty = await updateRegistry(world.ports, home, () => ({ workspaces: [] }));
    expect(empty.default).toBeUndefined();
  });

  test("refuses to overwrite a damaged registry", async () => {
    using world = clientWorld();
    world.write("workspaces.json", '{"workspaces": [');
    const update = updateRegistry(world.ports, homeOf(world.ports.host), () => ({ workspaces: [] }));
    await expect(update).rejects.toMatchObject({ code: "state_corrupt" });
    expect(new TextDecoder().decode(world.ports.fs.readFile(`${world.home}/workspaces.json`))).toBe(
      '{"workspaces": [',
    );
  });
});

describe("upsertWorkspace()", () => {
  test("knows a workspace again by either of its ids, under a new name", () => {
    const before = [one("old", "uuid-1", { relayWorkspaceId: "rw_1", localDir: "/m" })];
    const after = upsertWorkspace(before, { name: "new", id: "rw_1" }, 0);
    expect(after).toMatchObject([{ name: "new", localDir: "/m", createdAt: "t", relayWorkspaceId: "rw_1" }]);
  });

  test("two workspaces without ids are not the same", () => {
    const before: RegisteredWorkspace[] = [{ name: "x", createdAt: "t" }];
    expect(upsertWorkspace(before, { name: "y" }, 0).map((w) => w.name)).toEqual(["x", "y"]);
  });
});

describe("findWorkspace()", () => {
  const all = [
    one("a", "u1", { relayWorkspaceId: "rw_1" }),
    one("same", "u2"),
    one("same", "u3"),
    one("u1", "u4"),
  ];
  test.each([
    ["a", null, "a"],
    ["rw_1", null, "a"],
    ["u1", null, "a"],
    ["same", "u3", "same"],
  ] as const)("finds %s, ids before names", (text, claim, name) => {
    expect(findWorkspace(all, text, claim)).toMatchObject({ kind: "one", workspace: { name } });
  });
  test("says which ids an ambiguous name has", () => {
    expect(findWorkspace(all, "same")).toEqual({ kind: "ambiguous", ids: ["u2", "u3"] });
    expect(findWorkspace(all, "none")).toEqual({ kind: "none" });
  });
});
