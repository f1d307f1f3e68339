/** docs/errors.md: every error code with what it means for a script and a person. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ERRORS, EXIT } from "../../lib/errors.ts";
import { exitCodeRows } from "../../lib/ui/topics.ts";
import { code, GENERATED, table } from "./markdown.ts";

/** The page. */
export function renderErrors(): string {
  const comments = commentsOfCodes();
  const exits = exitCodeRows().map(({ name, code: number, meaning }) => [
    String(number),
    code(name),
    meaning,
  ]);
  const sections = Object.entries(ERRORS).map(([name, spec]) =>
    [
      `## ${name}`,
      comments.get(name) ?? "",
      table(
        ["exit", "HTTP status", "next"],
        [
          [
            `${EXIT[spec.exit]} ${code(spec.exit)}`,
            spec.status === null ? "-" : String(spec.status),
            spec.next,
          ],
        ],
      ),
      `Hint: ${spec.hint}`,
    ].join("\n\n"),
  );
  return `${[
    GENERATED,
    "# Errors",
    'Under `--json` a failing command prints one document with `kind: "relayfile.error"`; `error.code` is one of these. Branch on `code` or `next`, never on the message.',
    "## Exit codes",
    table(["code", "name", "meaning"], exits),
    ...sections,
  ].join("\n\n")}\n`;
}

/** The comment above each code in the table of lib/errors.ts. */
function commentsOfCodes(): Map<string, string> {
  const text = readFileSync(join(import.meta.dir, "..", "..", "lib", "errors.ts"), "utf8");
  const found = text.matchAll(/\/\*\* ([^*]+?) \*\/\n {2}(\w+): \{/g);
  return new Map([...found].map(([, comment, name]) => [name ?? "", comment ?? ""]));
}
