/** The token grants what was asked for: no more, and no grant that cancels another. */
import { defineCheck, type FindingDraft, judged, page, plural, skip, type TargetFact } from "../check.ts";
import { joinAgain } from "./_workspace.ts";
import { covers } from "./workspace-token.ts";

/** Symptoms 32 and 33. */
export default defineCheck({
  id: "doctor.scopes-as-asked",
  title: "the token grants what was asked for and no path scope narrows a bare one",
  severity: "warn",
  phase: "auth",
  needs: ["target", "credentialArea"],
  wants: ["access"],
  after: ["doctor.workspace-token-valid"],
  refs: ["symptom:32", "symptom:33", "DR-02"],
  hint: "Join again with scopes of one form only",
  findings: {
    "doctor.scope-broader": page.warn(
      "The token may do more than was asked for: the issuer dropped bare scopes it did not understand and fell back to full access.",
      "The scopes recorded when the token was asked for are fewer than the ones it claims.",
      "Not a missing scope: everything that was asked for works.",
      "Ask for structured scopes, such as relayfile:fs:read:/dir/**.",
    ),
    "doctor.scope-path-shadow": page.auth(
      "The token carries both a bare scope and a path scope for one action; the path scope confines the bare one, so other paths answer 403.",
      "By its scopes claim; an error when even the root of the workspace answers 403.",
      "Not a missing scope and not an ACL.",
      "Join again without mixing the two forms.",
    ),
  },
  run: ({ target, credentialArea, access }) => {
    const scopes = target.workspaceToken?.claims?.scopes ?? null;
    if (scopes === null) return skip("no readable workspace token");
    const findings: FindingDraft<"doctor.scope-broader" | "doctor.scope-path-shadow">[] = [];
    const wanted =
      credentialArea.requestedScopes ??
      credentialArea.delegated.find((file) => file.scopes.length > 0)?.scopes ??
      null;
    const extra =
      wanted === null ? [] : scopes.filter((scope) => !wanted.some((asked) => grants(asked, scope)));
    if (wanted !== null && wanted.length > 0 && extra.length > 0) {
      findings.push({
        code: "doctor.scope-broader",
        title: `the token grants ${extra.join(", ")}, which was not asked for`,
        subject: { kind: "token", ref: "workspace" },
        evidence: [{ type: "compare", a: scopes.join(" "), b: wanted.join(" "), relation: "exceeds" }],
        facts: { extra, asked: [...wanted], granted: [...scopes] },
        remedy: rejoin(target),
      });
    }
    for (const action of ["read", "write"]) {
      const bare = scopes.find((scope) => scope === `fs:${action}`);
      const narrow = scopes.filter((scope) => isPathScope(scope, action));
      if (bare === undefined || narrow.length === 0) continue;
      findings.push({
        code: "doctor.scope-path-shadow",
        // Where the root opens all the same, only some paths are out of reach.
        severity: access?.probe.status === 403 ? "error" : "warn",
        title: `${narrow.join(", ")} confines ${bare}: other paths answer 403`,
        subject: { kind: "token", ref: `workspace ${bare}` },
        evidence: [{ type: "log", line: `scopes: ${scopes.join(" ")}` }],
        facts: { bare, narrow },
        remedy: rejoin(target),
      });
    }
    return judged(scopes.length, findings, `${plural(scopes.length, "scope")} granted`);
  },
});

function grants(asked: string, scope: string): boolean {
  return covers(asked, scope) || asked === "*" || asked === bareOf(scope);
}

/** `fs:read` of `relayfile:fs:read` and of `relayfile:fs:read:*`. */
function bareOf(scope: string): string {
  return scope.replace(/^relayfile:/, "").replace(/:(?:\*|\/\*\*)$/, "");
}

/** A structured scope of one action that names less than the whole tree. */
function isPathScope(scope: string, action: string): boolean {
  const [plane, resource, verb, ...rest] = scope.split(":");
  const path = rest.join(":");
  const whole = path === "" || path === "*" || path === "/**" || path === "/*";
  return plane === "relayfile" && resource === "fs" && verb === action && !whole;
}

function rejoin(target: TargetFact) {
  return {
    text: "Join the workspace again with scopes of one form",
    commands: [joinAgain(target)],
  };
}
