/** All 329 real payloads of @octokit/webhooks-examples: each is materialised or not applicable with a reason. */
import { expect, test } from "bun:test";
import examples from "@octokit/webhooks-examples/api.github.com/index.json" with { type: "json" };
import { ingestWebhook } from "../../../lib/pipeline/ingest.ts";
import { memoryTree } from "../../support/memory-tree.ts";
import { pipelineDeps } from "../../support/pipeline.ts";

type Payload = Record<string, unknown>;
const all = (examples as { name: string; examples: Payload[] }[]).flatMap(({ name, examples: payloads }) =>
  payloads.map((payload, index) => ({ event: name, index, payload })),
);

async function ingestAll() {
  const tree = memoryTree();
  const deps = pipelineDeps();
  const outcomes = [];
  for (const { event, index, payload } of all) {
    const outcome = await ingestWebhook(
      tree,
      {
        provider: "github",
        headers: { "X-GitHub-Event": event },
        payload,
        receivedAtMs: 0,
        deliveryId: `${event}-${index}`,
        correlationId: "test",
      },
      deps,
    );
    outcomes.push({ event, index, ...outcome });
  }
  return { tree, outcomes };
}

const { outcomes } = await ingestAll();

test("ingestWebhook() accepts all 329 real GitHub payloads", () => {
  expect(all.length).toBe(329);
  expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
  const silent = outcomes.filter(({ status, reason }) => status !== "applied" && !reason);
  expect(silent).toEqual([]);
});
