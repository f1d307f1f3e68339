/** What was asked for exists, and no credential would go to a host it does not belong to. */
import {
  defineCheck,
  type FindingDraft,
  judged,
  type SuggestedCommand,
  skip,
  suggest,
  type TargetFact,
} from "../check.ts";
import { joinAgain } from "./_workspace.ts";

/** Every part of the target that something refers to. */
export const targetResolved = defineCheck({
  id: "doctor.target-resolved",
  title: "every credential, workspace and mount that was asked for exists",
  severity: "error",
  phase: "auth",
  needs: ["target"],
  after: [],
  refs: ["DR-01", "DR-04", "symptom:1", "symptom:23"],
  hint: "Fix the flag, variable or file that the finding names",
  findings: {
    "doctor.credential-unusable": {
      severity: "error",
      class: "auth",
      means: "A flag, a variable or a file names a credential that is missing or cannot be read.",
      decided: "By reading it. A credential that nothing refers to is never missed.",
      not: "Not an expired or refused token: it never got that far.",
      fix: "Fix the place the finding names, or sign in or join again.",
    },
    "doctor.workspace-unresolved": {
      severity: "error",
      means: "The workspace that was asked for is not known here and could not be looked up.",
      decided: "By the registry, the form of the name and, with a cloud token, the control plane.",
      not: "Not a workspace that refuses the token: it was never found.",
      fix: "Check the name, or join the workspace once so that it is registered.",
    },
    "doctor.nothing-configured": {
      severity: "info",
      means:
        "No credential and no workspace is configured, so there is nothing to diagnose beyond the services themselves.",
      decided: "No flag, variable or file names one.",
      not: "Not a fault.",
      fix: "Sign in, or try everything without an account: relayfile demo.",
    },
  },
  run: ({ target }) => {
    type Codes = "doctor.credential-unusable" | "doctor.workspace-unresolved" | "doctor.nothing-configured";
    const findings = target.problems.map((problem): FindingDraft<Codes> => {
      const credential = problem.part === "workspaceToken" || problem.part === "cloudToken";
      return {
        code: credential ? "doctor.credential-unusable" : "doctor.workspace-unresolved",
        // Half of the suites needs no cloud session, so its absence alone is no error.
        severity: problem.part === "cloudToken" ? "warn" : "error",
        title: problem.message,
        subject: { kind: credential ? "token" : "endpoint", ref: problem.part },
        evidence: [{ type: "log", line: `${problem.part}: ${problem.code}` }],
        facts: { part: problem.part, code: problem.code },
        remedy: remedyOf(problem, target),
      };
    });
    const nothing = target.workspaceToken === null && target.cloudToken === null && target.workspace === null;
    if (nothing && findings.length === 0) {
      return judged(
        0,
        [
          {
            code: "doctor.nothing-configured",
            title: "nobody is signed in and no workspace is named",
            subject: { kind: "token", ref: "workspace" },
            evidence: [],
            remedy: {
              text: "Look at a demo, which needs no account, or sign in: relayfile login",
              commands: [suggest("relayfile demo"), suggest("relayfile login", "write")],
            },
          } satisfies FindingDraft<Codes>,
        ],
        "no credential is configured",
      );
    }
    const parts = findings.map(({ facts }) => facts?.part).join(", ");
    return judged(
      1,
      findings,
      parts === "" ? "all parts of the target were found" : `cannot be used: ${parts}`,
    );
  },
});

/** The hint, as a command where it is one. */
function remedyOf(problem: TargetFact["problems"][number], target: TargetFact) {
  if (!problem.hint.startsWith("relayfile ")) {
    const commands = renewal(problem, target);
    const verb = problem.part === "cloudToken" ? "Sign in" : "Join the workspace";
    return { text: commands.length > 0 ? `${verb} again; the file is written anew` : problem.hint, commands };
  }
  return { text: LEADS_TO[problem.hint] ?? "Run it, then ask again", commands: [suggest(problem.hint)] };
}

/** What a hint that is a command is for. */
const LEADS_TO: Readonly<Record<string, string>> = {
  "relayfile login": "Sign in, then ask again",
  "relayfile workspace list": "See which workspaces there are",
};

/** How to get a credential anew whose file is damaged; a flag or variable that names nothing is mended by hand. */
function renewal({ part, code }: TargetFact["problems"][number], target: TargetFact): SuggestedCommand[] {
  if (code !== "state_corrupt") return [];
  const name = target.workspace?.name ?? target.workspace?.id;
  if (part === "cloudToken") return [suggest("relayfile login", "write")];
  return part === "workspaceToken" && name != null
    ? [suggest(`relayfile workspace join ${name}`, "write")]
    : [];
}

/** DR-06, symptom 11. */
export const credentialsFitHosts = defineCheck({
  id: "doctor.credentials-fit-hosts",
  title: "every credential belongs to the host it would be sent to",
  severity: "error",
  phase: "auth",
  needs: ["target"],
  after: [],
  refs: ["DR-06", "symptom:11", "symptom:18", "symptom:19"],
  hint: "Sign in or join at the host you mean; a token is never sent to another one",
  findings: {
    "doctor.credential-host-mismatch": {
      severity: "error",
      class: "auth",
      means:
        "A stored credential was issued for another host than the one this run talks to. It was not sent.",
      decided: "By the server recorded beside the credential and the base URL in use.",
      not: "Not a refused token: the host never saw it.",
      fix: "Sign in or join at that host, or name its credential file with --token-file or --cloud-token-file.",
    },
    "doctor.tokens-swapped": {
      severity: "error",
      class: "auth",
      means:
        "The workspace token stands where the cloud token belongs, and the other way round. Neither was sent.",
      decided: "By the form of both credentials.",
      not: "Not two lost sessions: each token may be good for the other service.",
      fix: "Swap the two: cld_ tokens go to the control plane, the JWT of a join goes to the file API.",
    },
  },
  run: ({ target }) => {
    if (target.boundElsewhere.length === 0 && target.workspaceToken === null && target.cloudToken === null) {
      return skip("no credential is configured");
    }
    type Codes = "doctor.credential-host-mismatch" | "doctor.tokens-swapped";
    const findings = target.boundElsewhere.map(
      (item): FindingDraft<Codes> => ({
        code: "doctor.credential-host-mismatch",
        severity: item.kind === "cloud" ? "warn" : "error",
        title: `the ${item.kind} token of ${item.source} belongs to ${item.server}, not to ${item.url}`,
        subject: { kind: "token", ref: item.kind },
        evidence: [{ type: "compare", a: item.server, b: item.url, relation: "is another host than" }],
        facts: { kind: item.kind, source: item.source, server: item.server, url: item.url },
        remedy:
          item.kind === "cloud"
            ? {
                text: `Sign in at ${item.url}`,
                commands: [suggest(`relayfile login --control-plane ${item.url}`, "write")],
              }
            : {
                text: "Join the workspace at this host",
                commands: [joinAgain(target)],
              },
      }),
    );
    const swapped = swappedTokens(target);
    if (swapped !== null) findings.push(swapped);
    const seen = 1 + target.boundElsewhere.length;
    return judged(seen, findings, findings[0]?.title ?? "no credential would go to a foreign host");
  },
});

function swappedTokens({
  workspaceToken,
  cloudToken,
}: TargetFact): FindingDraft<"doctor.tokens-swapped"> | null {
  if (workspaceToken?.kind !== "cloud-access" || cloudToken?.kind !== "workspace-jwt") return null;
  return {
    code: "doctor.tokens-swapped",
    title: `the two tokens are swapped: ${workspaceToken.source} holds the cloud token, ${cloudToken.source} the workspace token`,
    subject: { kind: "token", ref: "both" },
    evidence: [workspaceToken, cloudToken].map(({ source, kind, fingerprint }) => ({
      type: "log",
      line: `${source}: ${kind}, fingerprint ${fingerprint}`,
    })),
    facts: { workspaceSource: workspaceToken.source, cloudSource: cloudToken.source },
    ruledOut: ["an expired or refused token: neither was sent"],
    remedy: { text: "Swap the two values, then ask again", commands: [] },
  };
}
