/** What the workspace token opens: the first authenticated read, provider state and the clock of the servers. */

import { TreePage } from "../../lib/model/file.ts";
import { SyncStatus } from "../../lib/model/integration.ts";
import { absent, defineEvidence, failed } from "../evidence.ts";
import { skewOfDate } from "./_date-header.ts";
import { askFileApi, workspaceIdOf } from "./_files.ts";

/** `GET fs/tree?path=/&depth=1`: the probe that tells token, workspace and scope problems apart. */
export const access = defineEvidence({
  name: "access",
  effect: "read",
  reads: "GET {fileApi}/v1/workspaces/{id}/fs/tree?path=/&depth=1",
  collect: async (context) => {
    if (context.target.workspaceToken === null) return absent("no workspace token is configured");
    if (workspaceIdOf(context) === null) {
      const asked = context.target.problems.some(({ part }) => part === "workspace");
      return absent(asked ? "the workspace that was asked for was not found" : "no workspace is named");
    }
    const answer = await askFileApi(context, "/fs/tree", { path: "/", depth: 1 });
    const page = answer.probe.status === 200 ? TreePage.safeParse(answer.json) : null;
    return {
      probe: answer.probe,
      entries: page?.success ? page.data.entries.map((e) => (e.type === "dir" ? `${e.path}/` : e.path)) : [],
      totalFiles: page?.success ? (page.data.totalFiles ?? 0) : null,
    };
  },
});

/** `GET sync/status`. */
export const sync = defineEvidence({
  name: "sync",
  effect: "read",
  reads: "GET {fileApi}/v1/workspaces/{id}/sync/status",
  collect: async (context) => {
    if (context.target.workspaceToken === null) return absent("no workspace token is configured");
    const answer = await askFileApi(context, "/sync/status");
    const parsed = answer.probe.status === 200 ? SyncStatus.safeParse(answer.json) : null;
    return { probe: answer.probe, status: parsed?.success ? parsed.data : null };
  },
});

/** `GET {controlPlane}/api/v1/auth/whoami` with the cloud token. */
export const cloudIdentity = defineEvidence({
  name: "cloudIdentity",
  effect: "read",
  reads: "GET {controlPlane}/api/v1/auth/whoami",
  collect: async (context) => {
    const { controlPlaneUrl, cloudToken } = context.target;
    if (controlPlaneUrl === null || cloudToken === null) return absent("no cloud token is configured");
    const answer = await context.http.send({
      service: "control-plane",
      baseUrl: controlPlaneUrl,
      path: "/api/v1/auth/whoami",
      credential: "cloud",
    });
    return { probe: answer.probe };
  },
});

/** The difference between the servers' clocks and ours, from the Date header of an unauthenticated read. */
export const clock = defineEvidence({
  name: "clock",
  effect: "read",
  reads: "the Date header of GET {fileApi}/health",
  collect: async (context) => {
    const answer = await context.http.send({
      service: "file-api",
      baseUrl: context.target.fileApiUrl,
      path: "/health",
    });
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (answer.answeredAtMs === null) return failed("the file API did not answer");
    if (Number.isNaN(date)) return failed("the file API sends no Date header");
    const { sentAtMs, answeredAtMs } = answer;
    const skewMs = skewOfDate({ dateMs: date, sentAtMs, answeredAtMs });
    const sample = {
      service: "file-api" as const,
      skewMs,
      roundTripMs: answeredAtMs - sentAtMs,
      exchangeId: answer.probe.exchangeId,
    };
    return { samples: [sample], skewMs };
  },
});
