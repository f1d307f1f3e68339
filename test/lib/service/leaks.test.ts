/**
 * Planted secrets against every route: no byte of content, no name and no existence reaches a token of another
 * workspace, a narrowed one, one that permission rules shut out, or one that may write but not read.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { CONTROL_PLANE_ROUTES } from "../../../lib/service/control-plane/mod.ts";
import { ADMIN_ROUTES } from "../../../lib/service/file-api/admin.ts";
import { FILE_API_ROUTES } from "../../../lib/service/file-api/mod.ts";
import { ALL_SCOPES, api, type ContractTarget, cloud, put, send } from "../../contract/target.ts";
import { type TestStack, testStack } from "../../support/stack.ts";

const CONTENT = "CANARYCONTENT";
const NAME = "CANARYNAME";
const SHUT = ["deny:agent:eve", "allow:any"];
const RULES = JSON.stringify({ semantics: { permissions: SHUT } });

/** Something a request can aim at: the hidden one, or one that never was. */
interface Subject {
  readonly path: string;
  readonly opId: string;
  readonly envelopeId: string;
  readonly workspaceId: string;
}

let stack: TestStack;
let target: ContractTarget;
let callers: Record<string, string>;
/** Hidden subjects with their twins that do not exist. */
let pairs: { readonly hidden: Subject; readonly absent: Subject }[];

beforeAll(async () => {
  stack = await testStack();
  const { fileApiUrl, controlPlaneUrl, workspaceId } = stack;
  target = {
    fileApiUrl,
    controlPlaneUrl,
    workspaceId,
    fetch: (request) => stack.fetch(request),
    token: (scopes, options) => stack.mint(scopes, options),
    cloud: () => stack.cloudSession(),
    stop: () => stack.stop(),
  };
  const { accessToken } = await target.cloud();
  const other = await cloud(target, "POST", "workspaces", { token: accessToken, body: { name: "other" } });
  await cloud(target, "POST", `workspaces/${workspaceId}/integrations/connect-session`, {
    token: accessToken,
    body: { allowedIntegrations: ["slack"], requestedBackend: "elsewhere" },
  });

  const marked = `/vault/${NAME}1.md`;
  const ruled = `/open/${NAME}2.md`;
  const gone = `/open/${NAME}3.md`;
  const atProvider = `/slack/${NAME}4.json`;
  const undeliverable = `/vault/${NAME}5.md`;
  await put(target, "/vault/.relayfile.acl", RULES);
  await put(target, "/slack/.relayfile.acl", RULES);
  await api(target, "POST", "fs/bulk", {
    body: { files: [{ path: marked, content: CONTENT, contentIdentity: { kind: "k", key: "known" } }] },
  });
  for (const path of [ruled, gone]) await put(target, path, CONTENT, { semantics: { permissions: SHUT } });
  await api(target, "DELETE", `fs/file?path=${gone}`, { headers: { "If-Match": "*" } });
  await put(target, atProvider, CONTENT);
  const opOf = async (path: string): Promise<string> => {
    const { items } = (await api(target, "GET", "ops?limit=1000")).body;
    return items.find((op: { path: string }) => op.path === path).opId;
  };
  const refused = await opOf(atProvider);
  await api(target, "POST", `writeback/${refused}/ack`, {
    body: { success: false, error: `the provider quotes ${CONTENT} of ${atProvider}` },
  });
  const delivered = await api(target, "POST", "webhooks/ingest", {
    body: {
      provider: "slack",
      event_type: "file.updated",
      path: undeliverable,
      data: { content: "%", encoding: "base64" },
    },
  });
  await put(target, "/narrow/mine", "1");
  await (await stack.workspace()).flushDigests();

  const absent = { opId: "op_999999", envelopeId: "env_999999", workspaceId: "rw_99999999" };
  const envelopeId: string = delivered.body.id;
  pairs = await Promise.all(
    [marked, ruled, gone, atProvider].map(async (path) => ({
      hidden: { path, opId: await opOf(path), envelopeId, workspaceId },
      absent: { ...absent, path: path.replace(NAME, "NEVERWASIT") },
    })),
  );
  callers = {
    foreign: await stack.mint(ALL_SCOPES, { workspaceId: other.body.workspaceId }),
    narrow: await stack.mint([
      "relayfile:fs:manage:/narrow/**",
      "ops:read",
      "ops:replay",
      "sync:read",
      "sync:trigger",
    ]),
    eve: await stack.mint(ALL_SCOPES, { agent: "eve" }),
  };
});
afterAll(() => stack.stop());

/** A request to a route that aims at a subject in every parameter it has. */
function ask(
  route: { readonly method: string; readonly pattern: string },
  subject: Subject,
  token: string,
  base: "file" | "cloud" | "admin",
  query = `path=${encodeURIComponent(subject.path)}`,
) {
  const filled = route.pattern
    .replace(":opId", subject.opId)
    .replace(":envelopeId", subject.envelopeId)
    .replace(":provider", "slack")
    .replace(":id", base === "cloud" ? subject.workspaceId : subject.opId);
  const body = {
    files: [{ path: subject.path, content: "x", ifMatch: "rev_1" }],
    paths: [subject.path],
    content: "x",
    baseContent: "b",
    baseRevision: "rev_1",
    strategy: "three-way-lines-v1",
    success: true,
    externalId: "e",
    canonicalPath: subject.path,
    pathPrefix: subject.path,
    patterns: ["*"],
    provider: "slack",
    scopes: ["fs:read"],
    localDir: "/mirror",
    allowedIntegrations: ["slack"],
    metadata: {},
    connectionId: "c",
  };
  const url =
    base === "cloud"
      ? `${target.controlPlaneUrl}/api/v1/${filled}`
      : base === "admin"
        ? `${target.fileApiUrl}/v1/admin/${filled}`
        : `${target.fileApiUrl}/v1/workspaces/${subject.workspaceId}/${filled}?${query}`;
  return send(target, route.method, url, {
    token,
    correlationId: "same",
    headers: { "If-Match": "rev_1" },
    ...(route.method === "GET" ? {} : { body }),
  });
}

/** What is left of an answer when the subject's own words are taken out. */
function shape(answer: { status: number; text: string }, subject: Subject): string {
  let text = answer.text;
  const words = [subject.path, subject.opId, subject.envelopeId, subject.workspaceId];
  for (const word of words) text = text.replaceAll(word, "_");
  // The number of a queued job tells how many were queued, nothing about the subject.
  return `${answer.status} ${text.replace(/\bsync_\d+/, "sync_n")}`;
}

/** Delivering a webhook is the provider's own authority over any path; the test of listings covers its answer. */
const aimed = FILE_API_ROUTES.filter(({ pattern }) => pattern !== "webhooks/ingest");

describe("aimed requests", () => {
  test("every file route answers for a hidden thing as for one that never was", async () => {
    for (const [who, token] of Object.entries(callers)) {
      for (const route of aimed) {
        for (const { hidden, absent } of pairs) {
          const inWorkspace = { ...absent, workspaceId: target.workspaceId };
          const there = await ask(route, hidden, token, "file");
          const nowhere = await ask(route, inWorkspace, token, "file");
          const at = `${who} ${route.method} ${route.pattern} ${hidden.path}`;
          expect([at, shape(there, hidden)]).toEqual([at, shape(nowhere, inWorkspace)]);
          expect([at, there.text.includes(CONTENT)]).toEqual([at, false]);
        }
      }
    }
  });

  test("no route tells a foreign token which workspaces exist", async () => {
    const token = callers.foreign ?? "";
    const [pair] = pairs;
    if (pair === undefined) throw new Error("nothing planted");
    const routes = [
      ...FILE_API_ROUTES.map((route) => [route, "file"] as const),
      ...CONTROL_PLANE_ROUTES.filter(({ pattern }) => pattern.includes(":id")).map(
        (route) => [route, "cloud"] as const,
      ),
    ];
    for (const [route, base] of routes) {
      const there = await ask(route, pair.hidden, token, base);
      const nowhere = await ask(route, pair.absent, token, base);
      const at = `${route.method} ${route.pattern}`;
      expect([at, shape(there, pair.hidden)]).toEqual([at, shape(nowhere, pair.absent)]);
      expect(there.status).toBeGreaterThanOrEqual(400);
    }
  });

  test("administration is shut to all of them", async () => {
    for (const token of Object.values(callers))
      for (const route of ADMIN_ROUTES) {
        const answer = await ask(route, pairs[0]?.hidden as Subject, token, "admin");
        expect(answer.status).toBe(403);
      }
  });

  test("a content identity does not lead to a path out of reach", async () => {
    for (const token of [callers.narrow, callers.eve]) {
      const answer = await api(target, "POST", "fs/bulk", {
        token: token ?? "",
        body: {
          files: [{ path: "/narrow/new", content: "x", contentIdentity: { kind: "k", key: "known" } }],
        },
      });
      expect(answer.body.errors).toMatchObject([{ path: "/narrow/new", code: "forbidden" }]);
      expect(answer.text).not.toContain(NAME);
    }
  });

  test("a conflict and a merge show no content to a token that may only write", async () => {
    const token = await stack.mint(["fs:write"]);
    const path = `/vault/${NAME}1.md`;
    const conflict = await api(target, "PUT", `fs/file?path=${path}`, {
      token,
      headers: { "If-Match": "0" },
      body: { content: "x" },
    });
    expect([conflict.status, conflict.body.currentContentPreview]).toEqual([409, undefined]);
    const gone = await api(target, "DELETE", `fs/file?path=${path}`, {
      token,
      headers: { "If-Match": "rev_1" },
    });
    expect([gone.status, gone.text.includes(CONTENT)]).toEqual([409, false]);
    const merge = await api(target, "POST", `fs/merge?path=${path}`, { token, body: {} });
    expect(merge.status).toBe(403);
  });
});

describe("listings", () => {
  const queries = [
    "path=/",
    "path=/&depth=100",
    "path=/open",
    "path=/vault",
    "path=/slack",
    "format=json",
    "format=patch",
    "format=frames",
    "format=tar",
    "limit=1000",
    "direction=desc&limit=1000",
    "provider=slack",
    "cursor=evt_1&limit=1000",
    "status=dead_lettered",
    "permission=allow:any",
    "",
  ];

  test("no listing shows a hidden name or its content", async () => {
    for (const [who, token] of Object.entries(callers)) {
      for (const route of FILE_API_ROUTES.filter(({ method }) => method === "GET")) {
        for (const query of queries) {
          const url = `${target.fileApiUrl}/v1/workspaces/${target.workspaceId}/${route.pattern}?${query}`;
          const response = await target.fetch(
            new Request(url, { headers: { Authorization: `Bearer ${token}`, "X-Correlation-Id": "l" } }),
          );
          const bytes = await response.bytes();
          const packed = response.headers.get("content-type") === "application/gzip";
          const text = new TextDecoder().decode(packed ? Bun.gunzipSync(new Uint8Array(bytes)) : bytes);
          const at = `${who} ${route.pattern}?${query}`;
          expect([at, text.includes(NAME), text.includes(CONTENT)]).toEqual([at, false, false]);
        }
      }
    }
  });

  test("the same listings do show them to whom they belong", async () => {
    for (const query of ["fs/tree?path=/&depth=9", "fs/export?", "fs/events?limit=1000", "ops?limit=1000"]) {
      expect((await api(target, "GET", query)).text).toContain(NAME);
    }
    const letters = await api(target, "GET", "sync/dead-letter");
    expect(letters.body.items).toHaveLength(1);
    expect((await api(target, "GET", "sync/status")).text).toContain(CONTENT);
  });

  test("sweeping and digests name nothing hidden", async () => {
    const body = { pathPrefix: "/", patterns: ["*"], apply: false };
    for (const token of [callers.narrow, callers.eve]) {
      const swept = await api(target, "POST", "writeback/sweep-drafts", { token: token ?? "", body });
      expect([swept.status, swept.text.includes(NAME)]).toEqual([200, false]);
    }
    const digest = await api(target, "GET", "fs/file?path=/digests/today.md", { token: callers.eve ?? "" });
    expect([digest.status, digest.text.includes(NAME)]).toEqual([200, false]);
  });
});

describe("GET fs/ws", () => {
  test("neither catch-up nor live events show a hidden name or its content", async () => {
    const address = `${target.fileApiUrl.replace("http", "ws")}/v1/workspaces/${target.workspaceId}/fs/ws`;
    for (const [who, token] of Object.entries(callers)) {
      const refused = who === "foreign";
      const socket = new WebSocket(`${address}?cursor=evt_1&token=${token}`);
      const frames: string[] = [];
      const done = Promise.withResolvers<void>();
      socket.onmessage = ({ data }) => {
        frames.push(String(data));
        if (String(data).includes(`/narrow/last-${who}`)) done.resolve();
      };
      socket.onclose = () => (refused ? done.resolve() : done.reject(new Error("closed")));
      const opened = new Promise<void>((ready) => {
        socket.onopen = () => ready();
      });
      if (!refused) await opened;
      await put(target, `/vault/${NAME}-live-${who}`, CONTENT);
      await put(target, `/open/${NAME}2.md`, `${CONTENT} again`);
      await put(target, `/narrow/last-${who}`, "1");
      await done.promise;
      socket.onclose = null;
      socket.close();
      const text = frames.join("\n");
      expect([who, frames.length > 0, text.includes(NAME), text.includes(CONTENT)]).toEqual([
        who,
        !refused,
        false,
        false,
      ]);
    }
  });
});

describe("foreign callers", () => {
  test("every route refuses a foreign Host and a foreign Origin before anything else", async () => {
    const paths = [
      "/health",
      "/metrics",
      "/.well-known/jwks.json",
      "/nowhere",
      "/cloud",
      "/cloud/nowhere",
      `/v1/workspaces/${target.workspaceId}/fs/ws?token=${callers.eve}`,
      ...FILE_API_ROUTES.map(({ pattern }) => `/v1/workspaces/${target.workspaceId}/${pattern}`),
      ...ADMIN_ROUTES.map(({ pattern }) => `/v1/admin/${pattern}`),
      ...CONTROL_PLANE_ROUTES.map(({ pattern }) => `/cloud/api/v1/${pattern}`),
    ];
    const headers: Record<string, string>[] = [
      { Host: "evil.example" },
      { Host: `evil.example:${new URL(target.fileApiUrl).port}` },
      { Origin: "https://evil.example" },
      { Origin: "null" },
      { Origin: `${target.fileApiUrl}.evil.example` },
    ];
    for (const path of paths) {
      for (const foreign of headers) {
        for (const method of ["GET", "POST", "PUT", "DELETE"]) {
          const answer = await send(target, method, target.fileApiUrl + path, {
            token: callers.eve ?? "",
            headers: foreign,
          });
          expect([method, path, answer.status]).toEqual([method, path, 403]);
        }
      }
    }
  });
});
