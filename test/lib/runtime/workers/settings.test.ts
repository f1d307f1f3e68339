/** Addresses and sign-in of a deployment, from its variables. */
import { describe, expect, test } from "bun:test";
import {
  addressesOf,
  controlPlanePath,
  hostsOf,
  rateLimitOf,
  signInOf,
} from "../../../../lib/runtime/workers/settings.ts";

describe("controlPlanePath()", () => {
  const path = (env: Record<string, string>, url: string) => controlPlanePath(addressesOf(env, url), url);

  test("takes what is below /cloud when nothing is set", () => {
    expect(path({}, "https://x.example/cloud/api/v1/workspaces?a=1")).toBe("/api/v1/workspaces");
    expect(path({}, "https://x.example/cloud")).toBe("/");
    expect(path({}, "https://x.example/cloudy/api")).toBeNull();
    expect(path({}, "https://x.example/v1/workspaces/rw_1/fs/tree")).toBeNull();
  });

  test("tells the services apart by host name when their URLs are set", () => {
    const env = {
      RELAYFILE_FILE_API_URL: "https://files.example/",
      RELAYFILE_CONTROL_PLANE_URL: "https://cloud.example",
    };
    expect(path(env, "https://cloud.example/api/v1/workspaces")).toBe("/api/v1/workspaces");
    expect(path(env, "https://files.example/cloud/api")).toBeNull();
    expect(addressesOf(env, "https://files.example/health")).toEqual({
      fileApiUrl: "https://files.example",
      controlPlaneUrl: "https://cloud.example",
    });
  });

  test("keeps the base path of a set URL", () => {
    const env = { RELAYFILE_CONTROL_PLANE_URL: "https://x.example/a/b/" };
    expect(path(env, "https://x.example/a/b/api/v1/x")).toBe("/api/v1/x");
    expect(path(env, "https://x.example/a/bc")).toBeNull();
  });
});

describe("signInOf()", () => {
  test("is closed until a key is set, and says which", () => {
    expect(signInOf({})).toMatchObject({ kind: "closed", reason: expect.stringContaining("SIGN_IN_KEY") });
    expect(signInOf({ RELAYFILE_SIGN_IN_KEY: "k" })).toEqual({ kind: "key", key: "k" });
  });

  test("is open only where every host is a loopback one", () => {
    const open = (hosts: string) => signInOf({ RELAYFILE_SIGN_IN: "open", RELAYFILE_HOSTS: hosts }).kind;
    expect(open("127.0.0.1:8787,localhost:8787")).toBe("open");
    expect(open("127.0.0.1:8787,files.example")).toBe("closed");
    expect(open("127.0.0.1.evil.example")).toBe("closed");
    expect(signInOf({ RELAYFILE_SIGN_IN: "open" }).kind).toBe("closed");
  });
});

describe("hostsOf()", () => {
  test("is null when unset or blank, else the names in lower case", () => {
    expect(hostsOf({})).toBeNull();
    expect(hostsOf({ RELAYFILE_HOSTS: " , " })).toBeNull();
    expect(hostsOf({ RELAYFILE_HOSTS: "LocalHost:1, 127.0.0.1:1" })).toEqual(["localhost:1", "127.0.0.1:1"]);
  });
});

describe("rateLimitOf()", () => {
  test("is the default unless a whole number is set; 0 means none", () => {
    const max = (text?: string) => rateLimitOf({ RELAYFILE_RATE_LIMIT: text }).max;
    expect([max(), max("many"), max("-1"), max("500"), max("0")]).toEqual([10_000, 10_000, 10_000, 500, 0]);
  });
});
