/** The Authorization header that was sent and did not arrive. */
import type { ProbeFact } from "../check.ts";

/**
 * True when a request that carried a token is answered as one without: the services look for a bearer token before they
 * look into it, and name that first (spec file-api 2.1). What is wrong with a token that arrived is named otherwise.
 */
export function arrivedWithoutBearer({ status, message }: ProbeFact): boolean {
  return status === 401 && /\bmissing\b.*\bbearer\b|\bno bearer\b/i.test(message ?? "");
}

/** What was taken away, for the evidence of a finding: the header as it was sent, without the token. */
export function sentHeader(fingerprint: string): { readonly type: "log"; readonly line: string } {
  return { type: "log", line: `sent: Authorization: Bearer, token with fingerprint ${fingerprint}` };
}
