import { describe, expect, test } from "bun:test";
import {
  requireBaseUrl,
  requireWorkspace,
  resolveTarget,
  type TargetFlags,
} from "../../../lib/client/target.ts";
import { DEFAULT_URLS } from "../../../lib/model/credentials.ts";
import type { Env } from "../../../lib/ports.ts";
import { type ClientWorld, clientWorld, json, routes, unsignedToken } from "../../support/client-world.ts";

const A = "rw_aaaaaaaa";
const B = "rw_bbbbbbbb";
const UUID = "11111111-2222-4333-8444-555555555555";
const LATER = "2026-05-21T12:00:00Z";
const tokenOf = (wks: string) => unsignedToken({ wks, scopes: ["fs:read"] });
const cloudFile = (apiUrl: string) => ({
  apiUrl,
  accessToken: "cld_at_file",
  refreshToken: "cld_rt_file",
  accessTokenExpiresAt: LATER,
});

interface Case {
  readonly name: string;
  readonly flags?: TargetFlags;
  readonly env?: Env;
  /** Files below the home directory. */
  readonly files?: Record<string, unknown>;
  readonly expect: Record<string, unknown>;
}

/** Values of a target by dotted path, so that a case lists only what it is about. */
async function resolved(one: Case, world: ClientWorld): Promise<Record<string, unknown>> {
  for (const [name, content] of Object.entries(one.files ?? {})) world.write(name, content);
  const target = await resolveTarget(one.flags ?? {}, world.ports, { lookup: false });
  const relative = (text: unknown) =>
    typeof text === "string" ? text.replaceAll(world.home, "~").replaceAll(world.dir.path, ".") : text;
  const flat: Record<string, unknown> = {
    fileApiUrl: target.fileApiUrl,
    controlPlaneUrl: target.controlPlaneUrl,
    workspace: target.workspace?.id ?? null,
    name: target.workspace?.name ?? null,
    cloudId: target.workspace?.cloudId ?? null,
    token: target.workspaceToken?.value ?? null,
    cloudToken: target.cloudToken?.value ?? null,
    mountDir: relative(target.mountDir),
  };
  for (const [key, source] of Object.entries(target.sources)) flat[`${key} from`] = relative(source);
  for (const [key, problem] of Object.entries(target.problems)) flat[`${key} problem`] = problem?.code;
  return flat;
}

const CASES: Case[] = [
  {
    name: "nothing is configured",
    expect: {
      fileApiUrl: DEFAULT_URLS.fileApi,
      controlPlaneUrl: DEFAULT_URLS.controlPlane,
      "fileApiUrl from": "default",
      "controlPlaneUrl from": "default",
      workspace: null,
      token: null,
      cloudToken: null,
      mountDir: null,
    },
  },
  {
    name: "a flag names the file API over every variable and file",
    flags: { fileApi: "http://flag:1/" },
    env: { RELAYFILE_BASE_URL: "http://base:1", RELAYFILE_SERVER: "http://server:1" },
    files: { "credentials.json": { server: "http://file:1", token: tokenOf(A) } },
    expect: { fileApiUrl: "http://flag:1", "fileApiUrl from": "--file-api" },
  },
  {
    name: "RELAYFILE_BASE_URL comes before RELAYFILE_SERVER",
    env: { RELAYFILE_BASE_URL: "http://base:1", RELAYFILE_SERVER: "http://server:1" },
    expect: { fileApiUrl: "http://base:1", "fileApiUrl from": "env RELAYFILE_BASE_URL" },
  },
  {
    name: "RELAYFILE_SERVER comes before the credential file",
    env: { RELAYFILE_BASE_URL: "", RELAYFILE_SERVER: "http://server:1" },
    files: { "credentials.json": { server: "http://file:1", token: tokenOf(A) } },
    expect: { fileApiUrl: "http://server:1", "fileApiUrl from": "env RELAYFILE_SERVER" },
  },
  {
    name: "the credential file names server, token and workspace",
    files: { "credentials.json": { server: "http://file:1/", token: tokenOf(A) } },
    expect: {
      fileApiUrl: "http://file:1",
      "fileApiUrl from": "~/credentials.json",
      token: tokenOf(A),
      workspace: A,
      "workspace from": "workspace claim of ~/credentials.json",
    },
  },
  {
    name: "a flag names the control plane over every variable and file",
    flags: { controlPlane: "http://flag:1/cloud" },
    env: { RELAYFILE_CLOUD_API_URL: "http://one:1", CLOUD_API_URL: "http://two:1" },
    files: { "cloud-credentials.json": cloudFile("http://file:1/cloud") },
    expect: { controlPlaneUrl: "http://flag:1/cloud", "controlPlaneUrl from": "--control-plane" },
  },
  {
    name: "RELAYFILE_CLOUD_API_URL comes before CLOUD_API_URL",
    env: { RELAYFILE_CLOUD_API_URL: "http://one:1", CLOUD_API_URL: "http://two:1" },
    expect: { controlPlaneUrl: "http://one:1", "controlPlaneUrl from": "env RELAYFILE_CLOUD_API_URL" },
  },
  {
    name: "CLOUD_API_URL comes before the credential file",
    env: { CLOUD_API_URL: "http://two:1" },
    files: { "cloud-credentials.json": cloudFile("http://file:1/cloud") },
    expect: { controlPlaneUrl: "http://two:1", "controlPlaneUrl from": "env CLOUD_API_URL" },
  },
  {
    name: "the cloud credential file names control plane and token",
    files: { "cloud-credentials.json": cloudFile("http://file:1/cloud") },
    expect: {
      controlPlaneUrl: "http://file:1/cloud",
      "controlPlaneUrl from": "~/cloud-credentials.json",
      cloudToken: "cld_at_file",
      "cloudToken from": "~/cloud-credentials.json",
    },
  },
  {
    name: "a cloud token file flag beats the variables",
    flags: { cloudTokenFile: "home/cloud.txt" },
    env: { RELAYFILE_CLOUD_TOKEN_FILE: "/nowhere", RELAYFILE_CLOUD_TOKEN: "cld_at_env" },
    files: { "cloud.txt": "cld_at_flag\n" },
    expect: { cloudToken: "cld_at_flag", "cloudToken from": "--cloud-token-file home/cloud.txt" },
  },
  {
    name: "RELAYFILE_CLOUD_TOKEN beats the credential file and leaves its URL alone",
    env: { RELAYFILE_CLOUD_TOKEN: "cld_at_env" },
    files: { "cloud-credentials.json": cloudFile("http://file:1/cloud") },
    expect: {
      cloudToken: "cld_at_env",
      "cloudToken from": "env RELAYFILE_CLOUD_TOKEN",
      controlPlaneUrl: DEFAULT_URLS.controlPlane,
    },
  },
  {
    name: "a token file flag beats RELAYFILE_TOKEN_FILE and RELAYFILE_TOKEN",
    flags: { tokenFile: "home/t.txt" },
    env: { RELAYFILE_TOKEN_FILE: "/nowhere", RELAYFILE_TOKEN: "env" },
    files: { "t.txt": tokenOf(B), "credentials.json": { server: "http://file:1", token: tokenOf(A) } },
    expect: { token: tokenOf(B), workspace: B, fileApiUrl: DEFAULT_URLS.fileApi },
  },
  {
    name: "RELAYFILE_TOKEN_FILE beats RELAYFILE_TOKEN and brings its server",
    env: { RELAYFILE_TOKEN_FILE: "home/t.json", RELAYFILE_TOKEN: "env" },
    files: { "t.json": { server: "http://tokenfile:1", token: tokenOf(B) } },
    expect: {
      token: tokenOf(B),
      "workspaceToken from": "env RELAYFILE_TOKEN_FILE home/t.json",
      fileApiUrl: "http://tokenfile:1",
    },
  },
  {
    name: "RELAYFILE_TOKEN beats the credential file",
    env: { RELAYFILE_TOKEN: tokenOf(B) },
    files: { "credentials.json": { server: "http://file:1", token: tokenOf(A) } },
    expect: { token: tokenOf(B), "workspaceToken from": "env RELAYFILE_TOKEN", workspace: B },
  },
  {
    name: "a broken token file named by a flag hides no other credential behind it",
    flags: { tokenFile: "home/missing.txt" },
    files: { "credentials.json": { server: "http://file:1", token: tokenOf(A) } },
    expect: { token: null, "workspaceToken problem": "invalid_input" },
  },
  {
    name: "a cloud credential file given as token file is read as what it is and moves no URL",
    flags: { tokenFile: "home/cloud.json" },
    files: { "cloud.json": cloudFile("http://file:1/cloud") },
    expect: { token: "cld_at_file", fileApiUrl: DEFAULT_URLS.fileApi },
  },
  {
    name: "a damaged credential file is a problem, not a crash",
    files: { "credentials.json": '{"server": "http://x", "tok', "cloud-credentials.json": "[]" },
    expect: {
      token: null,
      cloudToken: null,
      "workspaceToken problem": "state_corrupt",
      "cloudToken problem": "state_corrupt",
    },
  },
  {
    name: "a workspace flag beats the variable, the claim and the default",
    flags: { workspace: "beta" },
    env: { RELAYFILE_WORKSPACE: "alpha" },
    files: {
      "credentials.json": { server: "http://file:1", token: tokenOf(A) },
      "workspaces.json": registry("alpha"),
    },
    expect: { workspace: B, name: "beta", "workspace from": "--workspace" },
  },
  {
    name: "RELAYFILE_WORKSPACE beats the claim",
    env: { RELAYFILE_WORKSPACE: "beta" },
    files: {
      "credentials.json": { server: "http://file:1", token: tokenOf(A) },
      "workspaces.json": registry("alpha"),
    },
    expect: { workspace: B, "workspace from": "env RELAYFILE_WORKSPACE" },
  },
  {
    name: "the claim beats the default of the registry",
    files: {
      "credentials.json": { server: "http://file:1", token: tokenOf(A) },
      "workspaces.json": registry("beta"),
    },
    expect: { workspace: A, name: "alpha", mountDir: "/mirrors/alpha" },
  },
  {
    name: "without a token the default of the registry is meant",
    files: { "workspaces.json": registry("beta") },
    expect: { workspace: B, cloudId: UUID, "workspace from": "default of ~/workspaces.json" },
  },
  {
    name: "the registered server and control plane are used before the defaults",
    files: { "workspaces.json": registry("beta") },
    expect: {
      fileApiUrl: "http://registered:1",
      "fileApiUrl from": "~/workspaces.json",
      controlPlaneUrl: "http://registered:1/cloud",
    },
  },
  {
    name: "a UUID in the registry becomes the id for file API paths",
    flags: { workspace: UUID },
    files: { "workspaces.json": registry("alpha") },
    expect: { workspace: B, cloudId: UUID },
  },
  {
    name: "the kept token of another workspace is taken over the current one's",
    flags: { workspace: "beta" },
    files: {
      "credentials.json": { server: "http://file:1", token: tokenOf(A) },
      [`tokens/${B}.json`]: { server: "http://kept:1", token: tokenOf(B) },
      "workspaces.json": registry("alpha"),
    },
    expect: { token: tokenOf(B), fileApiUrl: "http://kept:1" },
  },
  {
    name: "the current token stays visible when no other is kept, but not its server",
    flags: { workspace: "beta" },
    files: {
      "credentials.json": { server: "http://file:1", token: tokenOf(A) },
      "workspaces.json": registry("alpha"),
    },
    expect: { token: tokenOf(A), workspace: B, fileApiUrl: "http://registered:1" },
  },
  {
    name: "an unregistered rw_ id is used as it is",
    flags: { workspace: "rw_cccccccc" },
    expect: { workspace: "rw_cccccccc", name: null },
  },
  {
    name: "an unknown name is a problem of the workspace alone",
    flags: { workspace: "gamma" },
    expect: { workspace: null, "workspace problem": "workspace_not_found", fileApiUrl: DEFAULT_URLS.fileApi },
  },
  {
    name: "a name with two ids is ambiguous unless the token decides",
    flags: { workspace: "same" },
    files: { "workspaces.json": { workspaces: [entry("same", A), entry("same", B)] } },
    expect: { workspace: null, "workspace problem": "workspace_required" },
  },
  {
    name: "the token decides between equal names",
    flags: { workspace: "same" },
    env: { RELAYFILE_TOKEN: tokenOf(B) },
    files: { "workspaces.json": { workspaces: [entry("same", A), entry("same", B)] } },
    expect: { workspace: B },
  },
  {
    name: "a mount flag beats the registered directory and is made absolute",
    flags: { mount: "mirror" },
    files: { "workspaces.json": registry("alpha") },
    expect: { mountDir: "./mirror", "mountDir from": "--mount" },
  },
];

function entry(name: string, id: string) {
  return { name, id, createdAt: "2026-05-01T00:00:00Z" };
}

function registry(chosen: string) {
  return {
    default: chosen,
    workspaces: [
      { ...entry("alpha", A), localDir: "/mirrors/alpha" },
      {
        ...entry("beta", UUID),
        relayWorkspaceId: B,
        server: "http://registered:1",
        cloudApiUrl: "http://registered:1/cloud",
      },
    ],
  };
}

describe("resolveTarget()", () => {
  for (const one of CASES) {
    test(`takes the first hit when ${one.name}`, async () => {
      using world = clientWorld({ env: one.env });
      expect(await resolved(one, world)).toMatchObject(one.expect);
      expect(world.requests).toHaveLength(0);
    });
  }

  test("works without any home directory", async () => {
    using world = clientWorld({ withHome: false, env: {} });
    const target = await resolveTarget({}, world.ports);
    expect(target.home.dir).toBeNull();
    expect(target).toMatchObject({ workspace: null, workspaceToken: null, cloudToken: null });
  });

  test("asks the control plane for a name that nothing local knows", async () => {
    const fetch = routes({
      "GET /cloud/api/v1/workspaces": () => json({ workspaces: [{ id: UUID, name: "gamma" }] }),
      [`GET /cloud/api/v1/workspaces/${UUID}/resolve`]: () =>
        json({ cloudWorkspaceId: UUID, relayfileWorkspaceId: B, name: "gamma" }),
    });
    using world = clientWorld({ fetch, env: { RELAYFILE_CLOUD_TOKEN: "cld_at_x" } });
    const flags = { workspace: "gamma", controlPlane: "http://127.0.0.1:1/cloud" };
    const target = await resolveTarget(flags, world.ports);
    expect(target.workspace).toMatchObject({ id: B, cloudId: UUID, name: "gamma" });
    expect(world.requests.every((one) => one.headers.get("authorization") === "Bearer cld_at_x")).toBe(true);
  });

  test("sends no session of one control plane to another", async () => {
    using world = clientWorld({ fetch: async () => json({}) });
    world.write("cloud-credentials.json", cloudFile("https://one.example/cloud"));
    const target = await resolveTarget(
      { workspace: "gamma", controlPlane: "https://two.example/cloud" },
      world.ports,
    );
    expect(world.requests).toHaveLength(0);
    expect(() => requireWorkspace(target)).toThrow("no workspace gamma is registered here");
  });

  test("uses another tool's session only while it lives and only without RELAYFILE_HOME", async () => {
    using world = clientWorld({ withHome: false, env: {} });
    const userDir = world.dir.path;
    const path = `${userDir}/.agentworkforce/relay/cloud-auth.json`;
    world.ports.fs.makeDir(path.slice(0, path.lastIndexOf("/")));
    world.ports.fs.writeFile(path, new TextEncoder().encode(JSON.stringify(cloudFile("https://c.example"))));
    const ports = { ...world.ports, host: { ...world.ports.host, homeDir: userDir } };
    expect((await resolveTarget({}, ports)).cloudToken).toMatchObject({
      foreign: true,
      value: "cld_at_file",
    });
    await world.clock.advance(48 * 3_600_000);
    expect((await resolveTarget({}, ports)).cloudToken).toBeNull();
    const isolated = { ...ports, host: { ...ports.host, env: { RELAYFILE_HOME: world.home } } };
    expect((await resolveTarget({}, isolated)).cloudToken).toBeNull();
  });
});

describe("requireBaseUrl()", () => {
  test.each(["nonsense", "ftp://x", "http://user:pw@host", "https://host/?a=b", "https://host/#x", ""])(
    "refuses %p without repeating a secret",
    (url) => {
      expect(() => requireBaseUrl(url, "--file-api")).toThrow("--file-api is not a plain http(s) URL");
      try {
        requireBaseUrl(url, "--file-api");
      } catch (thrown) {
        expect(String(thrown)).not.toContain("pw");
      }
    },
  );
});
