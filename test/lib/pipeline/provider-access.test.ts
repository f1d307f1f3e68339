import { describe, expect, test } from "bun:test";
import {
  type AccessSettings,
  accessOf,
  connectProblem,
  executesHere,
  type ProviderConnection,
} from "../../../lib/pipeline/provider-access.ts";
import { accessOptions } from "../../../lib/service/provider-settings.ts";

function settings(env: Record<string, string>, simulatorUrl: string | null = null): AccessSettings {
  return { simulatorUrl, ...accessOptions(env) };
}
const over = (backend: string, known: Record<string, unknown> = {}): ProviderConnection => ({
  backend,
  connectionId: "conn-1",
  settings: known,
});

describe("accessOf()", () => {
  const direct: [string, Record<string, string>, Record<string, unknown>, string, string][] = [
    ["github", { TOKEN: "ghp_1" }, {}, "https://api.github.com", "Bearer ghp_1"],
    ["linear", { TOKEN: "lin_api_1" }, {}, "https://api.linear.app", "lin_api_1"],
    ["linear", { TOKEN: "lin_oauth_1" }, {}, "https://api.linear.app", "Bearer lin_oauth_1"],
    ["notion", { TOKEN: "ntn_1" }, {}, "https://api.notion.com", "Bearer ntn_1"],
    ["slack", { TOKEN: "xoxb-1" }, {}, "https://slack.com/api", "Bearer xoxb-1"],
    ["jira", { TOKEN: "t" }, { cloudId: "c-1" }, "https://api.atlassian.com/ex/jira/c-1", "Bearer t"],
    [
      "confluence",
      { TOKEN: "t" },
      { cloudId: "c-1" },
      "https://api.atlassian.com/ex/confluence/c-1",
      "Bearer t",
    ],
    [
      "jira",
      { TOKEN: "Basic bWU6dA==", URL: "https://x.example/" },
      {},
      "https://x.example",
      "Basic bWU6dA==",
    ],
    ["github", { TOKEN: "t", URL: "http://127.0.0.1:9/api" }, {}, "http://127.0.0.1:9/api", "Bearer t"],
  ];
  for (const [provider, given, known, baseUrl, authorization] of direct) {
    test(`reaches ${provider} at ${baseUrl} as ${authorization}`, () => {
      const env = Object.fromEntries(
        Object.entries(given).map(([name, value]) => [
          `RELAYFILE_${provider.toUpperCase()}_API_${name}`,
          value,
        ]),
      );
      const access = accessOf(settings(env), provider, over("direct", known));
      expect(access).toMatchObject({ baseUrl, headers: { authorization }, forwardPrefix: "" });
    });
  }

  test("goes through the proxy of the source, with the connection's id and key and the site's prefix", () => {
    const env = { RELAYFILE_SOURCE_URL: "https://nango.example/", RELAYFILE_SOURCE_SECRET: "sk-1" };
    const known = { providerConfigKey: "jira-relay", cloudId: "c-1" };
    expect(accessOf(settings(env), "jira", over("nango", known))).toEqual({
      baseUrl: "https://nango.example/proxy/ex/jira/c-1",
      headers: {
        authorization: "Bearer sk-1",
        "connection-id": "conn-1",
        "provider-config-key": "jira-relay",
      },
      forwardPrefix: "nango-proxy-",
      secrets: ["sk-1"],
    });
    const other = { ...env, RELAYFILE_JIRA_PROXY_URL: "https://p.example", RELAYFILE_PROXY_SECRET: "sk-2" };
    expect(accessOf(settings(other), "jira", over("nango", known))).toMatchObject({
      baseUrl: "https://p.example/ex/jira/c-1",
      secrets: ["sk-2"],
    });
  });

  const problems: [string, Record<string, string>, string, ProviderConnection, RegExp][] = [
    ["no token", {}, "github", over("direct"), /set RELAYFILE_GITHUB_API_TOKEN/],
    ["no site", { RELAYFILE_JIRA_API_TOKEN: "t" }, "jira", over("direct"), /needs cloudId/],
    [
      "a site that leaves its place in the path",
      { RELAYFILE_JIRA_API_TOKEN: "t" },
      "jira",
      over("direct", { cloudId: "../admin" }),
      /needs cloudId/,
    ],
    [
      "a credential on an open wire",
      { RELAYFILE_JIRA_API_TOKEN: "t", RELAYFILE_JIRA_API_URL: "http://jira.example" },
      "jira",
      over("direct"),
      /RELAYFILE_JIRA_API_URL must begin with https/,
    ],
    [
      "a credential in the address",
      { RELAYFILE_JIRA_API_TOKEN: "t", RELAYFILE_JIRA_API_URL: "https://me:pw@jira.example" },
      "jira",
      over("direct"),
      /must not contain a credential/,
    ],
    ["no proxy", {}, "slack", over("nango"), /set RELAYFILE_SLACK_PROXY_URL/],
    [
      "no key",
      { RELAYFILE_PROXY_URL: "https://p.example" },
      "slack",
      over("nango"),
      /set RELAYFILE_SLACK_PROXY_SECRET/,
    ],
    [
      "an id that would add a header",
      { RELAYFILE_PROXY_URL: "https://p.example", RELAYFILE_PROXY_SECRET: "k" },
      "slack",
      { backend: "nango", connectionId: "a\r\nx: y", settings: {} },
      /no header can carry/,
    ],
    ["no simulator", {}, "slack", over("simulator"), /no simulator/],
    ["a backend of somebody else", {}, "slack", over("composio"), /composio/],
  ];
  for (const [name, env, provider, connection, message] of problems) {
    test(`says what is missing: ${name}`, () => {
      const access = accessOf(settings(env), provider, connection);
      expect("problem" in access ? access.problem : "reached").toMatch(message);
    });
  }
});

describe("executesHere()", () => {
  test("a source brings its proxy unless the operator leaves ops to somebody else", () => {
    const source = { RELAYFILE_SOURCE_URL: "https://nango.example", RELAYFILE_SOURCE_SECRET: "k" };
    expect(executesHere(settings(source), "jira", "nango")).toBe(true);
    expect(executesHere(settings({ ...source, RELAYFILE_PROXY_URL: "none" }), "jira", "nango")).toBe(false);
    expect(executesHere(settings({}), "jira", "nango")).toBe(false);
    expect(executesHere(settings({}), "jira", "simulator")).toBe(false);
    expect(executesHere(settings({}, "http://127.0.0.1:1"), "jira", "simulator")).toBe(true);
  });
});

describe("connectProblem()", () => {
  test("a direct connection needs its credential first", () => {
    expect(connectProblem(settings({}), "jira", "direct")?.hint).toContain("RELAYFILE_JIRA_API_TOKEN");
    expect(connectProblem(settings({ RELAYFILE_JIRA_API_TOKEN: "t" }), "jira", "direct")).toBeNull();
    expect(connectProblem(settings({}), "jira", "elsewhere")).toBeNull();
  });
});
