/** The key that signed the token is still the issuer's. */
import { defineCheck, judged, page, proof, unknown } from "../check.ts";
import { joinAgain } from "./_workspace.ts";

/** Symptom 28: an issuer that made new keys under an old name. */
export default defineCheck({
  id: "doctor.issuer-key-current",
  title: "the issuer still signs with the key that signed the token",
  severity: "error",
  phase: "auth",
  needs: ["issuerKeys", "access", "target"],
  after: ["doctor.file-api-answers", "doctor.workspace-token-valid"],
  refs: ["symptom:28"],
  hint: "Join the workspace again: tokens of the old key are void",
  findings: {
    "doctor.issuer-restarted": page.auth(
      "The issuer publishes a key of the same name as the one that signed the token, and yet the signature does not match: the issuer made new keys when it restarted, and every older token died with it.",
      "401 about the signature, while the token's kid is among the published keys.",
      "Not a token of another deployment: its kid would be unknown here.",
      "Join the workspace again; if it recurs, the issuer does not keep its keys.",
    ),
  },
  run: ({ issuerKeys, access, target }) => {
    const kid = target.workspaceToken?.claims?.keyId ?? null;
    if (issuerKeys.keyIds === null) return unknown("the issuer's keys could not be read");
    const known = kid !== null && issuerKeys.keyIds.includes(kid);
    const said = `${access.probe.code ?? ""} ${access.probe.message ?? ""}`;
    if (!known || !/signature/i.test(said)) {
      return judged(
        1,
        [],
        `${issuerKeys.keyIds.length} keys published, the token's is ${known ? "" : "not "}among them`,
      );
    }
    const title = `the issuer has new keys under the name ${kid}: tokens from before its restart are void`;
    return judged(
      1,
      [
        {
          code: "doctor.issuer-restarted",
          title,
          confidence: "likely",
          subject: { kind: "token", ref: "workspace" },
          evidence: [proof(access.probe), proof(issuerKeys.probe)],
          facts: { kid, status: access.probe.status },
          ruledOut: ["another deployment's token: its key id is known here"],
          remedy: {
            text: "Join the workspace again",
            commands: [joinAgain(target)],
          },
        },
      ],
      title,
    );
  },
});
