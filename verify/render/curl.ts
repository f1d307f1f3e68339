/** The requests of a run as a shell script: the reads run, everything else is a comment. */
import type { Report } from "../report.ts";

/** A POSIX script. It needs the variables it names and changes nothing. */
export function renderCurl(report: Report): string {
  const variables = [...new Set(report.exchanges.flatMap((exchange) => exchange.repro.needsEnv))].sort();
  const head = [
    "#!/bin/sh",
    `# Requests of ${report.command}, run ${report.runId}, ${report.startedAt}.`,
    ...variables.map((name) => `: "\${${name}:?set it to the credential of that service}"`),
  ];
  const body = report.exchanges.flatMap((exchange) => {
    const outcome = exchange.response?.status ?? exchange.error?.class ?? "no answer";
    const title = `# ${exchange.id} ${exchange.service} -> ${outcome}`;
    const safe = exchange.repro.effect === "read";
    return [
      title,
      safe ? exchange.repro.curl : `# changes something, so it is not run: ${exchange.repro.curl}`,
    ];
  });
  return `${[...head, ...body].join("\n")}\n`;
}
