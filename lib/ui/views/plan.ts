/** The plan of a run on a terminal: what would be asked, and what follows from answers. */
import type { PlanDocument } from "../../../verify/run/plan.ts";
import type { Style } from "../style.ts";

/** Requests first, then where each kind of evidence comes from. */
export default function planView(plan: PlanDocument, style: Style): string {
  const lines = [
    `${style.bold(plan.command)}  ${plan.checks} checks, strongest effect: ${plan.effect}. Nothing was sent.`,
    "",
    ...plan.requests.map(
      ({ method, url, effect }) => `  ${method} ${url}${effect === "read" ? "" : `  (${effect})`}`,
    ),
    "",
    "Further requests follow from the answers:",
    ...plan.evidence.map(
      ({ name, reads, effect }) => `  ${name}: ${reads}${effect === "read" ? "" : `  (${effect})`}`,
    ),
  ];
  return lines.join("\n");
}
