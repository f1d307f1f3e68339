/** The requests of a run as a shell script: the reads run, everything else is a comment. */
import type { Report } from "../report.ts";
import { outcomeWord } from "./words.ts";

/** A POSIX script. It needs the variables it names and changes nothing. */
export function renderCurl(report: Report): string {
  const variables = [...new Set(report.exchanges.flatMap((exchange) => exchange.repro.needsEnv))].sort();
  const head = [
    "#!/bin/sh",
    comment(`Requests of ${report.command}, run ${report.runId}, ${report.startedAt}.`),
    comment(`${outcomeWord(report)} (${report.exitCode}): ${report.verdict}`),
    ...variables.map((name) => `: "\${${name}:?set it to the credential of that service}"`),
  ];
  const body = report.exchanges.flatMap((exchange) => {
    const outcome = exchange.response?.status ?? exchange.error?.class ?? "no answer";
    const title = comment(`${exchange.id} ${exchange.service} -> ${outcome}`);
    const safe = exchange.repro.effect === "read";
    return [
      title,
      safe ? exchange.repro.curl : comment(`changes something, so it is not run: ${exchange.repro.curl}`),
    ];
  });
  return `${[...head, ...body].join("\n")}\n`;
}

/** A comment; no line break of a text may end it. */
function comment(text: string): string {
  return `# ${text.replace(/\s*[\r\n\u2028\u2029]\s*/g, " ")}`;
}
