/** The demo for people: what was found, where to look, the one next command. */
import type { DemoDocument } from "../../../commands/demo.ts";
import type { Style } from "../style.ts";
import { wrap } from "../text.ts";

/** At most 25 lines at 100 columns. */
export default function demoView(document: DemoDocument, style: Style): string {
  const { incidents, reports, next, running, environment } = document;
  const found = incidents.filter((incident) => incident.found).length;
  const lines = [style.bold(`relayfile demo  ${document.workspaceId}`), ""];
  for (const incident of incidents) {
    const finding = reports[incident.report].findings.find(({ id }) => id === incident.findingId);
    const [first = "", ...rest] = wrap(incident.story, style.width - 8);
    lines.push(
      `${style.mark(incident.found ? "pass" : "fail")} ${first}`,
      ...rest.map((line) => `  ${line}`),
    );
    const where = `verify ${incident.report}`;
    lines.push(
      style.dim(
        finding === undefined
          ? `    not found by ${where}`
          : `    found by ${where}: ${finding.code}, ${incident.knownIssue} (${finding.confidence})`,
      ),
    );
  }
  lines.push("", `${found} of ${incidents.length} planted incidents found as root causes`);
  if (running) {
    const exports = Object.entries(environment).map(([name, value]) => `  export ${name}=${value}`);
    lines.push(
      "",
      `file API       ${document.fileApiUrl}`,
      `control plane  ${document.controlPlaneUrl}`,
      `mirror         ${document.mirror}`,
      "",
      "In another terminal:",
      ...exports,
    );
  }
  lines.push(running ? `  ${next.argv.join(" ")}` : `next: ${next.argv.join(" ")}`);
  if (running) lines.push("", style.dim("Ctrl-C stops it; nothing is kept."));
  return lines.join("\n");
}
