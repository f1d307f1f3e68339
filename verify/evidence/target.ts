/** What the run is pointed at, without its secrets. */
import { fingerprint } from "../../lib/model/redact.ts";
import { readClaims, tokenKind } from "../../lib/model/token.ts";
import { defineEvidence, type HeldToken, type TokenFact } from "../evidence.ts";

/** The target as checks see it. */
export default defineEvidence({
  name: "target",
  effect: "read",
  reads: "nothing: it was resolved from flags, variables and files",
  collect: async ({ target, clock, host }) => ({
    fileApiUrl: target.fileApiUrl,
    controlPlaneUrl: target.controlPlaneUrl,
    workspace: target.workspace,
    sources: target.sources,
    workspaceToken: tokenFact(target.workspaceToken),
    cloudToken: tokenFact(target.cloudToken),
    mountDir: shortPath(target.mountDir, host.homeDir),
    problems: target.problems,
    boundElsewhere: target.boundElsewhere,
    provider: target.provider,
    collectedAtMs: clock.now(),
  }),
});

function tokenFact(token: HeldToken | null): TokenFact | null {
  if (token === null) return null;
  return {
    source: token.source,
    kind: tokenKind(token.value),
    fingerprint: fingerprint(token.value),
    claims: readClaims(token.value),
  };
}

function shortPath(path: string | null, homeDir: string | null): string | null {
  return path !== null && homeDir !== null && path.startsWith(`${homeDir}/`)
    ? `~${path.slice(homeDir.length)}`
    : path;
}
