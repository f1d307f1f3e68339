/**
 * Which routes a deployment lacks, asked without doing anything: a credential that is none and a body that is no JSON
 * never get past the door, and a door that is not there answers 404, 405, or a web page.
 */
import { baseOf, CONTRACT_ROUTES, type ContractRoute, type Deployment, routeName } from "./routes.ts";

/** A route that is not there, and how that showed. */
export interface LackingRoute {
  readonly route: string;
  readonly why: string;
}

/** Routes that answer a stranger with a page, as a site without them would; another route stands for them. */
const JUDGED_BY: Readonly<Record<string, string>> = {
  "GET auth/device": "POST auth/device/start",
  "POST auth/device/approve": "POST auth/device/start",
};
const PARALLEL = 8;
const TIMEOUT_MS = 20_000;

/** Asks for every route once. Fails when a service cannot be reached at all. */
export async function lackingRoutes(
  deployment: Deployment,
  send: (request: Request) => Promise<Response> = (request) => fetch(request),
): Promise<LackingRoute[]> {
  const whys = new Map<string, string | null>();
  const queue = CONTRACT_ROUTES.filter((route) => JUDGED_BY[routeName(route)] === undefined);
  const worker = async () => {
    for (let route = queue.shift(); route !== undefined; route = queue.shift())
      whys.set(routeName(route), await whyLacking(deployment, route, send));
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  for (const [name, judge] of Object.entries(JUDGED_BY)) whys.set(name, whys.get(judge) ?? null);
  return [...whys].flatMap(([route, why]) => (why === null ? [] : [{ route, why }])).sort(byRoute);
}

async function whyLacking(
  deployment: Deployment,
  route: ContractRoute,
  send: (request: Request) => Promise<Response>,
): Promise<string | null> {
  const path = route.path.replace(":ws", "rw_00000000").replace(/:\w+/g, "probe");
  const hasBody = route.method === "POST" || route.method === "PUT";
  const answer = await send(
    new Request(`${baseOf(deployment, route)}${path}`, {
      method: route.method,
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        Authorization: "Bearer relayfile-contract-probe",
        "X-Correlation-Id": "relayfile-contract-probe",
        ...(hasBody ? { "Content-Type": "application/json" } : {}),
      },
      ...(hasBody ? { body: "{" } : {}),
    }),
  );
  await answer.arrayBuffer();
  if ([404, 405, 501].includes(answer.status)) return `answers ${answer.status}`;
  const isPage = (answer.headers.get("content-type") ?? "").startsWith("text/html");
  return isPage ? `answers ${answer.status} with a web page` : null;
}

function byRoute(a: LackingRoute, b: LackingRoute): number {
  return a.route < b.route ? -1 : 1;
}
