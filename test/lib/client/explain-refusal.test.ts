import { describe, expect, test } from "bun:test";
import { explainRefusal, type Refusal } from "../../../lib/client/explain-refusal.ts";
import type { FoundToken } from "../../../lib/client/tokens.ts";
import { RelayfileError } from "../../../lib/errors.ts";
import { unsignedToken } from "../../support/client-world.ts";

const A = "rw_aaaaaaaa";
const found = (value: string, source: string, explicit = false): FoundToken => ({
  value,
  source,
  path: source,
  explicit,
  server: null,
  cloud: null,
  foreign: false,
  renewal: null,
});
const FILE = found(unsignedToken({ wks: A }), "~/credentials.json");
const GIVEN = found(unsignedToken({ wks: A }), "env RELAYFILE_TOKEN", true);
const CLOUD = found("cld_at_1", "~/cloud-credentials.json");

function hintOf(
  message: string,
  more: Partial<Refusal["target"]> = {},
  identity: Refusal["identity"] = "workspace",
) {
  const code = /scope|mismatch|ACL|member/.test(message) ? "forbidden" : "unauthorized";
  const target = {
    workspace: { id: "rw_bbbbbbbb", cloudId: null, name: "demo" },
    requestedWorkspace: { value: "demo", source: "--workspace" },
    workspaceToken: FILE,
    cloudToken: CLOUD,
    ...more,
  };
  return explainRefusal({ error: new RelayfileError(code, message), target, identity });
}

describe("explainRefusal()", () => {
  test.each([
    ["token expired", {}, "relayfile workspace join demo"],
    ["unknown jwt kid", {}, "relayfile workspace join demo"],
    ["token expired", { workspaceToken: GIVEN }, "Put a fresh token there: relayfile workspace join demo"],
    ["missing required scope: fs:read", {}, "relayfile workspace join demo"],
    [
      "missing required scope: ops:replay",
      {},
      "relayfile workspace join demo --scope fs:read --scope fs:write --scope sync:read --scope sync:trigger --scope ops:read --scope ops:replay",
    ],
    ["access denied by ACL", {}, "Look at the nearest .relayfile.acl above the path; no other token helps"],
    [
      "workspace mismatch",
      {},
      `relayfile workspace join demo, or ask for the token's own workspace: --workspace ${A}`,
    ],
    [
      "workspace mismatch",
      { requestedWorkspace: { value: "ws_other", source: "env RELAYFILE_WORKSPACE" } },
      `RELAYFILE_WORKSPACE asks for ws_other, the token is for ${A}: unset RELAYFILE_WORKSPACE`,
    ],
  ])("a workspace token: %s", (message, target, hint) => {
    const explained = hintOf(message, target);
    expect(explained.hint).toBe(hint);
    expect(explained.hint).not.toContain("login");
  });

  test("says where the refused credential came from", () => {
    expect(hintOf("token expired", { workspaceToken: GIVEN }).message).toBe(
      "token expired; the workspace token came from env RELAYFILE_TOKEN",
    );
  });

  test("only a refused cloud identity leads to a sign-in", () => {
    expect(hintOf("unknown token", {}, "cloud").hint).toBe("relayfile login");
    expect(hintOf("not a member", {}, "cloud").hint).toContain("Ask an owner");
    const given = hintOf("unknown token", { cloudToken: { ...CLOUD, explicit: true } }, "cloud");
    expect(given.hint).toStartWith("Put a valid cloud token there");
  });

  test("leaves other errors alone", () => {
    const error = new RelayfileError("not_found", "x");
    const target = { workspace: null, requestedWorkspace: null, workspaceToken: null, cloudToken: null };
    expect(explainRefusal({ error, target, identity: "cloud" })).toBe(error);
  });
});
