/** One address for both services (design decision 2): `/cloud` is the control plane, everything else the file API. */

import { RelayfileError } from "../errors.ts";
import type { Log } from "../ports.ts";
import type { Service } from "./file-api/mod.ts";
import { controlPlaneError, json } from "./http-error.ts";
import { correlationIdOf, foreignCaller } from "./request.ts";

/** What stands behind the one address. */
export interface Front {
  readonly fileApi: Service;
  readonly controlPlane: Service;
  /** Public keys as published, `{keys: [...]}`. */
  readonly jwks: unknown;
  /** Authorities that are ours (`127.0.0.1:4100`); null accepts any, for hosted deployments behind their own names. */
  readonly hosts: readonly string[] | null;
  readonly log: Log;
}

/** The path of the control plane. */
export const CLOUD_PREFIX = "/cloud";

/** Builds the service of the one address. */
export function createFront(front: Front): Service {
  return {
    fetch: async (request) => {
      const foreign = front.hosts === null ? null : foreignCaller(request, front.hosts);
      if (foreign !== null) {
        const error = new RelayfileError("forbidden", foreign, { hint: "Call 127.0.0.1 directly" });
        return controlPlaneError(error, correlationIdOf(request), front.log);
      }
      const url = new URL(request.url);
      if (url.pathname === "/.well-known/jwks.json" && request.method === "GET") {
        return json(front.jwks, 200, { "Cache-Control": "public, max-age=300" });
      }
      if (url.pathname !== CLOUD_PREFIX && !url.pathname.startsWith(`${CLOUD_PREFIX}/`)) {
        return front.fileApi.fetch(request);
      }
      url.pathname = url.pathname.slice(CLOUD_PREFIX.length) || "/";
      return front.controlPlane.fetch(new Request(url.toString(), request));
    },
  };
}
