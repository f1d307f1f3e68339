/** An accepted write and how far its op has come. */
import type { WriteDocument } from "../../../commands/_write.ts";
import type { Style } from "../style.ts";
import { facts } from "./_table.ts";

/** Facts of a `relayfile.write` document. */
export default function write(document: WriteDocument, style: Style): string {
  const { action, path, revision, opId, opStatus, provider, lastError } = document;
  const mark =
    opStatus === "succeeded"
      ? "pass"
      : ["failed", "dead_lettered", "canceled"].includes(opStatus)
        ? "fail"
        : "info";
  const head = `${style.mark(mark)} ${action === "rm" ? "deleted" : "wrote"} ${path}`;
  const rows: [string, string | null][] = [
    ["revision", revision],
    ["op", `${opId} ${opStatus}`],
    ["provider", provider === "" ? null : provider],
    ["error", lastError],
    ["follow it", document.op === null ? `relayfile ops show ${opId}` : null],
  ];
  return [head, ...facts(rows, style).map((line) => `  ${line}`)].join("\n");
}
