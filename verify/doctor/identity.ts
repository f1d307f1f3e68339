/** The workspace is the one that is meant, under its right id, at the file API its control plane names. */
import { workspaceIdForm } from "../../lib/model/workspace.ts";
import {
  defineCheck,
  type FindingDraft,
  judged,
  page,
  proof,
  type ResolvedFact,
  suggest,
  type TargetFact,
  unknown,
} from "../check.ts";

type Code =
  | "doctor.workspace-no-access"
  | "doctor.workspace-clobbered"
  | "doctor.workspace-id-form"
  | "doctor.file-api-url-drift";

/** P8: symptoms 18, 20, 21, 23. */
export default defineCheck({
  id: "doctor.workspace-identity",
  title: "the control plane knows the workspace, and token, path and file API agree about it",
  severity: "error",
  phase: "auth",
  needs: ["resolved", "target"],
  wants: ["credentialArea"],
  after: ["doctor.control-plane-answers", "doctor.cloud-session-valid"],
  refs: ["symptom:18", "symptom:20", "symptom:21", "symptom:23", "DR-01"],
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
    "doctor.workspace-id-form": page.error(
      "The workspace is named by its UUID where the file API needs its rw_ id. The control plane confirms that both are the same workspace.",
      "`resolve` of the UUID names the rw_ id that the token claims.",
      "Not another workspace.",
      "Use the rw_ id.",
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
    if (probe.status === 404 && probe.kind === "json")
      return judged(1, [noAccess(resolved, target)], "not resolved");
    if (probe.status === 404 || probe.status === 405) return judged(0, [], "this deployment resolves no ids");
    if (probe.status !== 200 || (resolved.id === null && resolved.cloudId === null)) {
      return unknown(`resolve gave no usable answer (${probe.status ?? probe.failure})`);
    }
    const findings = [
      ...idFindings(resolved, target),
      ...urlFindings(resolved, target, credentialArea?.registeredFileApiUrl ?? null),
    ];
    return judged(1, findings, `${resolved.asked} is ${resolved.id ?? resolved.cloudId}`);
  },
});

function noAccess(resolved: ResolvedFact, target: TargetFact): FindingDraft<Code> {
  const claimed = target.workspaceToken?.claims?.workspaceId ?? null;
  const fromEnv = target.sources.workspace?.startsWith("env ") === true;
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

function idFindings(resolved: ResolvedFact, target: TargetFact): FindingDraft<Code>[] {
  const claimed = target.workspaceToken?.claims?.workspaceId ?? null;
  const shared = {
    subject: { kind: "token", ref: "workspace" } as const,
    evidence: [proof(resolved.probe)],
    facts: { asked: resolved.asked, claimed, id: resolved.id, origin: target.sources.workspace ?? null },
  };
  if (claimed === null || resolved.id === null) return [];
  if (resolved.id === claimed) {
    if (workspaceIdForm(resolved.asked) !== "cloud") return [];
    // Only a path that really carries the UUID is refused; most callers translate it first.
    if (target.workspace?.id !== resolved.asked) return [];
    return [
      {
        ...shared,
        code: "doctor.workspace-id-form",
        title: `${resolved.asked} and ${claimed} are the same workspace; the file API takes ${claimed}`,
        remedy: { text: `Use ${claimed}`, commands: [suggest(`relayfile doctor --workspace ${claimed}`)] },
      },
    ];
  }
  if (target.sources.workspace?.startsWith("env ") !== true) return [];
  return [
    {
      ...shared,
      code: "doctor.workspace-clobbered",
      title: `RELAYFILE_WORKSPACE names ${resolved.asked} (${resolved.id}), the token is for ${claimed}`,
      ruledOut: ["a UUID of the same workspace: the control plane says it is another one"],
      remedy: unset(claimed),
    },
  ];
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
