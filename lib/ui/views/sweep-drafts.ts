/** Text of `writeback sweep-drafts`: what was or would be removed, and what stays. */
import type { SweptDrafts } from "../../model/file.ts";
import type { Style } from "../style.ts";

/** Renders a sweep. */
export default function view(document: SweptDrafts, style: Style): string {
  const { dryRun, scanned, removed, skipped } = document;
  const files = (count: number) => `${count} ${count === 1 ? "draft" : "drafts"}`;
  const verb = dryRun ? "would be removed" : "removed";
  const lines = [`${style.mark("pass")} ${files(removed.length)} ${verb}, ${scanned} files looked at`];
  for (const { path, reason } of removed) lines.push(`  ${path}  ${style.dim(reason)}`);
  for (const { path, reason } of skipped) lines.push(`  ${path}  ${style.dim(`stays: ${reason}`)}`);
  if (dryRun && removed.length > 0) lines.push(style.dim("  repeat with --apply to remove them"));
  return lines.join("\n");
}
