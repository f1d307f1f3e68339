/** Ready clients for one target: the right credential for each service, renewed once when a service refuses it. */

import { isRelayfileError } from "../errors.ts";
import type { Fetch, Ports } from "../ports.ts";
import { type CloudSession, cloudSession, type SessionWorld } from "./cloud-session.ts";
import { type ControlApi, controlApi } from "./control-api.ts";
import { explainRefusal } from "./explain-refusal.ts";
import { type FileApi, fileApi } from "./file-api.ts";
import type { ServiceTarget } from "./http.ts";
import { requireBaseUrl, requireWorkspace, type Target } from "./target.ts";
import { explainWrongService } from "./which-service.ts";
import { workspaceSession } from "./workspace-session.ts";

/** Clients of both services. Building one does no I/O; credentials are looked at when the first call needs them. */
export interface Session {
  readonly target: Target;
  readonly cloud: CloudSession;
  /** The control plane with the cloud token. */
  readonly control: ControlApi;
  /** The control plane with the workspace token, which must belong to the workspace in the path. */
  readonly controlAsWorkspace: ControlApi;
  /** The control plane with the cloud token when there is one, else with the workspace token. */
  readonly controlAsAny: ControlApi;
  /** The file API of the target's workspace. Fails with `workspace_required` and its kin. */
  files(): Promise<FileApi>;
  /** The file API as a bare target, for calls that stream. */
  fileTarget(): Promise<ServiceTarget>;
  /** Base URL of the file API in use. */
  fileApiUrl(): string;
  /** The error to report for a failed call: a wrong base URL or a refused credential is named as such. */
  explain(thrown: unknown): Promise<unknown>;
}

/** What a session needs of the world. */
export type SessionPorts = Pick<Ports, "fs" | "host" | "clock" | "fetch" | "random" | "log">;

/** Builds the clients of a target. Base URLs that are not URLs fail with `usage`. */
export function openSession(target: Target, ports: SessionPorts, signal?: AbortSignal): Session {
  const world: SessionWorld = ports;
  const controlUrl = requireBaseUrl(target.controlPlaneUrl, target.sources.controlPlaneUrl);
  requireBaseUrl(target.fileApiUrl, target.sources.fileApiUrl);
  const cloud = cloudSession(target, world);
  let refused: "cloud" | "workspace" = "workspace";
  /** Remembers whose credential a service refused, to explain the failure. */
  const noting = (identity: typeof refused, fetch: Fetch): Fetch => {
    return async (request) => {
      const answer = await fetch(request);
      if (answer.status === 401 || answer.status === 403) refused = identity;
      return answer;
    };
  };
  const common = { random: ports.random, correlationPrefix: "cli" } as const;
  const asCloud: ServiceTarget = {
    ...common,
    service: "control-plane",
    baseUrl: controlUrl,
    token: () => cloud.token(),
    fetch: noting("cloud", renewingFetch(ports.fetch, cloud.renew)),
  };
  const control = controlApi(asCloud);
  const workspace = workspaceSession(target, world, cloud, control, signal);
  const workspaceFetch = noting("workspace", renewingFetch(ports.fetch, workspace.renew));
  const asWorkspace: ServiceTarget = { ...asCloud, token: () => workspace.token(), fetch: workspaceFetch };
  const controlAsWorkspace = controlApi(asWorkspace);

  async function fileTarget(): Promise<ServiceTarget> {
    requireWorkspace(target);
    // Minting may name the base URL, so the token comes first.
    await workspace.token();
    return {
      ...common,
      service: "file-api",
      baseUrl: workspace.fileApiUrl(),
      token: () => workspace.token(),
      fetch: workspaceFetch,
    };
  }

  return {
    target,
    cloud,
    control,
    controlAsWorkspace,
    controlAsAny: cloud.available ? control : controlAsWorkspace,
    fileTarget,
    files: async () => fileApi(await fileTarget(), requireWorkspace(target).id),
    fileApiUrl: workspace.fileApiUrl,
    explain: async (thrown) => {
      if (isRelayfileError(thrown, "unauthorized", "forbidden")) {
        return explainRefusal({ error: thrown, target, identity: refused });
      }
      return explainWrongService(thrown, { ...target, fileApiUrl: workspace.fileApiUrl() }, ports.fetch);
    },
  };
}

/** Repeats a request once with a renewed token when the answer is 401 and there is one. */
export function renewingFetch(fetch: Fetch, renew: (rejected: string) => Promise<string | null>): Fetch {
  return async (request) => {
    const sent = /^Bearer (.+)$/.exec(request.headers.get("authorization") ?? "")?.[1];
    if (sent === undefined) return fetch(request);
    const again = request.clone() as unknown as Request;
    const answer = await fetch(request);
    if (answer.status !== 401) return answer;
    const token = await renew(sent);
    if (token === null) return answer;
    again.headers.set("Authorization", `Bearer ${token}`);
    return fetch(again);
  };
}
