/** What the mount says while its credential is refused: at once, also when it never worked. */
import { afterEach, expect, test } from "bun:test";
import { error } from "../../support/fake-file-api.ts";
import { MountRig } from "../../support/mount-rig.ts";

let rig: MountRig;
afterEach(() => rig.stop());

test("a token refused from the start is told at once, and forgotten when it is accepted", async () => {
  rig = new MountRig();
  rig.api.put("/a.md", "1");
  rig.api.intercept = () => error(401, "unauthorized", "the token was revoked");
  await rig.start(5_000);
  expect(rig.relay("state.json")).toMatchObject({
    verdict: "degraded",
    verdictReason: "the credential is refused: file API: the token was revoked",
    authProblem: "file API: the token was revoked",
    lastError: { kind: "auth" },
  });
  rig.api.intercept = () => null;
  await rig.clock.advance(60_000);
  expect(rig.relay("state.json")).toMatchObject({ verdict: "ok", lastError: null });
  expect(rig.relay("state.json").authProblem).toBeUndefined();
});

test("uploads that are refused stay told while reading works", async () => {
  rig = new MountRig();
  await rig.start();
  rig.api.intercept = ({ path }) =>
    path.endsWith("/fs/bulk") ? error(401, "unauthorized", "no writing") : null;
  rig.save("a.md", "1");
  await rig.clock.advance(90_000);
  expect(rig.relay("state.json")).toMatchObject({
    verdict: "degraded",
    verdictReason: "the credential is refused: no writing",
  });
  rig.api.intercept = () => null;
  await rig.clock.advance(600_000);
  expect(rig.relay("state.json").verdict).toBe("ok");
});
