/** The Worker: tells the two services apart, turns away who has no right, and hands the rest to the object that answers. */
import { messageOf, RelayfileError } from "../../errors.ts";
import { TokenVerifier } from "../../service/auth/token.ts";
import { createFileApi, type Service } from "../../service/file-api/mod.ts";
import { controlPlaneError, fileApiError, json } from "../../service/http-error.ts";
import { RateLimiter } from "../../service/rate-limit.ts";
import { bearerOf, correlationIdOf, foreignCaller } from "../../service/request.ts";
import { VERSION } from "../../version.ts";
import { realClock } from "../clock.ts";
import { answerWhole } from "./answer.ts";
import { CONTROL_PLANE_NAME, METRICS } from "./isolate.ts";
import { variablesOf, workersLog } from "./ports.ts";
import { publishedKeyResolver } from "./published-keys.ts";
import { addressesOf, controlPlanePath, hostsOf } from "./settings.ts";
import type { Bindings, ControlPlaneStub, ObjectStub } from "./types.ts";

export { ControlPlaneObject } from "./control-plane-object.ts";
export { WorkspaceObject } from "./workspace-object.ts";

/** What an isolate keeps between requests; bindings never change within one. */
interface Gate {
  readonly verifier: TokenVerifier;
  /** Answers what needs no workspace: health, unknown routes, and every refusal. */
  readonly service: Service;
}

let gate: Gate | null = null;

/** Routes of the file API that are about the whole deployment, which only the control plane's object knows. */
const ABOUT_ALL = /^\/(?:metrics$|v1\/workspaces$|v1\/admin\/)/;

/** The handler of the Worker. */
export default {
  async fetch(request: Request, env: Bindings): Promise<Response> {
    const variables = variablesOf(env);
    const hosts = hostsOf(variables);
    if (hosts === null) return answer(request, env);
    const foreign = foreignCaller(request, hosts);
    if (foreign === null) return dated(await answer(request, env));
    const error = new RelayfileError("forbidden", foreign, { hint: "Call 127.0.0.1 directly" });
    return controlPlaneError(error, correlationIdOf(request), workersLog(variables));
  },
};

async function answer(request: Request, env: Bindings): Promise<Response> {
  const variables = variablesOf(env);
  const isControlPlane = controlPlanePath(addressesOf(variables, request.url), request.url) !== null;
  try {
    if (isControlPlane) return await controlPlaneOf(env).fetch(request);
    return await fileApi(request, env);
  } catch (thrown) {
    // An object that is being moved or updated ends what it was doing; the same request may be sent again.
    const log = workersLog(variables);
    log.warn("an object did not answer", { error: messageOf(thrown) });
    const error = new RelayfileError("unavailable", "the service is moving, try again");
    const refuse = isControlPlane ? controlPlaneError : fileApiError;
    return refuse(error, correlationIdOf(request), log);
  }
}

/** On a loopback address no edge of the platform adds the time, by which clients judge their clocks. */
function dated(response: Response): Response {
  if (response.status === 101) return response;
  const { status, statusText, headers } = response;
  const copy = new Response(response.body, { status, statusText, headers });
  copy.headers.set("Date", new Date().toUTCString());
  return copy;
}

async function fileApi(request: Request, env: Bindings): Promise<Response> {
  const { pathname } = new URL(request.url);
  if (pathname === "/.well-known/jwks.json" && request.method === "GET") {
    const keys = await controlPlaneOf(env).publishedKeys();
    return json({ keys }, 200, { "Cache-Control": "public, max-age=300" });
  }
  if (ABOUT_ALL.test(pathname)) return controlPlaneOf(env).fetch(request);
  const target = await permittedWorkspace(request, pathname, env);
  return target === null ? answerWhole(gateOf(env).service, request) : target.fetch(request);
}

/** The object of the workspace that a request is about, when its token is good for it: no object wakes for a stranger. */
async function permittedWorkspace(
  request: Request,
  pathname: string,
  env: Bindings,
): Promise<ObjectStub | null> {
  const named = /^\/v1\/workspaces\/([^/]+)\//.exec(pathname)?.[1];
  if (named === undefined) return null;
  const inQuery = pathname.endsWith("/fs/ws") ? new URL(request.url).searchParams.get("token")?.trim() : "";
  const token = inQuery || bearerOf(request);
  if (token === null) return null;
  try {
    const { workspaceId } = await gateOf(env).verifier.verify(token);
    return workspaceId === named ? env.WORKSPACES.get(env.WORKSPACES.idFromName(named)) : null;
  } catch (thrown) {
    if (thrown instanceof RelayfileError) return null;
    throw thrown;
  }
}

function gateOf(env: Bindings): Gate {
  if (gate !== null) return gate;
  const clock = realClock();
  const verifier = new TokenVerifier(
    publishedKeyResolver(() => controlPlaneOf(env), clock),
    () => clock.now(),
  );
  const service = createFileApi({
    clock,
    log: workersLog(variablesOf(env)),
    version: VERSION,
    verifier,
    workspace: async () => null,
    managed: async () => null,
    workspaceIds: () => [],
    metrics: METRICS,
    limiter: new RateLimiter({ max: 0, windowMs: 60_000 }, () => clock.monotonicMs()),
    upgrade: null,
  });
  gate = { verifier, service };
  return gate;
}

function controlPlaneOf(env: Bindings): ControlPlaneStub {
  return env.CONTROL_PLANE.get(env.CONTROL_PLANE.idFromName(CONTROL_PLANE_NAME));
}
