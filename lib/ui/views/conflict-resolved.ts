/** Text of `conflicts --keep`: which version stays, and where the other one went. */
import type { Style } from "../style.ts";

/** Renders a settled conflict. */
export default function view(
  document: { path: string; keep: "local" | "remote" | "both"; artifacts: number },
  style: Style,
): string {
  const stays = {
    local: "your version stays and is sent",
    remote: "the server's version stays",
    both: "both stay",
  };
  const kept = document.artifacts === 1 ? "1 kept version" : `${document.artifacts} kept versions`;
  return [
    `${style.mark("pass")} ${document.path}: ${stays[document.keep]}`,
    style.dim(`  ${kept} moved to .relay/conflicts/resolved`),
  ].join("\n");
}
