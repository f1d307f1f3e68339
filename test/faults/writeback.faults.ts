/** Writes that end badly: refused by the provider, by validation or by the router, or never taken up. */
import type { ForcedAnswer } from "../../lib/simulator/mod.ts";
import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";

const ISSUE = {
  fields: { project: { key: "KAN" }, issuetype: { name: "Task" }, summary: "From the fault lab" },
};

/** Creates a Jira issue while Jira answers as told. */
const whileJira = (times: number, answer: ForcedAnswer) => async (bench: Bench) => {
  bench.stack.simulator.failNext("jira", times, answer);
  await bench.agentWrite("/jira/issues/fault lab.json", ISSUE);
};

/** Path of the first record of a resource. */
async function firstRecord(bench: Bench, root: string): Promise<string> {
  const rows = (await bench.read(`${root}/_index.json`)) as { canonicalPath: string }[];
  return rows[0]?.canonicalPath ?? root;
}

export default faultsOf(
  "writeback",
  { ownStack: true, needs: ["file-api", "token", "workspace-reads", "ops"] },
  [
    {
      id: "provider-answers-400",
      refs: ["symptom:73", "VW-12", "relayfile#84"],
      inject: whileJira(1, { status: 400, body: { errorMessages: ["project is required"] } }),
      expect: { root: "writeback.provider-rejected", exit: 1, knownIssue: "relayfile#84" },
      never: ["writeback.retries-exhausted", "writeback.no-route", "writeback.validation-failed"],
    },
    {
      id: "provider-answers-400-to-a-save-in-the-mirror",
      refs: ["symptom:73", "DR-20", "VW-12", "relayfile#84"],
      mirror: true,
      needs: ["file-api", "token", "workspace-reads", "ops", "mirror"],
      inject: async (bench) => {
        bench.stack.simulator.failNext("jira", 1, {
          status: 400,
          body: { errorMessages: ["no such project"] },
        });
        const path = "/jira/issues/fault lab.json";
        const opId = await bench.agentWrite(path, ISSUE);
        const record = {
          opId,
          path,
          attempts: 1,
          lastStatus: 400,
          stage: "op",
          ts: new Date().toISOString(),
        };
        bench.mirror?.write(`.relay/dead-letter/${opId}.json`, JSON.stringify(record));
      },
      expect: { root: "writeback.provider-rejected", exit: 1, knownIssue: "relayfile#84" },
      never: ["writeback.retries-exhausted", "doctor.dead-letter-malformed"],
    },
    {
      id: "provider-answers-422",
      refs: ["VW-12"],
      inject: whileJira(1, { status: 422, body: { message: "unprocessable" } }),
      expect: { root: "writeback.provider-rejected", exit: 1, knownIssue: "relayfile#84" },
      never: ["writeback.retries-exhausted"],
    },
    {
      id: "provider-answers-401",
      refs: ["VW-12"],
      inject: whileJira(1, { status: 401, body: { message: "token revoked" } }),
      expect: { root: "writeback.provider-rejected", exit: 1 },
      never: ["doctor.workspace-token-rejected", "doctor.cloud-session-expired"],
    },
    {
      id: "provider-limits-rate-for-ever",
      refs: ["VW-12"],
      inject: whileJira(3, { status: 429, body: { message: "slow down" } }),
      expect: { root: "writeback.retries-exhausted", exit: 1, knownIssue: "relayfile#84" },
      never: ["writeback.provider-rejected", "doctor.rate-limited"],
    },
    {
      id: "provider-down",
      refs: ["VW-12"],
      inject: whileJira(3, { status: 503, body: { message: "maintenance" } }),
      expect: { root: "writeback.retries-exhausted", exit: 1, knownIssue: "relayfile#84" },
      never: ["writeback.provider-rejected", "doctor.file-api-failing"],
    },
    {
      id: "graphql-success-false",
      refs: ["VW-27"],
      inject: async (bench) => {
        bench.stack.simulator.declineNext("linear");
        await bench.agentWrite("/linear/labels/fault lab.json", { name: "fault-lab", color: "#112233" });
      },
      expect: { root: "writeback.provider-rejected", exit: 1, knownIssue: "relayfile#84" },
      never: ["writeback.no-route", "writeback.validation-failed"],
    },
    {
      id: "two-writes-refused-alike",
      refs: ["VW-12"],
      inject: async (bench) => {
        bench.stack.simulator.failNext("jira", 2, { status: 400, body: { errorMessages: ["closed"] } });
        for (const name of ["one", "two"]) await bench.agentWrite(`/jira/issues/fault ${name}.json`, ISSUE);
      },
      expect: { root: "writeback.provider-rejected", exit: 1 },
    },
    {
      id: "write-to-an-alias",
      refs: ["VW-23", "symptom:71"],
      inject: async (bench) => {
        const [alias] = (await bench.list("/linear/issues/by-id/")) as [string];
        await bench.agentWrite(alias, { title: "changed in the copy" });
      },
      expect: { root: "writeback.not-writable-path", exit: 0, knownIssue: null },
      never: ["writeback.no-route", "writeback.provider-rejected"],
    },
    {
      id: "write-to-an-index",
      refs: ["VW-23"],
      inject: async (bench) => {
        const rows = (await bench.read("/jira/projects/_index.json")) as unknown[];
        await bench.agentWrite("/jira/projects/_index.json", rows);
      },
      expect: { root: "writeback.not-writable-path", exit: 0, knownIssue: null },
      never: ["writeback.no-route"],
    },
    {
      id: "read-only-field-changed",
      refs: ["VW-10"],
      inject: async (bench) => {
        const path = await firstRecord(bench, "/linear/issues");
        await bench.agentWrite(path, { id: "another", title: "x", createdAt: "2020-01-01T00:00:00.000Z" });
      },
      expect: { root: "writeback.validation-failed", exit: 1, knownIssue: null },
      never: ["writeback.provider-rejected", "writeback.no-route"],
    },
    {
      id: "create-lacks-required-field",
      refs: ["VW-10"],
      inject: (bench) =>
        bench.agentWrite("/linear/issues/fault lab.json", { description: "no title" }).then(() => {}),
      expect: { root: "writeback.validation-failed", exit: 1 },
      never: ["writeback.provider-rejected", "writeback.no-route"],
    },
    {
      id: "unknown-field-sent",
      refs: ["VW-10"],
      inject: (bench) =>
        bench.agentWrite("/linear/labels/fault lab.json", { name: "x", colour: "red" }).then(() => {}),
      expect: { root: "writeback.validation-failed", exit: 1 },
    },
    {
      id: "op-stuck-pending",
      refs: ["symptom:72", "VW-11"],
      ownStack: false,
      inject: (bench) =>
        void bench.proxy.rules.push({
          when: (url) => url.pathname.endsWith("/ops") && url.searchParams.get("status") === "pending",
          json: (page: { items: unknown[] }) => ({
            ...page,
            items: [
              {
                opId: "op_stuck",
                path: "/jira/issues/waiting.json",
                provider: "jira",
                action: "file_upsert",
                status: "pending",
                attemptCount: 0,
                createdAt: new Date(Date.now() - 3_600_000).toISOString(),
                updatedAt: new Date(Date.now() - 3_600_000).toISOString(),
              },
            ],
          }),
        }),
      expect: { root: "writeback.op-stuck", exit: 1 },
      never: ["writeback.no-route"],
    },
    {
      id: "may-2026-canonical-edit-without-rule",
      refs: ["symptom:75", "VW-09", "cloud#780"],
      shape: "may2026",
      ask: { what: "writeback" },
      inject: async (bench) => {
        const paths = await bench.list("/jira/issues/");
        const path = paths.find((one) => /^\/jira\/issues\/[^/]+__\d+\.json$/.test(one)) ?? "";
        await bench.agentWrite(path, { fields: { summary: "edited" } });
      },
      expect: { root: "writeback.no-route", exit: 1, knownIssue: "cloud#780" },
      never: ["writeback.not-writable-path", "writeback.validation-failed", "writeback.provider-rejected"],
    },
  ],
);
