/** Stacks that are healthy although each gives a careless diagnosis a reason to complain. */
import type { Ask, ShapeName } from "./fault.ts";
import type { Bench } from "./lab.ts";

/** One healthy stack. */
export interface Healthy {
  readonly id: string;
  readonly shape: ShapeName;
  readonly mirror: boolean;
  readonly ownStack: boolean;
  readonly asks: readonly Ask[];
  prepare(bench: Bench): void | Promise<void>;
}

const DOCTOR: readonly Ask[] = [{ what: "doctor" }];
const EVERYTHING: readonly Ask[] = [
  { what: "doctor", args: { deep: true } },
  { what: "discovery" },
  { what: "digest" },
  { what: "writeback" },
];
const ISSUE = { fields: { project: { key: "KAN" }, issuetype: { name: "Task" }, summary: "All is well" } };
const text = (value: string) => new TextEncoder().encode(value);

/** Ten and more of them, all different. */
export const HEALTHY: readonly Healthy[] = [
  stack("fresh-and-empty", { shape: "empty", asks: DOCTOR }),
  stack("three-providers", { asks: EVERYTHING }),
  stack("all-providers", { shape: "six", asks: EVERYTHING }),
  stack("with-a-mirror", { mirror: true }),
  stack("with-a-mirror-cleanly-stopped", {
    mirror: true,
    prepare: ({ mirror }) => {
      mirror?.remove(".relay/mount.pid");
      mirror?.state({ status: "stopped", lastSuccessfulReconcileAt: "2026-01-01T00:00:00.000Z" });
    },
  }),
  stack("with-a-long-poll-interval", {
    mirror: true,
    prepare: ({ mirror }) =>
      mirror?.state({
        intervalMs: 600_000,
        lastSuccessfulReconcileAt: new Date(Date.now() - 300_000).toISOString(),
      }),
  }),
  stack("failed-often-but-long-ago", {
    mirror: true,
    prepare: ({ mirror }) =>
      mirror?.state({ failedWritebacks: 412, circuit: { open: false, openEvents: 7 } }),
  }),
  stack("writes-arrived", {
    ownStack: true,
    asks: EVERYTHING,
    prepare: async (bench) => {
      await bench.agentWrite("/jira/issues/all is well.json", ISSUE);
      await bench.agentWrite("/notes/plan.md", "# A file of no provider");
    },
  }),
  stack("provider-recovered-during-retries", {
    ownStack: true,
    asks: EVERYTHING,
    prepare: async (bench) => {
      bench.stack.simulator.failNext("jira", 1, { status: 503, body: { message: "one moment" } });
      await bench.agentWrite("/jira/issues/all is well.json", ISSUE);
    },
  }),
  stack("named-by-uuid-with-a-session", {
    prepare: (bench) => {
      bench.homeFile(".relayfile/workspaces.json", null);
      bench.set("RELAYFILE_WORKSPACE", bench.stack.cloudWorkspaceId);
    },
  }),
  stack("without-cloud-session", {
    prepare: (bench) => bench.homeFile(".relayfile/cloud-credentials.json", null),
  }),
  stack("cloud-token-due-for-renewal", {
    prepare: async (bench) => {
      const past = new Date(Date.now() - 60_000).toISOString();
      bench.cloudFile({ accessTokenExpiresAt: past });
    },
  }),
  stack("token-from-the-environment", {
    prepare: (bench) => {
      bench.homeFile(".relayfile/credentials.json", null);
      bench.set("RELAYFILE_TOKEN", bench.token);
      bench.set("RELAYFILE_BASE_URL", bench.proxy.fileApiUrl);
    },
  }),
  stack("token-with-class-prefix", {
    prepare: (bench) => bench.workspaceFile({ token: `relay_ws_${bench.token}` }),
  }),
  stack("home-beside-a-server", {
    prepare: (bench) => {
      // A server keeps its data where its credentials lie; its locks are not the credentials'.
      bench.homeFile(".relayfile/serve.lock", "");
      bench.age(".relayfile/serve.lock", 3_600_000);
    },
  }),
  stack("clock-thirty-seconds-off", { prepare: (bench) => bench.skew(30_000) }),
  stack("a-provider-behind-an-access-rule", {
    ownStack: true,
    asks: EVERYTHING,
    prepare: async (bench) => {
      const path = encodeURIComponent("/jira/.relayfile.acl");
      const rule = { content: "", contentType: "text/plain", semantics: { permissions: ["scope:fs:read"] } };
      const route = `/v1/workspaces/${bench.stack.workspaceId}/fs/file?path=${path}`;
      await bench.call("PUT", route, rule, { "if-match": "0" });
      await bench.flush();
    },
  }),
  stack("server-without-bulk-reads", {
    shape: "six",
    asks: EVERYTHING,
    prepare: (bench) =>
      void bench.proxy.rules.push({
        when: (url) => url.pathname.endsWith("/fs/bulk-read"),
        answer: () => Response.json({ code: "not_found", message: "route not found" }, { status: 404 }),
      }),
  }),
  stack("server-whose-feed-begins-at-the-beginning", {
    asks: EVERYTHING,
    prepare: (bench) =>
      void bench.proxy.rules.push({
        when: (url) => url.pathname.endsWith("/fs/events"),
        json: (page: { events: object[] }) => ({ ...page, events: [...page.events].reverse() }),
      }),
  }),
  stack("join-unhurried-but-fine", {
    asks: [{ what: "doctor", args: { deep: true } }],
    prepare: (bench) =>
      void bench.proxy.rules.push({ when: (url) => url.pathname.endsWith("/join"), delayMs: 250 }),
  }),
  stack("records-named-like-internals", {
    ownStack: true,
    asks: EVERYTHING,
    prepare: async (bench) => {
      for (const name of ["layout-notes", "by-the-way", "some-acl-doc"])
        await bench.agentWrite(`/notes/${name}.md`, `# ${name}`);
    },
  }),
  stack("resource-without-records", {
    ownStack: true,
    asks: DOCTOR,
    prepare: async (bench) => {
      const sprints = await bench.list("/jira/sprints");
      const schema = JSON.stringify({ type: "object", title: "jira sprints", properties: {} });
      await bench.emit(...sprints.map((path) => ({ kind: "delete", path }) as const), {
        kind: "write",
        path: "/discovery/jira/sprints/.schema.json",
        bytes: text(schema),
        contentType: "application/json",
      });
    },
  }),
];

function stack(id: string, parts: Partial<Omit<Healthy, "id">>): Healthy {
  return { id, shape: "data", mirror: false, ownStack: false, asks: DOCTOR, prepare() {}, ...parts };
}
