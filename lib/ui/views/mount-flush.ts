/** Text of `mount --flush-outbox-once` and `--push-local-once`: whether anything still waits. */
import type { FlushReport } from "../../mount/flush.ts";
import type { Style } from "../style.ts";

/** Renders what a flush left behind. */
export default function view(document: FlushReport & { readonly localDir: string }, style: Style): string {
  const { drained, sent, pending, deadLetters, conflicts, localDir } = document;
  const sends = `${sent} ${sent === 1 ? "save" : "saves"} sent`;
  const head = drained
    ? `${style.mark("pass")} nothing waits in ${localDir}: ${sends}`
    : `${style.mark("fail")} ${pending} still waiting in ${localDir}: ${sends}`;
  const left: [number, string][] = [
    [deadLetters, "refused saves: relayfile writeback status"],
    [conflicts, "conflicts: relayfile conflicts"],
  ];
  return [head, ...left.filter(([count]) => count > 0).map(([count, what]) => `  ${count} ${what}`)].join(
    "\n",
  );
}
