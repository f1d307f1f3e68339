/** Text of `why`: the answer first, then the facts it rests on. */
import type { WhyDocument } from "../../../commands/why.ts";
import { shellLine } from "../../../verify/http/exchange.ts";
import type { Style } from "../style.ts";

/** Renders the story of one path. */
export default function view(document: WhyDocument, style: Style): string {
  const mark = document.state === "in-step" ? "pass" : document.state === "excluded" ? "skip" : "warn";
  const lines = [`${style.mark(mark)} ${style.bold(document.path)}: ${document.because}`];
  if (document.local !== null)
    lines.push(`  here     ${document.local.bytes} bytes, ${document.local.hash.slice(0, 12)}`);
  if (document.revision !== null)
    lines.push(`  agreed   ${document.revision}, ${(document.agreedHash ?? "").slice(0, 12)}`);
  lines.push(`  remote   ${document.remotePath}`);
  if (document.asOf !== null) lines.push(`  as of    ${document.asOf}`);
  for (const { argv } of document.next) lines.push(style.dim(`next: ${shellLine(argv)}`));
  return lines.join("\n");
}
