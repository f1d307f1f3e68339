/** Text of `status`: the verdict first, then only what is worth knowing. */
import type { StatusDocument } from "../../../commands/status.ts";
import { shellLine } from "../../../verify/http/exchange.ts";
import { printable } from "../../model/printable.ts";
import type { Style } from "../style.ts";
import { counted } from "./_table.ts";

/** Renders the state of one mirror. */
export default function view(document: StatusDocument, style: Style): string {
  const { verdict } = document;
  const mark =
    verdict === "ok" ? "pass" : verdict === "catching-up" ? "info" : verdict === "degraded" ? "warn" : "fail";
  const lines = [
    `${style.mark(mark)} ${style.bold(verdict)}: ${document.reason}`,
    `  workspace ${document.name ?? document.workspaceId ?? "unknown"} in ${document.localDir ?? "no directory"}`,
  ];
  const facts: [count: number, one: string, many: string][] = [
    [document.trackedFiles ?? 0, "file mirrored", "files mirrored"],
    [document.pending, "on the way up", "on the way up"],
    [document.heldDeletes, "delete held", "deletes held"],
    [document.deadLetters, "refused save", "refused saves"],
    [document.conflicts, "conflict", "conflicts"],
  ];
  const told = facts.filter(([count]) => count > 0).map((fact) => counted(...fact));
  if (told.length > 0) lines.push(`  ${told.join(", ")}`);
  if (document.localOnly !== null) lines.push(`  ${stayHere(document.localOnly)}`);
  if (document.daemon !== null) {
    const since = document.daemon.startedAt === null ? "" : ` since ${document.daemon.startedAt}`;
    lines.push(`  daemon ${document.daemon.pid ?? "?"}${since}, listening by ${document.listener ?? "poll"}`);
  }
  if (document.lastSuccessAt !== null)
    lines.push(`  last agreement with the server ${document.lastSuccessAt}`);
  if (document.lastError !== null && verdict !== "ok") lines.push(`  last error: ${document.lastError}`);
  for (const { argv } of document.next) lines.push(style.dim(`next: ${shellLine(argv)}`));
  return lines.join("\n");
}

/** `3 files stay here only: 1 too large, 2 links (a.bin, b)`. */
function stayHere({ files, tooLarge, unnamable, links, examples }: NonNullable<StatusDocument["localOnly"]>) {
  const whys: [count: number, one: string, many: string][] = [
    [tooLarge, "too large", "too large"],
    [unnamable, "with a name the server cannot have", "with names the server cannot have"],
    [links, "link", "links"],
  ];
  const why = whys.filter(([count]) => count > 0).map((fact) => counted(...fact));
  const names = examples.length < files ? [...examples, "..."] : examples;
  const stay = `${counted(files, "file stays", "files stay")} here only`;
  return printable(`${stay}: ${why.join(", ")} (${names.join(", ")})`);
}
