/** Every route of both services as the contract names them, and which one a request is for. */
import { CONTROL_PLANE_ROUTES } from "../../lib/service/control-plane/mod.ts";
import { ADMIN_ROUTES } from "../../lib/service/file-api/admin.ts";
import { FILE_API_ROUTES } from "../../lib/service/file-api/mod.ts";

/** The two base URLs, without trailing slash. */
export interface Deployment {
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
}

/** One route × method. */
export interface ContractRoute {
  readonly method: string;
  /** As test titles name it, for example `workspaces/:id/join`. */
  readonly pattern: string;
  readonly service: "file-api" | "control-plane";
  /** Path below the service's base, with its parameters. */
  readonly path: string;
}

const fileApi = (method: string, pattern: string, path: string): ContractRoute => ({
  method,
  pattern,
  service: "file-api",
  path,
});

/** All routes; those with fewer parameters first, so that the first that fits is the right one. */
export const CONTRACT_ROUTES: readonly ContractRoute[] = [
  fileApi("GET", "health", "/health"),
  fileApi("GET", "metrics", "/metrics"),
  fileApi("POST", "v1/workspaces", "/v1/workspaces"),
  ...[...FILE_API_ROUTES, { method: "GET", pattern: "fs/ws" }].map(({ method, pattern }) =>
    fileApi(method, pattern, `/v1/workspaces/:ws/${pattern}`),
  ),
  ...ADMIN_ROUTES.map(({ method, pattern }) => fileApi(method, `admin/${pattern}`, `/v1/admin/${pattern}`)),
  ...CONTROL_PLANE_ROUTES.map(({ method, pattern }) => ({
    method,
    pattern,
    service: "control-plane" as const,
    path: `/api/v1/${pattern}`,
  })),
].sort((a, b) => parameters(a) - parameters(b));

function parameters({ path }: ContractRoute): number {
  return path.split("/:").length;
}

/** `GET fs/tree`: the route as reports name it. */
export function routeName({ method, pattern }: ContractRoute): string {
  return `${method} ${pattern}`;
}

/** The base URL of a route's service. */
export function baseOf(deployment: Deployment, { service }: ContractRoute): string {
  return service === "file-api" ? deployment.fileApiUrl : deployment.controlPlaneUrl;
}

/** The route a request is for, or null for paths outside the contract. */
export function routeOf(deployment: Deployment, method: string, url: string): ContractRoute | null {
  const address = url.split(/[?#]/)[0] ?? "";
  const fits = (route: ContractRoute) => {
    if (route.method !== method) return false;
    const base = baseOf(deployment, route);
    if (!address.startsWith(base)) return false;
    const pattern = route.path.replace(/[.+*?^${}()|[\]\\]/g, "\\$&").replace(/:\w+/g, "[^/]+");
    return new RegExp(`^${pattern}$`).test(address.slice(base.length));
  };
  return CONTRACT_ROUTES.find(fits) ?? null;
}
