/** `relayfile verify discovery|digest|writeback`: one suite, and never a pass for having looked at nothing. */

import { fail } from "../lib/errors.ts";
import { PROVIDERS, providerById } from "../lib/providers/registry.ts";
import type { Report } from "../verify/report.ts";
import { listChecks } from "./_check-list.ts";
import { type CommandContext, type CommandResult, command, type Document } from "./_command.ts";
import { makePlan, makeReport, REPORT_ARGS, type ReportArgs, type ReportRequest } from "./_report.ts";

/** What can be verified. */
export type VerifySuite = "discovery" | "digest" | "writeback";

const SUITE_NAMES: readonly VerifySuite[] = ["discovery", "digest", "writeback"];

/** Arguments of `verify`. */
export type VerifyArgs = ReportArgs & {
  readonly what: VerifySuite;
  readonly provider?: string;
  readonly refresh?: boolean;
  readonly "allow-write"?: boolean;
  readonly path?: string;
  readonly "provider-url"?: string;
};

/** Runs one suite and returns the report. `discovery` refreshes unless `refresh` is false. */
export function verify(args: VerifyArgs, context: CommandContext): Promise<CommandResult<Report & Document>> {
  return makeReport(requestOf(args, context), args, context);
}

function requestOf(args: VerifyArgs, { ports }: CommandContext): ReportRequest {
  const refresh = args.what === "discovery" && args.refresh !== false;
  const request = { command: `verify ${args.what}`, suite: args.what, provider: args.provider, refresh };
  if (args.what !== "writeback") return request;
  const providerUrl = args["provider-url"] ?? ports.host.env.RELAYFILE_PROVIDER_URL;
  return { ...request, write: { allowed: args["allow-write"] === true, path: args.path, providerUrl } };
}

export default command({
  name: "verify",
  description: "Verify discovery, digests or writebacks of a workspace, all providers or one",
  args: {
    what: {
      type: "positional",
      valueHint: "WHAT",
      description: "discovery, digest or writeback",
      required: true,
    },
    provider: {
      type: "positional",
      valueHint: "PROVIDER",
      description: "One provider, such as jira; else all",
    },
    refresh: { type: "boolean", default: true, description: "With --no-refresh, judge discovery as it is" },
    "allow-write": { type: "boolean", description: "Consent to write probes (writeback only)" },
    path: {
      type: "string",
      valueHint: "PATH",
      description: "The record a write probe may edit, or the collection it may create in",
    },
    "provider-url": {
      type: "string",
      valueHint: "URL",
      description: "The provider's own API, to read back what was written; {provider} is filled in",
    },
    ...REPORT_ARGS,
  },
  examples: [
    ["relayfile verify discovery", "refresh discovery and judge every schema"],
    ["relayfile verify discovery jira --json", "one provider, one document for an agent"],
    ["relayfile verify digest", "are today's digests complete, and what fills them"],
    ["relayfile verify writeback linear", "routes, examples and the ops of one provider"],
    [
      "relayfile verify writeback jira --allow-write",
      "write a marked throwaway record, follow it to the provider, clean up",
    ],
    ["relayfile verify discovery --report curl=repro.sh", "also write the requests as a shell script"],
  ],
  run: async (args, context) => {
    const what = SUITE_NAMES.find((name) => name === args.what);
    if (what === undefined) {
      fail("usage", `verify knows ${SUITE_NAMES.join(", ")}, not ${JSON.stringify(args.what)}`, {
        hint: "relayfile verify discovery",
      });
    }
    if (args.provider !== undefined && providerById(args.provider) === null) {
      const known = PROVIDERS.map((provider) => provider.id).join(", ");
      fail("usage", `no provider ${JSON.stringify(args.provider)} is known`, { hint: `Providers: ${known}` });
    }
    if (args.list) return listChecks(what, { only: args.only, skip: args.skip, refresh: args.refresh });
    if (args.plan) return makePlan(requestOf({ ...args, what }, context), args, context);
    return verify({ ...args, what }, context);
  },
});
