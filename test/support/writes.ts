/** Writes files as an agent would and performs their ops against the simulated providers. */
import { executeWriteback, type OpOutcome } from "../../lib/pipeline/execute.ts";
import { deliver, GITHUB_PAYLOADS, type PipelineStack, pipelineStack, syncAll } from "./seeded-tree.ts";

/** A JSON object. */
export type Body = Record<string, unknown>;

/** A stack that holds these providers' seeds and has recorded no call yet. */
export async function stackWith(...providers: string[]): Promise<PipelineStack> {
  const stack = pipelineStack();
  if (providers.includes("github")) {
    for (const payload of GITHUB_PAYLOADS) await deliver(stack, payload);
  }
  for (const provider of providers) if (provider !== "github") await syncAll(stack, provider);
  stack.simulator.calls.length = 0;
  return stack;
}

/** Writes a file as an agent would and performs its op. */
export async function put({ tree, deps }: PipelineStack, path: string, body: unknown): Promise<OpOutcome> {
  const bytes = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  const change = { kind: "write", path, bytes, contentType: "application/json" } as const;
  const [revision] = await tree.apply([change], { origin: "agent_write", correlationId: "agent" });
  const op = {
    opId: "op_1",
    path,
    revision: revision ?? "",
    action: "file_upsert",
    correlationId: "corr_1",
  } as const;
  return executeWriteback(tree, op, deps);
}

/** Removes a file as an agent would and performs its op. */
export async function remove({ tree, deps }: PipelineStack, path: string): Promise<OpOutcome> {
  const [revision] = await tree.apply([{ kind: "delete", path }], {
    origin: "agent_write",
    correlationId: "agent",
  });
  const op = {
    opId: "op_1",
    path,
    revision: revision ?? "",
    action: "file_delete",
    correlationId: "corr_1",
  } as const;
  return executeWriteback(tree, op, deps);
}
