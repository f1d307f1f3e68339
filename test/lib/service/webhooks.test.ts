/** Signed provider webhooks, without a bearer. */
import { expect, test } from "bun:test";
import { bunPorts } from "../../../lib/runtime/bun/ports.ts";
import { testStack } from "../../support/stack.ts";

test("a webhook with the provider's own signature needs no bearer", async () => {
  const secret = "s3cret-of-the-hook";
  const host = { ...bunPorts({ env: {} }).host, env: { RELAYFILE_GITHUB_WEBHOOK_SECRET: secret } };
  await using stack = await testStack({ portsWith: { host } });
  const body = JSON.stringify({ zen: "Keep it logically awesome", hook_id: 1 });
  const deliver = (signature: string) =>
    stack.fetch(
      new Request(`${stack.controlPlaneUrl}/api/v1/workspaces/${stack.workspaceId}/webhooks/github`, {
        method: "POST",
        headers: { "X-GitHub-Event": "ping", "X-GitHub-Delivery": "p1", "X-Hub-Signature-256": signature },
        body,
      }),
    );
  const hmac = new Bun.CryptoHasher("sha256", secret).update(body).digest("hex");
  expect((await deliver(`sha256=${hmac}`)).status).toBe(200);
  expect((await deliver(`sha256=${hmac.replace(/^./, (c) => (c === "0" ? "1" : "0"))}`)).status).toBe(401);
  expect((await deliver("sha1=x")).status).toBe(401);
});
