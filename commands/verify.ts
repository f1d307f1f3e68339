/** `relayfile verify discovery|digest|writeback`: one suite, and never a pass for having looked at nothing. */

import { fail } from "../lib/errors.ts";
import { didYouMean } from "../lib/model/suggest.ts";
import { PROVIDERS, providerById, providerOfPath } from "../lib/providers/registry.ts";
import type { Report } from "../verify/report.ts";
import { WRITE_CHECKS } from "../verify/write/checks/mod.ts";
import { readNamedPath } from "../verify/write/choose.ts";
import { listChecks } from "./_check-list.ts";
import { type CommandContext, type CommandResult, command, type Document } from "./_command.ts";
import { announced } from "./_github.ts";
import { makePlan, makeReport, REPORT_ARGS, type ReportArgs, type ReportRequest } from "./_report.ts";

/** What can be verified. */
export type VerifySuite = "discovery" | "digest" | "writeback";

const SUITE_NAMES: readonly VerifySuite[] = ["discovery", "digest", "writeback"];

/** The suites, one line each, for whoever names none of them. */
const SUITES_HINT = `one of
    relayfile verify discovery   refresh discovery, then judge every schema, example and index
    relayfile verify digest      are the digests complete and current, and what fills them
    relayfile verify writeback   routes, examples, drafts and the fate of real writes`;

/** Arguments of `verify`. */
export type VerifyArgs = ReportArgs & {
  readonly what: VerifySuite;
  readonly provider?: string;
  readonly refresh?: boolean;
  readonly "allow-write"?: boolean;
  readonly path?: string;
  readonly "provider-url"?: string;
  readonly with?: readonly string[];
};

/** Runs one suite and returns the report. `discovery` refreshes unless `refresh` is false. */
export function verify(args: VerifyArgs, context: CommandContext): Promise<CommandResult<Report & Document>> {
  return makeReport(requestOf(args, context), args, context);
}

function requestOf(args: VerifyArgs, { ports }: CommandContext): ReportRequest {
  const refresh = args.what === "discovery" && args.refresh !== false;
  const request = { command: `verify ${args.what}`, suite: args.what, provider: args.provider, refresh };
  if (args.what !== "writeback") return request;
  requireConsent(args);
  const providerUrl = args["provider-url"] ?? ports.host.env.RELAYFILE_PROVIDER_URL;
  const fields = Object.fromEntries((args.with ?? []).map(fieldOf));
  const allowed = args["allow-write"] === true;
  const { path } = args;
  const provider = path === undefined ? args.provider : providerOfPath(path)?.id;
  return { ...request, provider, write: { allowed, path, providerUrl, fields } };
}

/** A write probe that was asked for by name needs consent (exit 5), and a place that can be written to. */
function requireConsent(args: VerifyArgs): void {
  const { path } = args;
  const named = (args.only ?? []).find((id) => WRITE_CHECKS.some((check) => check.id === id));
  const asked = path !== undefined ? `--path ${path}` : (args.with ?? []).length > 0 ? "--with" : named;
  const allowed = args["allow-write"] === true;
  if (asked !== undefined && !allowed) {
    fail("consent_required", `${asked} asks for a write probe, which writes to the provider`);
  }
  if (allowed && args.offline === true)
    fail("usage", "--offline sends nothing and --allow-write writes: give one");
  if (path === undefined) return;
  const place = readNamedPath(path);
  if (place.kind === "neither")
    fail("invalid_path", place.message, place.hint === null ? {} : { hint: place.hint });
  if (args.provider !== undefined && place.provider !== args.provider)
    fail("usage", `${path} belongs to ${place.provider}, not to ${args.provider}`);
}

function fieldOf(text: string): [string, string] {
  const cut = text.indexOf("=");
  if (cut < 1) fail("usage", `--with ${text} is not FIELD=VALUE`);
  return [text.slice(0, cut), text.slice(cut + 1)];
}

export default command({
  name: "verify",
  description: "Verify discovery, digests or writebacks of a workspace, all providers or one",
  args: {
    what: {
      type: "positional",
      valueHint: "WHAT",
      description: "discovery, digest or writeback",
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
    with: {
      type: "strings",
      valueHint: "FIELD=VALUE",
      description: "A field of the throwaway record, such as team=AGE or fields.project.key=KAN; repeatable",
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
      const asked =
        args.what === undefined
          ? "say what to verify"
          : `verify does not know ${JSON.stringify(args.what)}${didYouMean(args.what, SUITE_NAMES)}`;
      fail("usage", asked, { hint: SUITES_HINT });
    }
    if (args.provider !== undefined && providerById(args.provider) === null) {
      const known = PROVIDERS.map((provider) => provider.id);
      fail(
        "usage",
        `no provider ${JSON.stringify(args.provider)} is known${didYouMean(args.provider, known)}`,
        {
          hint: `Providers: ${known.join(", ")}`,
        },
      );
    }
    if (what !== "writeback" && (args["allow-write"] || args.path !== undefined || args.with.length > 0))
      fail("usage", `verify ${what} writes nothing`, { hint: "relayfile verify writeback --help" });
    if (args.list) return listChecks(what, { only: args.only, skip: args.skip, refresh: args.refresh });
    if (args.plan) return makePlan(requestOf({ ...args, what }, context), args, context);
    return announced(await verify({ ...args, what }, context), context);
  },
});
