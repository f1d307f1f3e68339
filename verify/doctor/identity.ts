/** The workspace is the one that is meant, under its right id, at the file API its control plane names. */
import {
  defineCheck,
  type FindingDraft,
  judged,
  page,
  proof,
  type ResolvedFact,
  skip,
  suggest,
  type TargetFact,
  unknown,
} from "../check.ts";

type Code = "doctor.workspace-no-access" | "doctor.workspace-clobbered" | "doctor.file-api-url-drift";

/** P8: symptoms 18, 21, 23. */
export default defineCheck({
  id: "doctor.workspace-identity",
  title: "the control plane knows the workspace, and token, path and file API agree about it",
  severity: "error",
  phase: "auth",
  needs: ["resolved", "target"],
  wants: ["credentialArea"],
  after: ["doctor.control-plane-answers", "doctor.cloud-session-valid"],
  refs: ["symptom:18", "symptom:21", "symptom:23", "DR-01"],
  hint: "List the workspaces you can see: relayfile workspace list",
  findings: {
    "doctor.workspace-no-access": page.error(
      "The control plane does not know the workspace under this name for this identity: it does not exist, or you are no member. Both are answered 404.",
      "`resolve` answers 404 to the cloud token that whoami accepts.",
      "Not the wrong form of the id: resolve takes both forms.",
      "Check the name, or ask to be made a member.",
    ),
    "doctor.workspace-clobbered": page.error(
      "RELAYFILE_WORKSPACE names another workspace than the token is for: another tool may have set it to an id of its own.",
      "The id comes from the environment, differs from the token's wks claim, and the control plane resolves it to another workspace or to none.",
      "Not a UUID of the same workspace: resolve would say so.",
      "Unset the variable, or name the workspace explicitly.",
    ),
    "doctor.file-api-url-drift": page.warn(
      "This run talks to another file API than the one the control plane names for the workspace: an older default, or another cluster.",
      "The host of the base URL differs from relayfileUrl of `resolve`; loopback hosts are left out.",
      "Not a wrong service: both are file APIs.",
      "Use the URL that the control plane names.",
    ),
  },
  run: ({ resolved, target, credentialArea }) => {
    const { probe } = resolved;
    if (probe.status === 401 || probe.status === 403)
      return skip("the control plane refuses the cloud token");
    const usual = credentialArea?.defaultWorkspaceId ?? null;
    if (probe.status === 404 && probe.kind === "json")
      return judged(1, [noAccess(resolved, target, usual)], "not resolved");
    if (probe.status === 404 || probe.status === 405) return judged(0, [], "this deployment resolves no ids");
    if (probe.status !== 200 || (resolved.id === null && resolved.cloudId === null)) {
      return unknown(`resolve gave no usable answer (${probe.status ?? probe.failure})`);
    }
    const findings = [
      ...idFindings(resolved, target, usual),
      ...urlFindings(resolved, target, credentialArea?.registeredFileApiUrl ?? null),
    ];
    const known = resolved.id ?? resolved.cloudId;
    const named = resolved.asked === known ? known : `${resolved.asked}, which is ${known}`;
    return judged(1, findings, `the control plane knows ${named}`);
  },
});

function noAccess(resolved: ResolvedFact, target: TargetFact, usual: string | null): FindingDraft<Code> {
  const claimed = target.workspaceToken?.claims?.workspaceId ?? null;
  const fromEnv = isClobbered(target, resolved.asked, usual);
  const shared = {
    subject: { kind: "endpoint", ref: "resolve" } as const,
    evidence: [proof(resolved.probe)],
    facts: { asked: resolved.asked, claimed, origin: target.sources.workspace ?? null },
  };
  if (fromEnv && claimed !== null && claimed !== resolved.asked) {
    return {
      ...shared,
      code: "doctor.workspace-clobbered",
      title: `RELAYFILE_WORKSPACE names ${resolved.asked}, which nobody here knows; the token is for ${claimed}`,
      remedy: unset(claimed),
    };
  }
  return {
    ...shared,
    code: "doctor.workspace-no-access",
    title: `the control plane knows no workspace ${resolved.asked} for this identity`,
    ruledOut: ["the wrong form of the id: resolve takes both"],
    remedy: { text: "List what you can see", commands: [suggest("relayfile workspace list")] },
  };
}

function idFindings(resolved: ResolvedFact, target: TargetFact, usual: string | null): FindingDraft<Code>[] {
  const claimed = target.workspaceToken?.claims?.workspaceId ?? null;
  if (claimed === null || resolved.id === null || resolved.id === claimed) return [];
  if (!isClobbered(target, resolved.id, usual)) return [];
  return [
    {
      code: "doctor.workspace-clobbered",
      title: `RELAYFILE_WORKSPACE names ${resolved.asked} (${resolved.id}), the token is for ${claimed}`,
      subject: { kind: "token", ref: "workspace" },
      evidence: [proof(resolved.probe)],
      facts: { asked: resolved.asked, claimed, id: resolved.id, origin: target.sources.workspace ?? null },
      ruledOut: ["a UUID of the same workspace: the control plane says it is another one"],
      remedy: unset(claimed),
    },
  ];
}

/** True when the environment names the workspace and it is not the one this machine works with: then the variable is odd, not the token. */
function isClobbered(target: TargetFact, named: string, usual: string | null): boolean {
  return target.sources.workspace?.startsWith("env ") === true && named !== usual;
}

function urlFindings(
  resolved: ResolvedFact,
  target: TargetFact,
  registered: string | null,
): FindingDraft<Code>[] {
  const named = resolved.fileApiUrl;
  const [used, wanted] = [hostOf(target.fileApiUrl), hostOf(named)];
  if (named === null || used === wanted || used === null || wanted === null) return [];
  if (isLoopback(used) || isLoopback(wanted)) return [];
  return [
    {
      code: "doctor.file-api-url-drift",
      title: `the workspace lives at ${named}, this run talks to ${target.fileApiUrl}`,
      subject: { kind: "endpoint", ref: "file-api" },
      evidence: [
        proof(resolved.probe),
        { type: "compare", a: target.fileApiUrl, b: named, relation: "is another host than" },
      ],
      facts: { used: target.fileApiUrl, named, registered, source: target.sources.fileApiUrl ?? "default" },
      remedy: {
        text: "Use the URL that the control plane names",
        commands: [suggest(`relayfile doctor --file-api ${named}`)],
      },
    },
  ];
}

function unset(claimed: string) {
  return {
    text: "Unset RELAYFILE_WORKSPACE, or name the workspace",
    commands: [suggest(`relayfile doctor --workspace ${claimed}`)],
  };
}

function hostOf(url: string | null): string | null {
  try {
    return url === null ? null : new URL(url).host;
  } catch {
    // A server may name anything; what is no URL cannot be compared.
    return null;
  }
}

function isLoopback(host: string): boolean {
  return /^(?:127\.|localhost(?::|$)|\[::1\])/.test(host);
}
