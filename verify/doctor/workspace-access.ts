/** The first authenticated read, told apart by status and body: the order of the server's own checks makes each answer mean one thing. */
import { CLIENT } from "../../lib/limits.ts";
import { formatDuration } from "../../lib/model/duration.ts";
import {
  type Check,
  type ClockFact,
  defineCheck,
  type FindingDraft,
  type FindingSpec,
  isOutage,
  judged,
  type Outcome,
  type ProbeFact,
  proof,
  type SuggestedCommand,
  skip,
  suggest,
  type TargetFact,
  unknown,
  type WorkspaceAccessFact,
} from "../check.ts";
import { arrivedWithoutBearer, sentHeader } from "./_bearer.ts";
import { joinAgain } from "./_workspace.ts";

type Code =
  | "doctor.workspace-token-rejected"
  | "doctor.token-expired-by-server"
  | "doctor.token-prefix-unsupported"
  | "doctor.token-hs256"
  | "doctor.token-foreign-issuer"
  | "doctor.token-other-audience"
  | "doctor.workspace-refused"
  | "doctor.scope-refused"
  | "doctor.acl-denied"
  | "doctor.authorization-stripped"
  | "doctor.correlation-stripped"
  | "doctor.file-api-not-data-plane"
  | "doctor.route-not-found"
  | "doctor.workspace-not-found"
  | "doctor.rate-limited"
  | "doctor.jwks-unreachable"
  | "doctor.file-api-failing"
  | "doctor.file-api-slow"
  | "doctor.answer-garbled";

const SLOW_MS = 5_000;

const auth = (means: string, decided: string, not: string, fix: string): FindingSpec => ({
  severity: "error",
  class: "auth",
  means,
  decided,
  not,
  fix,
});
const outage = (means: string, decided: string, not: string, fix: string): FindingSpec => ({
  severity: "error",
  class: "transient",
  means,
  decided,
  not,
  fix,
});
const problem = (means: string, decided: string, not: string, fix: string): FindingSpec => ({
  severity: "error",
  means,
  decided,
  not,
  fix,
});

const FINDINGS: Readonly<Record<Code, FindingSpec>> = {
  "doctor.workspace-token-rejected": auth(
    "The file API does not accept the token, for a reason its message names.",
    "401 on the first authenticated read, with a message none of the more precise findings covers.",
    "Not a missing scope and not another workspace: those are 403.",
    "Join the workspace again.",
  ),
  "doctor.token-expired-by-server": auth(
    "The server says the token has expired although its own expiry had not passed by the measured server time.",
    "401 'expired', compared with the exp claim and the Date header.",
    "Not the ordinary expiry: that is found before the request is made.",
    "Join the workspace again; if it returns, the issuer and the file API disagree about the time.",
  ),
  "doctor.token-prefix-unsupported": auth(
    "The token carries a class prefix (relay_ws_ and the like) that this server does not strip.",
    "401 about the JWT's header or format while the token starts with relay_.",
    "Not a damaged token: the JWT after the prefix decodes.",
    "Upgrade the server, or send the bare JWT.",
  ),
  "doctor.token-hs256": auth(
    "The token is signed with a shared secret; the server accepts RS256 only.",
    "401 about the algorithm, or the alg in the token's header.",
    "Not an expired token.",
    "Mint the token with the RS256 issuer.",
  ),
  "doctor.token-foreign-issuer": auth(
    "The token was signed by another issuer, or by an issuer that has a new key since: a self-host token on a hosted server, or the reverse.",
    "401 about the key id or the signature.",
    "Not an expired token: expiry is judged after the signature.",
    "Join the workspace at this server's own control plane.",
  ),
  "doctor.token-other-audience": auth(
    "The token was issued for another service.",
    "401 about the audience.",
    "Not an expired or foreign token: its signature is good.",
    "Join the workspace; that token has the right audience.",
  ),
  "doctor.workspace-refused": auth(
    "The server says that the token belongs to another workspace than the path.",
    "403 'workspace mismatch'.",
    "Not a missing scope: that is a later check with its own message.",
    "Use the workspace id of the token's wks claim, or join the one you mean.",
  ),
  "doctor.scope-refused": auth(
    "The token lacks the scope that the server names.",
    "403 'missing required scope'.",
    "Not an ACL: that names no scope.",
    "Join again with the named scope.",
  ),
  "doctor.acl-denied": auth(
    "A permission marker (.relayfile.acl) at the root of the workspace refuses the token's subject, so nothing can be read.",
    "403 that names the ACL on the root, after workspace and scope were accepted.",
    "Not a missing scope: that is named, and checked before.",
    "Look at the nearest .relayfile.acl and ask its owner.",
  ),
  "doctor.authorization-stripped": problem(
    "The request arrived without its Authorization header, or with another one in its place, so the server never saw the token.",
    "401 'missing bearer token' although the header was sent: the server looks for it before it looks into the token, and says so in other words when a token is bad.",
    "Not a refused token: the same token may be good, and a new one would be lost in the same way.",
    "Something between here and the server removes or replaces the header: check the proxy, and ask the server past it.",
  ),
  "doctor.correlation-stripped": problem(
    "The request arrived without its X-Correlation-Id header, which every call must carry.",
    "400 about the correlation id although the header was sent; the token is proven good, since it is checked before.",
    "Not a token problem.",
    "Something between here and the server removes the header: check the proxy.",
  ),
  "doctor.file-api-not-data-plane": problem(
    "The workspace route answers with an HTML page: this host is no file API.",
    "By the content type of the answer; a file API answers every route with JSON.",
    "Not a missing workspace: that is JSON.",
    "Give --file-api the base URL of the file API.",
  ),
  "doctor.route-not-found": problem(
    "The server does not know the route. It checks routes before tokens, so path or host are wrong.",
    "404 'route not found' in JSON.",
    "Not a missing workspace and not a token problem.",
    "Check the base URL: it must not contain a path the server does not serve.",
  ),
  "doctor.workspace-not-found": problem(
    "The server has no workspace of this id. Deleted, never created here, or the token comes from another deployment.",
    "404 that speaks of the workspace, on a route that exists.",
    "Not a wrong base URL: routes are checked before, and not a refused token: that is 401 or 403.",
    "List the workspaces, then join the one you mean; a token of another deployment only works there.",
  ),
  "doctor.rate-limited": outage(
    "Too many requests from this workspace and agent.",
    "429; Retry-After says how long.",
    "Not an outage.",
    "Wait; then look for a client that polls in a tight loop.",
  ),
  "doctor.jwks-unreachable": outage(
    "The file API cannot fetch the issuer's keys, so it can judge no token at all.",
    "503 that names the JWKS, while /health answers.",
    "Not your token: every token gets this answer.",
    "Wait; nothing is to be changed locally. Tell whoever runs the issuer.",
  ),
  "doctor.file-api-failing": outage(
    "The file API answers, but not this request: a 5xx or no complete answer.",
    "5xx, or silence, on the workspace route while /health answers.",
    "Not a token problem: those are 401 and 403.",
    "Repeat; if it persists, report the correlation id of the exchange.",
  ),
  "doctor.file-api-slow": {
    severity: "warn",
    means: "Listing the root of the workspace took more than five seconds.",
    decided: "By the measured time of the request.",
    not: "Not a failure: the answer was right.",
    fix: "Repeat; if it stays slow, compare with /health to tell the network from the service.",
  },
  "doctor.answer-garbled": problem(
    "The server answered 200, but not with a listing: half JSON, another shape, or far too much.",
    "The body does not parse as a page of the tree.",
    "Not a token problem: the request was accepted.",
    "Check for a proxy that rewrites answers; keep the exchange for the server's owner.",
  ),
};

/** DR-03. */
export const workspaceReadable: Check = defineCheck({
  id: "doctor.workspace-readable",
  title: "the workspace token opens the workspace",
  severity: "error",
  phase: "auth",
  needs: ["access", "target"],
  wants: ["clock"],
  after: ["doctor.file-api-answers", "doctor.workspace-token-valid"],
  refs: [
    "DR-03",
    "DR-06",
    "symptom:23",
    "symptom:26",
    "symptom:27",
    "symptom:28",
    "symptom:30",
    "symptom:34",
    "symptom:35",
    "S04",
    "S33",
  ],
  hint: "Join the workspace again, or follow the server's message",
  findings: FINDINGS,
  run: ({ access, target, clock }) => judgeAccess(access, target, clock),
});

/** DR-02 by the server's own word: the routes that need sync:read and ops:read answer. */
export const scopesSuffice = defineCheck({
  id: "doctor.scopes-suffice",
  title: "the routes for sync state and ops accept the token",
  severity: "error",
  phase: "auth",
  needs: ["sync", "ops"],
  wants: ["target"],
  after: ["doctor.workspace-readable"],
  refs: ["DR-02", "symptom:31"],
  hint: "Join the workspace again with the scope the server names",
  findings: {
    "doctor.route-refused": auth(
      "Reading files works, but a route that needs another scope answers 403.",
      "The same token got 200 on fs/tree and 403 on this route.",
      "Not a foreign token and not another workspace.",
      "Join again with the scope in the server's message.",
    ),
    "doctor.route-failing": outage(
      "Reading files works, but this route gave no usable answer.",
      "The same token got 200 on fs/tree.",
      "Not a token problem.",
      "Repeat; if it persists, report the correlation id.",
    ),
  },
  run: ({ sync, ops, target }) => {
    const findings: FindingDraft<"doctor.route-refused" | "doctor.route-failing">[] = [];
    const rejoin = {
      text: "Join the workspace again with the scope the server names",
      commands: [joinAgain(target)],
    };
    for (const [route, probe] of [
      ["sync/status", sync.probe],
      ["ops", ops.probe],
    ] as const) {
      if (probe.status === 200 && probe.kind === "json") continue;
      const refused = probe.status === 403 || probe.status === 401;
      findings.push({
        code: refused ? "doctor.route-refused" : "doctor.route-failing",
        title: `${route} ${refused ? "refuses the token" : "gave no usable answer"}: ${probe.message ?? probe.status ?? probe.failure}`,
        subject: { kind: "endpoint", ref: route },
        evidence: [proof(probe)],
        facts: { status: probe.status, route },
        ruledOut: ["the token as a whole: fs/tree accepted it"],
        ...(refused ? { remedy: rejoin } : {}),
      });
    }
    if (findings.some((finding) => finding.code === "doctor.route-failing")) {
      return unknown("a route gave no usable answer", findings);
    }
    return judged(2, findings, "sync/status and ops accept the token");
  },
});

function judgeAccess(
  access: WorkspaceAccessFact,
  target: TargetFact,
  clock: ClockFact | null,
): Outcome<Code> {
  const { probe } = access;
  if (target.workspaceToken === null) return skip("no workspace token is configured");
  if (probe.status === 200 && probe.kind === "json" && access.totalFiles !== null) {
    if (probe.totalMs < SLOW_MS) return judged(1, [], `the root lists in ${probe.totalMs} ms`);
    const slow = finding(
      "doctor.file-api-slow",
      `listing the workspace root took ${probe.totalMs} ms`,
      probe,
    );
    return judged(1, [slow], `the root lists in ${probe.totalMs} ms`);
  }
  const found = readAnswer(probe, target, clock);
  if (FINDINGS[found.code].class === "transient") return unknown(found.title, [found]);
  return judged(1, [found], found.title);
}

/** Reads status and loose patterns of the body; hosted wording differs, so nothing matches whole sentences. */
function readAnswer(probe: ProbeFact, target: TargetFact, clock: ClockFact | null): FindingDraft<Code> {
  const text = `${probe.code ?? ""} ${probe.message ?? ""}`;
  const says = (pattern: RegExp) => pattern.test(text);
  const join = joinAgain(target);
  const quoted = probe.message === null ? "" : `: ${probe.message}`;
  if (probe.kind === "html")
    return finding(
      "doctor.file-api-not-data-plane",
      `${target.fileApiUrl} answers workspace routes with an HTML page`,
      probe,
    );
  if (probe.status === 429)
    return finding(
      "doctor.rate-limited",
      `the file API limits requests${retryWords(probe.retryAfter)}`,
      probe,
    );
  if (probe.status === 503 && says(/jwks|key set|issuer/i))
    return finding("doctor.jwks-unreachable", `the file API cannot reach the token issuer${quoted}`, probe);
  if (isOutage(probe))
    return finding(
      "doctor.file-api-failing",
      `the file API gives no answer for this workspace (${probe.status ?? probe.failure})${quoted}`,
      probe,
      [],
      ["the base URL: /health answers"],
    );
  if (probe.status === 200)
    return finding(
      "doctor.answer-garbled",
      `the file API answered 200 with ${BODY_WORDS[probe.kind] ?? "no listing"}`,
      probe,
    );
  if (probe.status === 400 && says(/correlation/i))
    return finding(
      "doctor.correlation-stripped",
      "the X-Correlation-Id header did not arrive",
      probe,
      [],
      ["the token: it is checked before"],
    );
  if (probe.status === 403) return readRefusal(probe, quoted, join);
  if (probe.status === 401) return readRejection(probe, target, clock, quoted, join);
  if (probe.status === 404 && says(/workspace/i))
    return finding(
      "doctor.workspace-not-found",
      `the file API has no such workspace${quoted}`,
      probe,
      [suggest("relayfile workspace list")],
      ["the base URL: the route exists", "the token's scopes: they are checked later"],
    );
  return finding(
    "doctor.route-not-found",
    `the file API does not know this route (${probe.status})${quoted}`,
    probe,
    [],
    ["the token: routes are checked before"],
  );
}

const BODY_WORDS: Readonly<Record<string, string>> = {
  json: "JSON of another shape",
  "invalid-json": "JSON that does not parse",
  text: "plain text",
  empty: "an empty body",
  "too-large": "more bytes than the limit",
};

function retryWords(retryAfter: string | null): string {
  if (retryAfter === null) return "";
  return /^\d+$/.test(retryAfter) ? `; ask again in ${retryAfter} s` : `; ask again after ${retryAfter}`;
}

function readRefusal(probe: ProbeFact, quoted: string, join: SuggestedCommand): FindingDraft<Code> {
  const text = `${probe.code ?? ""} ${probe.message ?? ""}`;
  if (/acl/i.test(text))
    return finding("doctor.acl-denied", `an ACL refuses the root of the workspace${quoted}`, probe);
  if (/scope/i.test(text))
    return finding("doctor.scope-refused", `the token lacks a scope${quoted}`, probe, [join]);
  return finding(
    "doctor.workspace-refused",
    `the file API refuses this token for this workspace${quoted}`,
    probe,
    [join],
    ["an expired token: that is 401"],
  );
}

function readRejection(
  probe: ProbeFact,
  target: TargetFact,
  clock: ClockFact | null,
  quoted: string,
  join: SuggestedCommand,
): FindingDraft<Code> {
  const text = `${probe.code ?? ""} ${probe.message ?? ""}`;
  const token = target.workspaceToken;
  const algorithm = token?.claims?.algorithm ?? null;
  if (token !== null && arrivedWithoutBearer(probe)) {
    const stripped = finding(
      "doctor.authorization-stripped",
      `the Authorization header did not arrive${quoted}`,
      probe,
      [],
      ["a bad token: the server looks for the header first, and has other words for a token it refuses"],
    );
    return {
      ...stripped,
      confidence: "likely",
      evidence: [sentHeader(token.fingerprint), ...stripped.evidence],
    };
  }
  if (/expired/i.test(text)) {
    return finding(
      "doctor.token-expired-by-server",
      `the server says the token has expired (${clockWords(clock)})`,
      probe,
      [join],
    );
  }
  if (/algorithm/i.test(text) || algorithm === "HS256") {
    return finding(
      "doctor.token-hs256",
      `the server refuses the token's algorithm ${algorithm ?? ""}${quoted}`,
      probe,
      [join],
    );
  }
  if (token?.claims?.prefixed === true && /format|header|payload/i.test(text)) {
    return finding(
      "doctor.token-prefix-unsupported",
      `the server does not strip the token's class prefix${quoted}`,
      probe,
      [join],
    );
  }
  if (/kid|signature/i.test(text)) {
    return finding(
      "doctor.token-foreign-issuer",
      `the token was signed by another issuer${quoted}`,
      probe,
      [join],
      ["expiry: it has not passed"],
    );
  }
  if (/aud/i.test(text))
    return finding("doctor.token-other-audience", `the token is for another service${quoted}`, probe, [join]);
  return finding("doctor.workspace-token-rejected", `the file API rejects the token${quoted}`, probe, [join]);
}

function clockWords(clock: ClockFact | null): string {
  if (clock === null) return "the clock skew is unknown";
  return clock.skewMs === 0
    ? "the clocks agree"
    : `the clocks differ by ${formatDuration(Math.abs(clock.skewMs))}`;
}

function finding(
  code: Code,
  title: string,
  probe: ProbeFact,
  commands: readonly SuggestedCommand[] = [],
  ruledOut: readonly string[] = [],
): FindingDraft<Code> {
  return {
    code,
    title,
    subject: { kind: "endpoint", ref: "fs/tree" },
    evidence: [
      proof(probe),
      ...(code === "doctor.file-api-slow"
        ? [{ type: "metric" as const, name: "fs/tree", value: probe.totalMs, unit: "ms", threshold: SLOW_MS }]
        : []),
    ],
    facts: { status: probe.status, kind: probe.kind, budgetMs: CLIENT.requestTimeoutMs },
    ruledOut,
    remedy: { text: FINDINGS[code].fix, commands },
  };
}
