/** Requests that no client would send, for every route, and what any answer to one of them has to be. */
import { expect } from "bun:test";
import fc from "fast-check";
import { CONTROL_PLANE_ROUTES } from "../../lib/service/control-plane/mod.ts";
import { ADMIN_ROUTES } from "../../lib/service/file-api/admin.ts";
import { FILE_API_ROUTES } from "../../lib/service/file-api/mod.ts";
import { ALL_SCOPES, type ContractTarget } from "./target.ts";

/** A deployment and the seven tokens that generated requests choose from, the widest first. */
export interface GarbageTarget
  extends Pick<ContractTarget, "fileApiUrl" | "controlPlaneUrl" | "workspaceId" | "fetch"> {
  readonly tokens: readonly string[];
}

/** The tokens: everything, little, a cloud token, and four that are none. */
export async function garbageTokens(target: Pick<ContractTarget, "token" | "cloud">): Promise<string[]> {
  return [
    await target.token([...ALL_SCOPES, "admin:read", "admin:replay"]),
    await target.token(["relayfile:fs:manage:/a/**", "ops:read", "sync:read"]),
    (await target.cloud()).accessToken,
    "garbage",
    "a.b.c",
    `${btoa('{"alg":"RS256"}')}.${btoa("{}")}.x`,
    "",
  ];
}

const oddText = fc.oneof(
  fc.constantFrom(
    "",
    " ",
    "/",
    "//",
    "/..",
    "/a/../b",
    "/%00",
    "\u0000",
    "\ud800",
    "*",
    "/**",
    "0",
    "-1",
    "1e999",
    "NaN",
    "null",
  ),
  fc.constantFrom(
    "evt_1",
    "evt_99999999999999999999",
    "op_1",
    "rev_1",
    "env_1",
    "%",
    "'",
    '"',
    "/jira/issues/_index.json",
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
);
const oddValue = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  fc.record(
    {
      files: fc.array(
        fc.record(
          {
            path: oddText,
            content: fc.anything(),
            encoding: oddText,
            ifMatch: oddText,
            contentIdentity: fc.anything(),
          },
          { requiredKeys: [] },
        ),
        { maxLength: 4 },
      ),
      paths: fc.array(oddText, { maxLength: 4 }),
      content: oddText,
      encoding: oddText,
      contentType: oddText,
      semantics: fc.anything({ maxDepth: 2 }),
      contentIdentity: fc.anything({ maxDepth: 2 }),
      success: fc.oneof(fc.boolean(), oddText),
      externalId: oddText,
      canonicalPath: oddText,
      providerResult: fc.anything({ maxDepth: 2 }),
      provider: fc.oneof(oddText, fc.constant("jira")),
      event_type: fc.constantFrom("file.created", "file.deleted", "x"),
      path: oddText,
      data: fc.anything({ maxDepth: 2 }),
      baseRevision: oddText,
      baseContent: oddText,
      strategy: fc.constantFrom("three-way-lines-v1", "x"),
      patterns: fc.anything({ maxDepth: 1 }),
      pathPrefix: oddText,
      scopes: fc.anything({ maxDepth: 1 }),
      agentName: oddText,
      localDir: oddText,
      allowedIntegrations: fc.anything({ maxDepth: 1 }),
      refreshToken: oddText,
      metadata: fc.anything({ maxDepth: 2 }),
      name: oddText,
    },
    { requiredKeys: [] },
  ),
);
const queryNames = [
  "path",
  "depth",
  "cursor",
  "limit",
  "direction",
  "provider",
  "format",
  "status",
  "property.x",
  "from",
  "connectionId",
  "redirect_uri",
  "state",
  "user_code",
  "flush",
  "forkId",
  "key",
];

/** A header value that `Headers` accepts. */
const headerText = oddText.map((text) => text.replace(/[^\x20-\x7e]/g, "?").trim());

const routes = [
  ...FILE_API_ROUTES.map((route) => ({ ...route, base: "file" as const })),
  ...CONTROL_PLANE_ROUTES.map((route) => ({ ...route, base: "cloud" as const })),
  ...ADMIN_ROUTES.map((route) => ({ ...route, base: "admin" as const })),
  { method: "GET", pattern: "fs/ws", base: "file" as const },
  { method: "GET", pattern: "health", base: "root" as const },
  { method: "GET", pattern: "metrics", base: "root" as const },
  { method: "GET", pattern: ".well-known/jwks.json", base: "root" as const },
  { method: "GET", pattern: ":id/:opId", base: "root" as const },
];

/** How long one answer may take, ms: whatever is sent, nothing here is large. */
const ANSWER_MS = 5_000;
/** Names of headers the services read, with anything in them. */
const headerNames = [
  "Content-Type",
  "X-GitHub-Event",
  "X-GitHub-Delivery",
  "X-Hub-Signature-256",
  "X-Relay-Timestamp",
  "Upgrade",
  "Range",
  "X-HTTP-Method-Override",
  "Authorization",
];

/** Any request at all. */
export const anyRequest = fc.record({
  route: fc.constantFrom(...routes),
  parameter: oddText,
  realWorkspace: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.boolean()),
  query: fc.array(fc.tuple(fc.constantFrom(...queryNames), oddText), { maxLength: 4 }),
  token: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat({ max: 6 })),
  correlationId: headerText,
  headers: fc.array(fc.tuple(fc.constantFrom(...headerNames), headerText), { maxLength: 2 }),
  ifMatch: headerText,
  body: fc.oneof(oddValue, fc.constant(undefined)),
  raw: fc.option(fc.uint8Array({ maxLength: 50 }), { nil: undefined, freq: 4 }),
});

/** One generated request. */
export type GeneratedRequest = typeof anyRequest extends fc.Arbitrary<infer T> ? T : never;

/** Builds what was generated, or null where it would end the test's own ground. */
export function requestOf(on: GarbageTarget, input: GeneratedRequest): Request | null {
  const { route } = input;
  if (route.method === "DELETE" && route.pattern === "workspaces/:id") return null;
  const odd = encodeURIComponent(input.parameter.toWellFormed());
  const workspace = input.realWorkspace ? on.workspaceId : odd;
  const path = route.pattern
    .split("/")
    .map((part) => (part === ":id" ? workspace : part.startsWith(":") ? odd || "x" : part))
    .join("/");
  const bases = {
    file: `${on.fileApiUrl}/v1/workspaces/${workspace || "x"}/`,
    cloud: `${on.controlPlaneUrl}/api/v1/`,
    admin: `${on.fileApiUrl}/v1/admin/`,
    root: `${on.fileApiUrl}/`,
  };
  const url = new URL(bases[route.base] + path);
  for (const [name, value] of input.query) url.searchParams.append(name, value);
  const headers = new Headers({
    Authorization: `Bearer ${on.tokens[input.token]}`,
    "X-Correlation-Id": input.correlationId,
    "If-Match": input.ifMatch,
  });
  for (const [name, value] of input.headers) headers.set(name, value);
  const body = route.method === "GET" ? undefined : (input.raw ?? stringify(input.body));
  return new Request(url.toString(), { method: route.method, headers, body: body as RequestInit["body"] });
}

/** The answer within its time. */
export async function answerOf(
  on: GarbageTarget,
  request: Request,
): Promise<{ status: number; text: string }> {
  const response = await Promise.race([on.fetch(request), Bun.sleep(ANSWER_MS).then(() => null)]);
  if (response === null) throw new Error(`${request.method} ${request.url} was not answered in time`);
  return { status: response.status, text: await response.text() };
}

/** How many runs a share of the wanted number is, and the seed when one is given. */
export function runs(share: number): { numRuns: number; seed?: number } {
  const numRuns = Math.ceil(Number(process.env.RELAYFILE_TEST_RUNS ?? 1_500) * share);
  return { numRuns, ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}) };
}

/** Sends any requests and fails for an answer of 500 or above, a hang, or an error of the file API without its fields. */
export async function assertNoServerError(on: GarbageTarget, share: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(anyRequest, async (input) => {
      const request = requestOf(on, input);
      if (request === null) return;
      const { status, text } = await answerOf(on, request);
      if (status >= 500) throw new Error(`${request.method} ${request.url} answered ${status} ${text}`);
      if (status >= 400 && input.route.base === "file") {
        const body = JSON.parse(text);
        expect([typeof body.code, typeof body.message, typeof body.correlationId]).toEqual([
          "string",
          "string",
          "string",
        ]);
      }
    }),
    runs(share),
  );
}

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? String(inner) : inner));
  } catch {
    // A cycle: any text will do as a body.
    return "cycle";
  }
}
