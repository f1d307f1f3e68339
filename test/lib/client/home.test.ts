import { describe, expect, test } from "bun:test";
import {
  homeOf,
  readCloudCredentials,
  readTokenFile,
  readWorkspaceCredentials,
  requireHome,
  writePrivateJson,
} from "../../../lib/client/home.ts";
import { clientWorld } from "../../support/client-world.ts";

const WORKSPACE = { server: "http://x", token: "t" };
const CLOUD = {
  apiUrl: "http://x",
  accessToken: "cld_at_1",
  refreshToken: "cld_rt_1",
  accessTokenExpiresAt: "2026-01-01T00:00:00Z",
};

describe("readWorkspaceCredentials()", () => {
  const table: [name: string, content: string | Uint8Array, state: string, problem: RegExp | null][] = [
    ["the documented shape", JSON.stringify({ ...WORKSPACE, updatedAt: "x", extra: 1 }), "ok", null],
    ["an empty file", "", "invalid", /not valid JSON/],
    ["half JSON", '{"server":"http://x","token":"sec', "invalid", /not valid JSON/],
    ["a list", "[]", "invalid", /expected object/],
    ["a missing field", '{"server":"http://x"}', "invalid", /^token: /],
    ["a wrong type", '{"server":"http://x","token":7}', "invalid", /^token: /],
    ["bytes that are no text", new Uint8Array([0x7b, 0xff, 0xfe]), "invalid", /not UTF-8/],
    ["two megabytes", " ".repeat(2 * 1024 * 1024), "invalid", /the limit is/],
  ];
  test.each(table)("gives a reading of %s", (_name, content, state, problem) => {
    using world = clientWorld();
    const path = world.write("credentials.json", "");
    world.ports.fs.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
    const reading = readWorkspaceCredentials(world.ports.fs, path);
    expect(reading.state).toBe(state as "ok");
    if (problem !== null) expect("problem" in reading ? reading.problem : "").toMatch(problem);
    expect(JSON.stringify(reading)).not.toContain('"sec');
  });

  test("is missing below a file and unreadable for a directory", () => {
    using world = clientWorld();
    const path = world.write("credentials.json", JSON.stringify(WORKSPACE));
    expect(readWorkspaceCredentials(world.ports.fs, `${path}/deeper`).state).toBe("missing");
    expect(readWorkspaceCredentials(world.ports.fs, world.home)).toMatchObject({ state: "unreadable" });
    expect(readWorkspaceCredentials(world.ports.fs, `${world.home}/none`).state).toBe("missing");
  });

  test("sees a mode that others can use", () => {
    using world = clientWorld();
    const path = world.write("credentials.json", JSON.stringify(WORKSPACE));
    expect(readWorkspaceCredentials(world.ports.fs, path)).toMatchObject({ state: "ok", loose: false });
    world.ports.fs.chmod(path, 0o644);
    expect(readWorkspaceCredentials(world.ports.fs, path)).toMatchObject({ state: "ok", loose: true });
  });
});

describe("readTokenFile()", () => {
  const table: [name: string, content: string, expected: object][] = [
    ["a bare token", " eyJ.a.b \n", { state: "ok", value: { token: "eyJ.a.b", server: null, cloud: null } }],
    [
      "credentials.json",
      JSON.stringify(WORKSPACE),
      { state: "ok", value: { token: "t", server: "http://x" } },
    ],
    [
      "cloud-credentials.json",
      JSON.stringify(CLOUD),
      { state: "ok", value: { token: "cld_at_1", cloud: CLOUD } },
    ],
    ["an empty file", "\n", { state: "invalid", problem: "the file is empty" }],
    ["a sentence", "no token here", { state: "invalid" }],
    ["another document", '{"a":1}', { state: "invalid" }],
    ["half JSON", '{"token":', { state: "invalid", problem: "not valid JSON" }],
  ];
  test.each(table)("accepts or names %s", (_name, content, expected) => {
    using world = clientWorld();
    const path = world.write("token", content);
    expect(readTokenFile(world.ports.fs, path)).toMatchObject(expected);
  });
});

describe("writePrivateJson()", () => {
  test("creates 0600 files in a 0700 directory and leaves no temporary file", () => {
    using world = clientWorld();
    const path = `${world.home}/cloud-credentials.json`;
    writePrivateJson(world.ports, path, CLOUD);
    writePrivateJson(world.ports, path, { ...CLOUD, accessToken: "cld_at_2" });
    expect(world.ports.fs.lstat(path)?.mode).toBe(0o600);
    expect(world.ports.fs.lstat(world.home)?.mode).toBe(0o700);
    expect(world.ports.fs.readDir(world.home).map((one) => one.name)).toEqual(["cloud-credentials.json"]);
    expect(readCloudCredentials(world.ports.fs, path)).toMatchObject({ value: { accessToken: "cld_at_2" } });
  });

  test("keeps the old content and says why when it cannot write", () => {
    using world = clientWorld();
    world.write("file", "x");
    expect(() => writePrivateJson(world.ports, `${world.home}/file/below.json`, {})).toThrow("cannot write");
  });
});

describe("homeOf()", () => {
  test("needs a home directory only when a file is needed", () => {
    const home = homeOf({ env: {}, homeDir: null });
    expect(home.dir).toBeNull();
    expect(() => requireHome(home)).toThrow("no home directory is known");
  });

  test("RELAYFILE_HOME moves the files and hides those of other tools", () => {
    expect(homeOf({ env: { RELAYFILE_HOME: "/tmp/x" }, homeDir: "/u" })).toMatchObject({
      dir: "/tmp/x",
      userDir: null,
    });
    expect(homeOf({ env: { RELAYFILE_HOME: "" }, homeDir: "/u" })).toMatchObject({
      dir: "/u/.relayfile",
    });
  });
});
