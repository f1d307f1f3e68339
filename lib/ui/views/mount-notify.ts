/** Text of `mount --notify-flush`: who served the round, and how it ended. */
import { shellLine } from "../../../verify/http/exchange.ts";
import type { Style } from "../style.ts";

/** Renders the acknowledgement of a round, or that nobody is there to ask. */
export default function view(
  document: {
    localDir: string;
    pid: number | null;
    sequence: number | null;
    ok: boolean;
    reason: string | null;
    next: readonly { readonly argv: readonly string[] }[];
  },
  style: Style,
): string {
  const { localDir, pid, sequence, ok, reason } = document;
  if (pid === null) return `${style.mark("fail")} no daemon holds the lease of ${localDir}`;
  const ended = ok ? "both sides agree" : (reason ?? "not everything could be settled: relayfile status");
  return [
    `${style.mark(ok ? "pass" : "fail")} flushed by process ${pid}, round ${sequence}: ${ended}`,
    ...document.next.map(({ argv }) => style.dim(`next: ${shellLine(argv)}`)),
  ].join("\n");
}
