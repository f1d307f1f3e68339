/** Text of `conflicts`: each file with the two versions that exist of it. */
import { shellLine } from "../../../verify/http/exchange.ts";
import type { Style } from "../style.ts";

interface ConflictsDocument {
  readonly conflicts: readonly {
    readonly path: string;
    readonly baseRevision: string;
    readonly mine: { readonly file: string };
    readonly current: { readonly file: string };
    readonly next: { readonly argv: readonly string[] };
  }[];
}

/** Renders open conflicts. */
export default function view({ conflicts }: ConflictsDocument, style: Style): string {
  if (conflicts.length === 0) return `${style.mark("pass")} no conflicts`;
  return conflicts
    .flatMap(({ path, baseRevision, mine, current, next }) => [
      `${style.mark("warn")} ${style.bold(path)} (edited from ${baseRevision})`,
      `  yours:   ${mine.file}`,
      `  current: ${current.file}`,
      style.dim(`  next: ${shellLine(next.argv)}`),
    ])
    .join("\n");
}
