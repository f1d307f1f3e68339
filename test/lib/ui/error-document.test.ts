import { expect, test } from "bun:test";
import { ErrorDocumentSchema } from "../../../commands/_documents.ts";
import { ERRORS, type ErrorCode, RelayfileError } from "../../../lib/errors.ts";
import { errorDocument, errorText } from "../../../lib/ui/error-document.ts";
import { keyValueLines } from "../../../lib/ui/render-result.ts";
import { makeStyle, PLAIN_STYLE } from "../../../lib/ui/style.ts";

test("errorDocument() satisfies the published schema for every code", () => {
  for (const code of Object.keys(ERRORS) as ErrorCode[]) {
    const document = ErrorDocumentSchema.parse(errorDocument(new RelayfileError(code, "message")));
    expect(document.error.exit).toBe(ERRORS[code].exit);
  }
});

test.each<[string, string[] | null, boolean]>([
  ["relayfile login", ["relayfile", "login"], false],
  ["relayfile tree --json", ["relayfile", "tree", "--json"], true],
  ["relayfile doctor --only 'doctor.*token*'", ["relayfile", "doctor", "--only", "doctor.*token*"], true],
  ["Check that the server runs: relayfile doctor", ["relayfile", "doctor"], true],
  ["relayfile workspace join WORKSPACE", null, false],
  ["Wait for Retry-After, then repeat", null, false],
])("errorDocument() turns the hint %p into a command to run only when it is complete", (hint, argv, safe) => {
  const { next } = errorDocument(new RelayfileError("usage", "m", { hint })).error;
  expect(next).toEqual(argv === null ? [] : [{ argv, safe }]);
});

test("errorText() keeps one line per fact, in ASCII where asked", () => {
  const document = errorDocument(
    new RelayfileError("not_found", "no\n  such file", { correlationId: "rf_1" }),
  );
  const hint = ERRORS.not_found.hint;
  expect(errorText(document, PLAIN_STYLE)).toBe(`error: no such file\n  → ${hint}\n  correlation id rf_1\n`);
  const ascii = makeStyle({ color: false, unicode: false, width: 80 });
  expect(errorText(document, ascii)).toContain(`  -> ${hint}`);
});

test("keyValueLines() prints what no view knows", () => {
  const document = {
    schemaVersion: "1.0",
    kind: "relayfile.x",
    a: "text",
    b: { c: 1 },
    d: undefined,
  } as const;
  expect(keyValueLines(document)).toBe('a: text\nb: {"c":1}');
});
