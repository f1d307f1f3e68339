/** Text of `writeback skip-stuck`: how many announced files were given up, and how many are waited for. */
import type { Style } from "../style.ts";

/** Renders what was given up. */
export default function view(document: { skipped: number; backlogRemaining: number }, style: Style): string {
  const { skipped, backlogRemaining } = document;
  const files = (count: number) => `${count} announced ${count === 1 ? "file" : "files"}`;
  if (skipped === 0 && backlogRemaining === 0) return `${style.mark("pass")} nothing was stuck`;
  return `${style.mark("pass")} ${files(skipped)} given up, ${backlogRemaining} still waited for`;
}
