import { describe, expect, test } from "bun:test";
import type { ArgSpecs } from "../../../commands/_command.ts";
import { isRelayfileError } from "../../../lib/errors.ts";
import { kebab, parseArgv } from "../../../lib/ui/argv.ts";

const SPECS: ArgSpecs = {
  workspace: { type: "positional", required: true, description: "" },
  dir: { type: "positional", description: "" },
  "op-id": { type: "string", alias: ["operation"], description: "" },
  "remote-path": { type: "strings", description: "" },
  force: { type: "boolean", alias: ["f"], description: "" },
  keep: { type: "boolean", alias: ["k"], description: "" },
  websocket: { type: "boolean", default: true, description: "" },
  port: { type: "integer", min: 0, max: 65_535, alias: ["p"], description: "" },
  interval: { type: "duration", description: "" },
  era: { type: "enum", options: ["current", "2026-05"], description: "" },
};

const parse = (line: string) => parseArgv(line === "" ? [] : line.split(" "), SPECS, "relayfile mount");

function refusal(line: string | string[]): string {
  try {
    parseArgv(typeof line === "string" ? line.split(" ") : line, SPECS, "relayfile mount");
  } catch (error) {
    if (isRelayfileError(error, "usage")) return error.message;
    throw error;
  }
  return "accepted";
}

describe("parseArgv()", () => {
  test("gives every declared argument a value", () => {
    expect(parse("ws")).toEqual({
      workspace: "ws",
      dir: undefined,
      "op-id": undefined,
      "remote-path": [],
      force: false,
      keep: false,
      websocket: true,
      port: undefined,
      interval: undefined,
      era: undefined,
    });
  });

  test.each([
    ["ws --op-id op_1", "op-id", "op_1"],
    ["--opId op_1 ws", "op-id", "op_1"],
    ["ws --op_id=op_1", "op-id", "op_1"],
    ["ws --operation op_1", "op-id", "op_1"],
    ["ws --op-id=-x", "op-id", "-x"],
    ["ws --op-id=a=b", "op-id", "a=b"],
    ["ws --op-id -", "op-id", "-"],
    ["ws --remote-path /a --remotePath=/b", "remote-path", ["/a", "/b"]],
    ["ws --force", "force", true],
    ["ws --force=false", "force", false],
    ["ws -fk", "keep", true],
    ["ws --no-websocket", "websocket", false],
    ["ws --websocket", "websocket", true],
    ["ws -p 0", "port", 0],
    ["ws --port=65535", "port", 65_535],
    ["ws --interval 1m30s", "interval", 90_000],
    ["ws --interval 0", "interval", 0],
    ["ws --era 2026-05", "era", "2026-05"],
    ["ws -- --force", "dir", "--force"],
    ["ws -", "dir", "-"],
  ] as const)("reads `%s`", (line, name, value) => {
    expect(parse(line)[name]).toEqual(value as never);
  });

  test.each([
    ["", "WORKSPACE is missing"],
    ["ws dir more", 'unexpected argument "more"'],
    ["ws --forse", "unknown flag --forse (did you mean --force?)"],
    ["ws --no-forse", "unknown flag --no-forse (did you mean --force?)"],
    ["ws --zzzzzz", "unknown flag --zzzzzz"],
    ["ws -fz", "unknown flag -fz"],
    ["ws -fp", "-p in -fp needs a value"],
    ["ws --op-id", "--op-id needs a value"],
    ["ws --op-id --force", "--op-id needs a value"],
    ["ws --op-id=", "--op-id is empty"],
    ["ws --op-id a --opId b", "--opId is given twice"],
    ["ws --no-op-id", "unknown flag --no-op-id (did you mean --op-id?)"],
    ["ws --no-force=true", "--no-force takes no value"],
    ["ws --force=maybe", '--force is "maybe", expected true or false'],
    ["ws --port 70000", "--port is 70000, the limit is 65535"],
    ["ws --port -1", "--port is -1, the least is 0"],
    ["ws --port 1.5", '--port is "1.5", expected a whole number'],
    ["ws --port 1e3", '--port is "1e3", expected a whole number'],
    ["ws --interval 30", '--interval is "30", expected a duration such as 500ms, 30s or 1m30s'],
    ["ws --era 2026-5", '--era is "2026-5", expected current, 2026-05 (did you mean 2026-05?)'],
  ])("refuses `%s`", (line, message) => {
    expect(refusal(line === "" ? [] : line)).toBe(message);
  });

  test("refuses an empty positional", () => {
    expect(refusal(["ws", ""])).toBe("DIR is empty");
  });
});

test("kebab() treats camelCase, snake_case and kebab-case as one name", () => {
  expect(["opId", "op_id", "op-id", "OpID"].map(kebab)).toEqual(["op-id", "op-id", "op-id", "op-id"]);
});
