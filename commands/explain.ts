/** `relayfile explain CODE`: what a code means, offline. */
import { fail } from "../lib/errors.ts";
import { didYouMean } from "../lib/model/suggest.ts";
import { type Explanation, explain, explainTerms } from "../verify/explain.ts";
import { command, type Document } from "./_command.ts";

/** The pages for one term. */
export interface ExplainDocument extends Document {
  readonly kind: "relayfile.explanation";
  readonly term: string;
  readonly pages: readonly Explanation[];
}

export default command({
  name: "explain",
  description: "Explain a finding, a check, an issue, a symptom or an error code, offline",
  args: {
    code: {
      type: "positional",
      valueHint: "CODE",
      description: "discovery.empty-schema, cloud#778, symptom:37, DR-05, S19 or revision_conflict",
      required: true,
    },
  },
  examples: [
    [
      "relayfile explain discovery.row-alias-mismatch",
      "what it means, how it was decided, what it is not, what to do",
    ],
    ["relayfile explain cloud#778", "a known issue and its signs"],
    ["relayfile explain symptom:37", "a symptom and what tells it from its look-alikes"],
  ],
  run: async ({ code }) => {
    const pages = explain(code);
    if (pages.length === 0) {
      fail("usage", `nothing is known about ${JSON.stringify(code)}${didYouMean(code, explainTerms())}`, {
        hint: "Codes stand in reports; checks are listed by relayfile doctor --list",
      });
    }
    return {
      document: {
        schemaVersion: "1.0",
        kind: "relayfile.explanation",
        term: code,
        pages,
      } satisfies ExplainDocument,
      exit: "PASS",
    };
  },
});
