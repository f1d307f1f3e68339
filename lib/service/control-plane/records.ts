/** Batches of raw records, as a source or a file holds them. */
import { fail } from "../../errors.ts";
import { FILE_API, PIPELINE } from "../../limits.ts";
import { textField } from "../file-api/input.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import type { ControlContext, ControlRoute } from "./env.ts";
import { registerIntegration } from "./integrations.ts";
import { requireTrigger } from "./senders.ts";

/** The route of batches. */
export const RECORD_ROUTES: readonly ControlRoute[] = [
  {
    method: "POST",
    pattern: "workspaces/:id/records/:provider",
    admits: "cloud-or-workspace",
    handle: receive,
  },
];

/** Applies up to 1,000 records of one model. Records that cannot be used are listed and kept as dead letters. */
async function receive({
  request,
  env,
  caller,
  workspace,
  params,
  query,
  correlationId,
}: ControlContext): Promise<Response> {
  requireTrigger(caller);
  const provider = env.pipeline.idOf(params.provider ?? "");
  if (provider === null)
    fail("not_found", `no provider ${params.provider} in the catalog`, {
      wireCode: "unknown_provider",
      hint: `Known are ${env.pipeline.catalog.map(({ id }) => id).join(", ")}`,
    });
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const model = textField(body, "model");
  const records = body.records;
  if (model === null || !Array.isArray(records)) fail("bad_request", "model and records are required");
  if (records.length > PIPELINE.batchRecordsMax) {
    fail("payload_too_large", `${records.length} records, the limit is ${PIPELINE.batchRecordsMax}`);
  }
  const models = env.pipeline.modelsOf(provider);
  if (!env.pipeline.hasModel(provider, model)) {
    fail("bad_request", `${provider} has no model ${model}`, {
      wireCode: "unknown_model",
      models: [...models],
    });
  }
  const object = await env.workspace(workspace.relayId);
  if (object === null) return fail("workspace_not_found", "Workspace not found");
  const connectionId = textField(body, "connectionId");
  const own = env.store.integration(workspace.id, provider);
  if (connectionId !== null && own !== null && own.connectionId !== connectionId) {
    fail("invalid_state", `${connectionId} is not the connection of ${provider} here`, {
      wireCode: "other_connection",
      connectionId: own.connectionId,
    });
  }
  await registerIntegration(env, workspace, provider);
  const flush = query.get("flush") === "true" || query.get("flush") === "1";
  const input = { provider, model, records, correlationId };
  const { written, removed, ...counts } = await object.applyRecords(input, flush);
  return json({
    provider,
    model,
    records: records.length,
    ...counts,
    filesWritten: written.length,
    filesDeleted: removed.length,
    correlationId,
  });
}
