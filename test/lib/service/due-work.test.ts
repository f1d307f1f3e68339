/** What due work does by the injected clock: receipts stay a day, and deliveries that a crash left open are finished (S14, S21). */
import { describe, expect, test } from "bun:test";
import { PIPELINE } from "../../../lib/limits.ts";
import { RECEIPT_TYPE } from "../../../lib/pipeline/receipts.ts";
import type { Clock } from "../../../lib/ports.ts";
import { bunClock } from "../../../lib/runtime/bun/clock.ts";
import { bunPorts } from "../../../lib/runtime/bun/ports.ts";
import { startStack } from "../../../lib/runtime/bun/stack.ts";
import { insertEnvelope } from "../../../lib/service/store/envelopes.ts";
import { until } from "../../contract/target.ts";
import { type TestStack, testStack } from "../../support/stack.ts";
import { tempDir } from "../../support/temp-dir.ts";
import { testWorkspace } from "../../support/workspace.ts";

/** Real time that a test can move ahead; sleeps and timers stay real. */
function movedClock(): Clock & { ahead(ms: number): void } {
  const real = bunClock();
  let offsetMs = 0;
  return {
    now: () => real.now() + offsetMs,
    monotonicMs: () => real.monotonicMs(),
    sleep: (ms, signal) => real.sleep(ms, signal),
    after: (ms, run) => real.after(ms, run),
    ahead: (ms) => {
      offsetMs += ms;
    },
  };
}

async function call(stack: TestStack, agent: string, method: string, path: string, content?: string) {
  const token = await stack.mint(["fs:read", "fs:write", "ops:read"], { agent, lifetimeMs: 7 * 86_400_000 });
  const response = await stack.fetch(
    new Request(`${stack.fileApiUrl}/v1/workspaces/${stack.workspaceId}/${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "X-Correlation-Id": "r", "If-Match": "*" },
      body: content === undefined ? undefined : JSON.stringify({ content, contentType: "application/json" }),
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  return { status: response.status, body: (await response.json()) as any };
}

describe("due work", () => {
  test("a receipt is there for every agent for 24 hours and is then removed, alone and without a call to the provider (S21)", async () => {
    const clock = movedClock();
    await using stack = await testStack({ providers: ["jira"], portsWith: { clock } });
    const workspace = await stack.workspace();
    const draft = "/jira/projects/project 7d0f3d1e-7a51-4c0e-8f5d-0d6f1f5f2f11.json";
    const at = `fs/file?path=${encodeURIComponent(draft)}`;
    const body = {
      key: "RCPT",
      name: "Receipts",
      projectTypeKey: "software",
      leadAccountId: "5b10a2844c20165700ede21g",
    };
    const { opId } = (await call(stack, "writer", "PUT", at, JSON.stringify(body))).body;
    const op = await until(
      async () => (await call(stack, "writer", "GET", `ops/${opId}`)).body,
      ({ status }) => status === "succeeded" || status === "failed",
    );
    expect(op.status).toBe("succeeded");
    const receiptFor = async (agent: string) => {
      const { status, body: file } = await call(stack, agent, "GET", at);
      return status === 200 ? JSON.parse(file.content) : status;
    };
    for (const agent of ["writer", "another-mount"]) {
      expect(await receiptFor(agent)).toMatchObject({
        kind: "relayfile.receipt",
        opId,
        path: op.providerResult.path,
      });
    }
    const calls = stack.simulator.calls.length;

    clock.ahead(PIPELINE.receiptKeptMs - 60_000);
    const next = await workspace.runDue(clock.now());
    expect(next).toBeLessThanOrEqual(clock.now() + 60_000);
    expect(await receiptFor("another-mount")).toMatchObject({ kind: "relayfile.receipt" });

    clock.ahead(61_000);
    await workspace.runDue(clock.now());
    expect(await receiptFor("another-mount")).toBe(404);
    expect((await call(stack, "writer", "GET", `fs/file?path=${op.providerResult.path}`)).status).toBe(200);
    expect(stack.simulator.calls.length).toBe(calls);
    const events = (await call(stack, "writer", "GET", "fs/events?direction=desc&limit=20")).body.events;
    expect(events).toContainEqual(
      expect.objectContaining({ type: "file.deleted", path: draft, origin: "system" }),
    );
  });

  test("an op that is asked for while due work is under way is due afterwards, not forgotten (S20)", async () => {
    const bytes = new TextEncoder().encode("{}");
    const write = (path: string) => ({ path, bytes, ifMatch: null, identity: null, correlationId: "t" });
    let meanwhile = async () => {};
    await using rig = await testWorkspace({
      pipeline: {
        catalog: [{ id: "jira", displayName: "Jira", vfsRoot: "/jira" }],
        providerOf: () => "jira",
        canExecute: () => true,
        execute: async () => ({ outcome: "succeeded", providerResult: {} }),
        sweepReceipts: async () => {
          await meanwhile();
          return [];
        },
      },
    });
    const { workspace } = rig;
    await workspace.link("jira", "simulator", "conn-1");
    const receipt = { kind: "write", path: "/receipt.json", bytes, contentType: RECEIPT_TYPE } as const;
    await workspace.tree.apply([receipt], { origin: "system", correlationId: "t" });
    meanwhile = async () => {
      await workspace.putFile({ ...write("/jira/a.json"), contentType: "application/json" });
    };
    const now = Date.now() + 2 * PIPELINE.receiptKeptMs;
    const next = await workspace.runDue(now);
    const all = { status: null, action: null, provider: null, cursor: null, limit: 10 };
    const [op] = (await workspace.opsPage(all)).items;
    expect(op).toMatchObject({ path: "/jira/a.json", status: "pending" });
    expect(next).toBeLessThanOrEqual(Date.now());
  });

  test("a file with the type of a receipt that is none stays, and does not keep due work busy", async () => {
    const clock = movedClock();
    await using stack = await testStack({ portsWith: { clock } });
    const workspace = await stack.workspace();
    const bytes = new TextEncoder().encode('{"mine": true}');
    const contentType = "application/vnd.relayfile.receipt+json";
    await workspace.tree.apply([{ kind: "write", path: "/mine.json", bytes, contentType }], {
      origin: "system",
      correlationId: "t",
    });
    clock.ahead(2 * PIPELINE.receiptKeptMs);
    await workspace.runDue(clock.now());
    expect(await workspace.tree.read("/mine.json")).not.toBeNull();
    expect(await workspace.runDue(clock.now())).toBeGreaterThan(clock.now() + 60_000);
  });

  test("a delivery that was claimed when the process died is applied after the next start (S14)", async () => {
    using dir = tempDir("relayfile-crash-");
    const options = { dataDir: dir.join("data"), ports: bunPorts({ env: {} }) };
    const first = await startStack(options);
    const workspace = await first.workspace();
    await workspace.link("jira", "simulator", "conn-1");
    const input = {
      provider: "jira",
      headers: {},
      payload: { webhookEvent: "project_created", project: { id: "901", key: "CRASH", name: "Survivor" } },
      receivedAtMs: Date.now(),
      deliveryId: "crashed",
      correlationId: "c",
    };
    // What a crash leaves: the delivery is claimed durably, and nobody works on it.
    await workspace.context.store.commit((tx) => {
      insertEnvelope(tx, input, "provider");
    });
    await first.stop();

    const second = await startStack(options);
    try {
      const { tree } = await second.workspace();
      const file = await until(
        () => tree.read("/jira/projects/survivor__901.json"),
        (found) => found !== null,
      );
      expect(file).not.toBeNull();
      const again = await (await second.workspace()).ingest(input);
      expect(again.status).toBe("duplicate");
    } finally {
      await second.stop();
    }
  });
});
