/** Answers requests so that their connection stays usable. */
import type { Service } from "../../service/file-api/mod.ts";

/** Bodies up to here are read to their end although nobody wanted them. */
const DRAIN_BYTES_MAX = 64 * 1024;

/**
 * A service's answer, after the request's body was read. workerd ends a connection whose request was not read to the
 * end, and a client that sends the next request on it meets a reset. Large unwanted bodies are worth a new connection.
 */
export async function answerWhole(service: Service, request: Request): Promise<Response> {
  const response = await service.fetch(request);
  const declared = Number(request.headers.get("content-length") ?? Number.NaN);
  if (request.body !== null && !request.bodyUsed && declared <= DRAIN_BYTES_MAX) await request.arrayBuffer();
  return response;
}
