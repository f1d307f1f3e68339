/** The gate over the original's client library: no public method without a test, and no line about a method that is gone. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { RelayFileClient, WorkspaceHandle } from "@relayfile/sdk";
import { CLIENT_INTERNALS, CLIENT_METHODS, HANDLE_INTERNALS, HANDLE_METHODS } from "./sdk-methods.ts";

const sources = readdirSync(import.meta.dir)
  .filter((name) => name.endsWith(".test.ts"))
  .map((name) => readFileSync(`${import.meta.dir}/${name}`, "utf8"))
  .join("\n");
const methodsOf = (kind: { prototype: object }) =>
  Object.getOwnPropertyNames(kind.prototype).filter((name) => name !== "constructor");

for (const [name, kind, methods, internals] of [
  ["RelayFileClient", RelayFileClient, CLIENT_METHODS, CLIENT_INTERNALS],
  ["WorkspaceHandle", WorkspaceHandle, HANDLE_METHODS, HANDLE_INTERNALS],
] as const) {
  test(`every public method of ${name} has its line, and every line its method`, () => {
    expect(methodsOf(kind).sort()).toEqual([...Object.keys(methods), ...internals].sort());
  });

  test(`every method of ${name} is called by a test, built or not`, () => {
    const uncalled = Object.keys(methods).filter((method) => !sources.includes(`.${method}(`));
    expect(uncalled).toEqual([]);
  });
}

test("docs/interop.md lists exactly the methods whose routes are not built", () => {
  const page = readFileSync(`${import.meta.dir}/../../docs/interop.md`, "utf8");
  const missing = Object.entries({ ...CLIENT_METHODS, ...HANDLE_METHODS })
    .filter(([, state]) => state !== "called")
    .map(([method]) => method);
  const listed = [...page.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]);
  expect(listed.sort()).toEqual(missing.sort());
});
