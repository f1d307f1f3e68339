/** What the workspace token says about itself, before it is sent anywhere. */
import { FULL_SCOPES, type TokenKind } from "../../lib/model/token.ts";
import { workspaceIdForm } from "../../lib/model/workspace.ts";
import {
  type CredentialsFact,
  defineCheck,
  type FindingDraft,
  isoTime,
  judged,
  plural,
  skip,
  suggest,
  type TargetFact,
  type TokenFact,
} from "../check.ts";
import { joinAgain } from "./_workspace.ts";

/** What each kind of credential is called. */
export const KIND_WORDS: Readonly<Record<TokenKind, string>> = {
  "workspace-jwt": "a workspace token",
  "cloud-access": "a cloud access token (cld_at_)",
  "cloud-refresh": "a cloud refresh token (cld_rt_)",
  "messaging-key": "a messaging key (rk_live_)",
  "messaging-agent": "a messaging agent token (at_live_)",
  "connect-session": "a connect session",
  unknown: "no token this tool knows",
};

/** DR-06: the token in the workspace slot is a workspace token. */
export const workspaceTokenKind = defineCheck({
  id: "doctor.workspace-token-kind",
  title: "the workspace credential is a workspace token",
  severity: "error",
  phase: "auth",
  needs: ["target"],
  after: [],
  refs: ["DR-06", "symptom:9", "symptom:15", "S02"],
  hint: "Join the workspace to get a workspace token",
  findings: {
    "doctor.wrong-token-kind": {
      severity: "error",
      class: "auth",
      means:
        "The credential given for the file API is of another kind: the file API would answer 401 'invalid jwt format' to it.",
      decided: "By the form of the credential alone. It was not sent anywhere.",
      not: "Not an expired token and not a lost session: the session may be fine, it is the wrong one of two tokens.",
      fix: "Two services, two tokens: cld_ tokens go to the control plane, the JWT of a join goes to the file API. Join the workspace and use the token it returns.",
    },
  },
  run: ({ target }) => {
    const token = target.workspaceToken;
    if (token === null) {
      const damaged = target.problems.some(({ part }) => part === "workspaceToken");
      return skip(damaged ? "the workspace token cannot be read" : "no workspace token is configured");
    }
    if (token.kind === "workspace-jwt") return judged(1, [], `${token.source} holds a workspace token`);
    return judged(
      1,
      [
        {
          code: "doctor.wrong-token-kind",
          title: `${token.source} holds ${KIND_WORDS[token.kind]}, the file API needs a workspace token`,
          subject: { kind: "token", ref: "workspace" },
          evidence: [
            { type: "log", line: `${token.source}: ${token.kind}, fingerprint ${token.fingerprint}` },
          ],
          facts: { tokenKind: token.kind, source: token.source },
          ruledOut: ["an expired token: it is of another kind altogether"],
          remedy: {
            text: "Join the workspace; the token it returns is a different one",
            commands: [joinAgain(target)],
          },
        },
      ],
      `${token.source} holds ${KIND_WORDS[token.kind]}`,
    );
  },
});

/** DR-01: it parses, names this workspace and has not expired by the server's clock. */
export const workspaceTokenValid = defineCheck({
  id: "doctor.workspace-token-valid",
  title: "the workspace token names this workspace and has not expired",
  severity: "error",
  phase: "auth",
  needs: ["target"],
  wants: ["clock", "credentials"],
  after: ["doctor.workspace-token-kind"],
  refs: ["DR-01", "relayfile#137", "symptom:16", "symptom:20", "symptom:21", "S04"],
  hint: "Join the workspace again",
  findings: {
    "doctor.workspace-token-unreadable": {
      severity: "error",
      class: "auth",
      means: "The token has the three parts of a JWT, but its payload cannot be read.",
      decided: "By decoding its second part; the signature is never judged here.",
      not: "Not an expired token: that could be read.",
      fix: "The token was cut or altered when it was copied. Join the workspace again.",
    },
    "doctor.workspace-token-expired": {
      severity: "error",
      class: "auth",
      means:
        "The workspace token's own expiry has passed. Workspace tokens live for an hour; signing in to the cloud does not renew them.",
      decided: "By its exp claim against the server's clock, so a wrong local clock cannot cause it.",
      not: "Not a lost cloud session: that is a different token with its own expiry.",
      fix: "Join the workspace again; it mints a new token.",
    },
    "doctor.workspace-mismatch": {
      severity: "error",
      class: "auth",
      means:
        "The token was issued for another workspace than the one asked for. Every call is answered 403 'workspace mismatch'.",
      decided: "By its wks claim against the workspace id of the target.",
      not: "Not a missing scope: scopes are checked after the workspace.",
      fix: "Name the token's workspace, or join the one you mean. The report's config says where the id came from.",
    },
    "doctor.uuid-for-relay-id": {
      severity: "error",
      means:
        "The workspace was named by its UUID, but file API paths and workspace tokens use the rw_ id. The same workspace has both.",
      decided: "The id asked for is a UUID, the token claims an rw_ id.",
      not: "Not another workspace, as far as can be told offline: only the form of the id differs.",
      fix: "Use the rw_ id in the token's wks claim.",
    },
  },
  run: ({ target, clock, credentials }) => {
    const token = target.workspaceToken;
    if (token === null) return skip("no workspace token is configured");
    const { claims } = token;
    if (claims === null) {
      return judged(
        1,
        [
          {
            code: "doctor.workspace-token-unreadable",
            title: `the token of ${token.source} looks like a JWT but cannot be read`,
            subject: { kind: "token", ref: "workspace" },
            evidence: [{ type: "log", line: `${token.source}: fingerprint ${token.fingerprint}` }],
            facts: { source: token.source },
            remedy: rejoin(target),
          },
        ],
        "the token cannot be read",
      );
    }
    const nowMs = target.collectedAtMs + (clock?.skewMs ?? 0);
    const expired = expiryFinding(target, token, nowMs, cloudSessionAlive(credentials, nowMs));
    const findings = [expired, mismatchFinding(target, token)].filter((f) => f !== null);
    const expiresMs = claims.expiresAtSeconds === null ? null : claims.expiresAtSeconds * 1000;
    const left =
      expiresMs === null ? "without expiry" : `expires in ${Math.round((expiresMs - nowMs) / 60_000)} min`;
    return judged(1, findings, `${plural(claims.scopes.length, "scope")}, ${left}`);
  },
});

/** DR-02. */
export const workspaceTokenScopes = defineCheck({
  id: "doctor.workspace-token-scopes",
  title: "the workspace token carries every scope this tool uses",
  severity: "error",
  phase: "auth",
  needs: ["target"],
  after: ["doctor.workspace-token-valid"],
  refs: ["DR-02", "DR-25", "symptom:31"],
  hint: "Join the workspace again with all five scopes",
  findings: {
    "doctor.scope-missing": {
      severity: "error",
      class: "auth",
      means:
        "The token lacks a scope, so the routes that need it answer 403 although the token itself is good.",
      decided: "By its scopes claim, read with wildcards (`*`, `manage`).",
      not: "Not an expired or foreign token: reading files works.",
      fix: "Join again and ask for fs:read fs:write sync:read sync:trigger ops:read.",
    },
    "doctor.scope-path-unusable": {
      severity: "error",
      class: "auth",
      means:
        "A path scope is spelled in a way that authorises nothing: a star in the middle of the path, or a bare slash for the whole tree.",
      decided: "By the grammar of path scopes; the server would accept the token and refuse every path.",
      not: "Not a missing scope: it is there and matches nothing.",
      fix: "Spell the whole tree as * or /**, a subtree as /dir/**, and join again.",
    },
  },
  run: ({ target }) => {
    const token = target.workspaceToken;
    if (token?.claims == null) return skip("no readable workspace token");
    const { scopes } = token.claims;
    const missing = FULL_SCOPES.filter((wanted) => !scopes.some((scope) => covers(scope, wanted)));
    const unusable = scopes.filter(isUnusablePathScope);
    const findings: FindingDraft<"doctor.scope-missing" | "doctor.scope-path-unusable">[] = [];
    if (missing.length > 0) {
      findings.push({
        code: "doctor.scope-missing",
        title: `the workspace token lacks ${missing.join(", ")}`,
        subject: { kind: "token", ref: "workspace" },
        evidence: [{ type: "log", line: `scopes: ${scopes.join(" ") || "none"}` }],
        facts: { missing, scopes: [...scopes] },
        ruledOut: ["expiry and workspace: both are right"],
        remedy: rejoin(target),
      });
    }
    for (const scope of unusable) {
      findings.push({
        code: "doctor.scope-path-unusable",
        title: `scope ${scope} matches no path`,
        subject: { kind: "token", ref: "workspace" },
        evidence: [{ type: "log", line: `scopes: ${scopes.join(" ")}` }],
        facts: { scope },
        refs: ["cloud#2702"],
        remedy: rejoin(target),
      });
    }
    return judged(1, findings, `has ${plural(scopes.length, "scope")}`);
  },
});

/** Whether somebody is signed in to the cloud here; null when nobody ever was, or when that was not looked at. */
function cloudSessionAlive(credentials: CredentialsFact | null, nowMs: number): boolean | null {
  const files = (credentials?.files ?? []).filter(
    ({ name, state }) => (name === "cloud-credentials" || name === "shared-cloud") && state === "ok",
  );
  const ends = files.map(({ refreshExpiresAt, accessExpiresAt }) =>
    Date.parse(refreshExpiresAt ?? accessExpiresAt ?? ""),
  );
  const told = ends.filter((end) => !Number.isNaN(end));
  return told.length === 0 ? null : told.some((end) => end > nowMs);
}

function expiryFinding(
  target: TargetFact,
  token: TokenFact,
  nowMs: number,
  cloudAlive: boolean | null,
): FindingDraft<"doctor.workspace-token-expired"> | null {
  const seconds = token.claims?.expiresAtSeconds ?? null;
  if (seconds === null || seconds * 1000 > nowMs) return null;
  const minutes = Math.max(0, Math.round((nowMs - seconds * 1000) / 60_000));
  const expiredAt = Math.abs(seconds) < 8.64e12 ? isoTime(seconds * 1000) : String(seconds);
  return {
    code: "doctor.workspace-token-expired",
    title: `the workspace token of ${token.source} expired ${minutes} min ago`,
    subject: { kind: "token", ref: "workspace" },
    evidence: [
      { type: "compare", a: `exp ${expiredAt}`, b: `now ${isoTime(nowMs)}`, relation: "earlier than" },
    ],
    facts: { expiredAt, source: token.source, cloudSessionAlive: cloudAlive },
    ruledOut: [
      "a wrong local clock: the server's time was used",
      "another workspace's token: expiry is its own claim",
    ],
    remedy: rejoin(target),
  };
}

function mismatchFinding(
  target: TargetFact,
  token: TokenFact,
): FindingDraft<"doctor.workspace-mismatch" | "doctor.uuid-for-relay-id"> | null {
  const claimed = token.claims?.workspaceId ?? null;
  const asked = target.workspace?.id ?? null;
  if (claimed === null || asked === null || claimed === asked) return null;
  const origin = target.sources.workspace ?? "the target";
  const shared = {
    subject: { kind: "token", ref: "workspace" },
    evidence: [
      {
        type: "compare",
        a: `wks ${claimed}`,
        b: `asked for ${asked} (from ${origin})`,
        relation: "differs from",
      },
    ],
    facts: { claimed, asked, askedForm: workspaceIdForm(asked), source: token.source, origin },
  } as const;
  if (workspaceIdForm(asked) === "cloud" && workspaceIdForm(claimed) === "relay") {
    return {
      ...shared,
      code: "doctor.uuid-for-relay-id",
      title: `the workspace is named by its UUID ${asked}, the token and the file API use ${claimed}`,
      confidence: "likely",
      refs: ["relayfile#306"],
      remedy: { text: `Use ${claimed}`, commands: [suggest(`relayfile doctor --workspace ${claimed}`)] },
    };
  }
  return {
    ...shared,
    code: "doctor.workspace-mismatch",
    title: `the token of ${token.source} is for ${claimed}, ${origin} asks for ${asked}`,
    ruledOut: ["an expired token", "a UUID of the same workspace: both ids are of the same form"],
    remedy: {
      text: `Join ${asked}, or ask for ${claimed}`,
      commands: [suggest(`relayfile workspace join ${asked}`, "write")],
    },
  };
}

/** True when a granted scope includes a wanted one: the literal, or a structured scope of the plane (spec file-api 2.3). */
export function covers(granted: string, wanted: string): boolean {
  if (granted === wanted) return true;
  const [plane, resource, action] = granted.split(":");
  const [wantedResource, wantedAction] = wanted.split(":");
  if ((plane !== "relayfile" && plane !== "*") || action === undefined) return false;
  if (resource !== "*" && resource !== wantedResource) return false;
  if (action === "*" || action === wantedAction) return true;
  return action === "manage" && (wantedAction === "read" || wantedAction === "write");
}

/** True for a path scope that authorises nothing: a star before the last segment, or a bare slash (spec file-api 2.5). */
export function isUnusablePathScope(scope: string): boolean {
  const [plane, , , ...rest] = scope.split(":");
  if (rest.length === 0 || (plane !== "relayfile" && plane !== "*" && plane !== "workspace")) return false;
  const path = rest.join(":").trim();
  if (path === "*") return false;
  if (!path.startsWith("/") || path === "/" || path.endsWith("/")) return true;
  const segments = path.slice(1).split("/");
  const last = segments.pop() ?? "";
  const plain = segments.every((s) => s !== "" && s !== "." && s !== ".." && !s.includes("*"));
  return !plain || !/^(?:\*\*?|[^*]+\*?)$/.test(last);
}

function rejoin(target: TargetFact) {
  return {
    text: "Join the workspace again; that mints a new token",
    commands: [joinAgain(target)],
  };
}
