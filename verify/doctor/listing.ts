/** Listings that end in pages: a client that reads only the first one sees fewer files than there are. */
import { defineCheck, type FindingDraft, judged, page, plural, proof } from "../check.ts";

/** Symptom 69. */
export default defineCheck({
  id: "doctor.listings-whole",
  title: "every provider's listing was read to its end",
  severity: "info",
  phase: "tree",
  needs: ["records"],
  after: ["doctor.workspace-readable"],
  refs: ["symptom:69"],
  hint: "Narrow the path, or ask for the next page",
  findings: {
    "doctor.listing-truncated": page.info(
      "The provider has more files than were listed here. What is not listed is not missing, and no check takes it for missing.",
      "The last answer of the listing carries a nextCursor.",
      "Not a lost file, and not a sync that stopped half-way.",
      "Name a directory: relayfile tree PATH. A client of your own must follow nextCursor.",
    ),
  },
  run: ({ records }) => {
    const findings = records.providers.flatMap((one): FindingDraft<"doctor.listing-truncated">[] => {
      // A listing that broke off is told by the checks that wanted it.
      if (!one.truncated || one.listing.status !== 200 || one.files.length === 0) return [];
      const title = `/${one.provider} holds more than the ${plural(one.files.length, "file")} that were listed`;
      return [
        {
          code: "doctor.listing-truncated",
          title,
          subject: { kind: "provider", ref: one.provider },
          evidence: [proof(one.listing)],
          facts: { provider: one.provider, listed: one.files.length },
        },
      ];
    });
    return judged(
      records.providers.length,
      findings,
      `${plural(records.providers.length, "provider")} listed`,
    );
  },
});
