/** Text of `mount --once`: whether both sides agree now, and if not, what is left. */
import type { OnceReport } from "../../mount/once.ts";
import type { Style } from "../style.ts";

/** Renders the report of one pass. */
export default function view(document: OnceReport & { readonly localDir: string }, style: Style): string {
  const { converged, trackedFiles, localDir } = document;
  const head = converged
    ? `${style.mark("pass")} ${localDir} agrees with the server: ${trackedFiles} files`
    : `${style.mark("fail")} ${localDir} does not agree with the server yet`;
  const left: [number, string][] = [
    [document.pending, document.pending === 1 ? "save on its way" : "saves on their way"],
    [document.deadLetters, "refused saves: relayfile writeback status"],
    [document.heldDeletes, "deletes held: relayfile mount resume"],
    [document.conflicts, `${document.conflicts === 1 ? "conflict" : "conflicts"}: relayfile conflicts`],
    [document.problems, "paths that cannot be placed"],
  ];
  const lines = [head, ...left.filter(([count]) => count > 0).map(([count, what]) => `  ${count} ${what}`)];
  if (!converged && document.error !== null) lines.push(`  ${document.error.message}`);
  return lines.join("\n");
}
