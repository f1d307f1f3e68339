/** How long a join takes while other calls run beside it: the only way to tell a slow route from a slow network. */
import { CLIENT } from "../../lib/limits.ts";
import { FULL_SCOPES } from "../../lib/model/token.ts";
import { absent, defineEvidence, withheld } from "../evidence.ts";
import { workspaceIdOf } from "./_files.ts";

const COMPARED = 3;

/** `POST {controlPlane}/…/join`, which mints a token that is thrown away, so it is asked for with `--deep` only. */
export default defineEvidence({
  name: "join",
  effect: "write",
  reads: "POST {controlPlane}/api/v1/workspaces/{id}/join",
  collect: async (context) => {
    const { controlPlaneUrl, cloudToken, workspace } = context.target;
    if (controlPlaneUrl === null || cloudToken === null) return absent("no cloud token is configured");
    const id = workspace?.cloudId ?? workspaceIdOf(context);
    if (id === null) return absent("no workspace is named");
    if (!context.options.deep) return withheld("a join mints a token", "--deep");
    const catalog = () =>
      context.http.send({
        service: "control-plane",
        baseUrl: controlPlaneUrl,
        path: "/api/v1/integrations/catalog",
        timeoutMs: CLIENT.joinTimeoutMs,
      });
    const ask = () =>
      context.http.send({
        service: "control-plane",
        baseUrl: controlPlaneUrl,
        path: `/api/v1/workspaces/${encodeURIComponent(id)}/join`,
        method: "POST",
        body: { agentName: "relayfile-doctor", scopes: [...FULL_SCOPES] },
        credential: "cloud",
        timeoutMs: CLIENT.joinTimeoutMs,
        effect: "write",
      });
    const [first, ...others] = await Promise.all([ask(), ...Array.from({ length: COMPARED }, catalog)]);
    // A service that was asleep fails its first request: only a second one tells that from a broken one.
    const failed = (first.probe.status ?? 0) >= 500;
    const join = failed ? await ask() : first;
    const times = others.map((answer) => answer.probe.totalMs).sort((a, b) => a - b);
    return {
      probe: join.probe,
      ...(failed ? { first: first.probe } : {}),
      othersMs: times[Math.floor(times.length / 2)] ?? 0,
      others: others.map((answer) => answer.probe),
    };
  },
});
