/** A collector's world of which only the answers are real: what each route says, by the end of its path. */
import type { Answer, EvidenceContext, Probe } from "../../verify/evidence.ts";
import type { EvidenceName, Facts } from "../../verify/facts.ts";
import { NOON, probe } from "./facts.ts";

/** What a route answers; a number is a status without a usable body. */
export type Reply = unknown | number;

/** A context whose requests are answered by the first route that ends the path, in order of declaration. */
export function answering(
  routes: Readonly<Record<string, (request: Probe) => Reply>>,
  evidence: Partial<Facts> = {},
): EvidenceContext & { readonly asked: Probe[] } {
  const asked: Probe[] = [];
  const send = async (request: Probe): Promise<Answer> => {
    asked.push(request);
    const route = Object.keys(routes).find((end) => request.path.endsWith(end));
    const reply = route === undefined ? 404 : routes[route]?.(request);
    const refused = typeof reply === "number";
    return {
      probe: probe({
        status: refused ? reply : 200,
        kind: refused ? "empty" : "json",
        exchangeId: `x${asked.length}`,
      }),
      json: refused ? undefined : reply,
      headers: new Headers(),
      sentAtMs: NOON,
      answeredAtMs: NOON,
    };
  };
  const context = {
    asked,
    target: {
      fileApiUrl: "http://127.0.0.1:1",
      controlPlaneUrl: null,
      workspace: { id: "rw_aaaaaaaa", cloudId: null, name: null },
      workspaceToken: null,
      provider: null,
    },
    http: { send, exchanges: [] },
    options: { refresh: false, deep: false, allowWrite: false },
    clock: { now: () => NOON },
    get: async (name: EvidenceName) =>
      evidence[name] === undefined ? { gap: "failed", reason: `no ${name}` } : { value: evidence[name] },
  };
  return context as unknown as EvidenceContext & { readonly asked: Probe[] };
}
