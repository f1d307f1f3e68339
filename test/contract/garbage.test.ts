/** Whatever is sent to whichever route: an answer with a status below 500, never a hang. Seeded; a failure prints the seed. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { CONTROL_PLANE_ROUTES } from "../../lib/service/control-plane/mod.ts";
import { FILE_API_ROUTES } from "../../lib/service/file-api/mod.ts";
import { type TestStack, testStack } from "../support/stack.ts";
import { ALL_SCOPES } from "./target.ts";

let stack: TestStack;
const tokens: string[] = [];
beforeAll(async () => {
  stack = await testStack({ providers: ["jira"] });
  const { accessToken } = await stack.cloudSession();
  tokens.push(
    await stack.mint([...ALL_SCOPES, "admin:read", "admin:replay"]),
    await stack.mint(["relayfile:fs:manage:/a/**", "ops:read", "sync:read"]),
    accessToken,
    "garbage",
    "a.b.c",
    `${btoa('{"alg":"RS256"}')}.${btoa("{}")}.x`,
    "",
  );
});
afterAll(() => stack.stop());

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
  { method: "GET", pattern: "fs/ws", base: "file" as const },
];

const anyRequest = fc.record({
  route: fc.constantFrom(...routes),
  parameter: oddText,
  realWorkspace: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.boolean()),
  query: fc.array(fc.tuple(fc.constantFrom(...queryNames), oddText), { maxLength: 4 }),
  token: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat({ max: 6 })),
  correlationId: headerText,
  ifMatch: headerText,
  body: fc.oneof(oddValue, fc.constant(undefined)),
  raw: fc.option(fc.uint8Array({ maxLength: 50 }), { nil: undefined, freq: 4 }),
});

test("no route answers 500 to garbage", async () => {
  await fc.assert(
    fc.asyncProperty(anyRequest, async (input) => {
      const { route } = input;
      const workspace = input.realWorkspace
        ? stack.workspaceId
        : encodeURIComponent(wellFormed(input.parameter));
      const path = route.pattern
        .split("/")
        .map((part) =>
          part === ":id"
            ? workspace
            : part.startsWith(":")
              ? encodeURIComponent(wellFormed(input.parameter)) || "x"
              : part,
        )
        .join("/");
      // Deleting the workspace would end the test's own ground.
      if (route.method === "DELETE" && route.pattern === "workspaces/:id") return;
      const url = new URL(
        route.base === "file"
          ? `${stack.fileApiUrl}/v1/workspaces/${workspace || "x"}/${path}`
          : `${stack.controlPlaneUrl}/api/v1/${path}`,
      );
      for (const [name, value] of input.query) url.searchParams.append(name, value);
      const request = new Request(url.toString(), {
        method: route.method,
        headers: {
          Authorization: `Bearer ${tokens[input.token]}`,
          "X-Correlation-Id": input.correlationId,
          "If-Match": input.ifMatch,
        },
        body: (route.method === "GET"
          ? undefined
          : (input.raw ?? stringify(input.body))) as RequestInit["body"],
      });
      const response = await stack.fetch(request);
      const text = await response.text();
      if (response.status >= 500)
        throw new Error(`${route.method} ${url} answered ${response.status} ${text}`);
      if (response.status >= 400 && route.base === "file") {
        const body = JSON.parse(text);
        expect([typeof body.code, typeof body.message, typeof body.correlationId]).toEqual([
          "string",
          "string",
          "string",
        ]);
      }
    }),
    {
      numRuns: Number(process.env.RELAYFILE_TEST_RUNS ?? 1_500),
      ...(process.env.SEED ? { seed: Number(process.env.SEED) } : {}),
    },
  );
}, 60_000);

function stringify(value: unknown): string | undefined {
  try {
    return JSON.stringify(value, (_key, inner) => (typeof inner === "bigint" ? String(inner) : inner));
  } catch {
    // A cycle: any text will do as a body.
    return "cycle";
  }
}

function wellFormed(text: string): string {
  return text.toWellFormed();
}
