import { describe, expect, test } from "bun:test";
import { readWebhookFiles } from "../../../lib/client/webhook-files.ts";
import { type ClientWorld, clientWorld } from "../../support/client-world.ts";

const summary = (world: ClientWorld, path: string, event?: string) =>
  readWebhookFiles(world.ports.fs, path, event).map(
    (one) => `${one.source.replace(world.home, "~")} ${one.event} ${one.problem ?? one.body}`,
  );

describe("readWebhookFiles()", () => {
  test("reads a tree of <event>/<name>.payload.json, sorted, and nothing else", () => {
    using world = clientWorld();
    world.write("all/push/1.payload.json", { b: 1 });
    world.write("all/issues/opened.payload.json", { a: 1 });
    world.write("all/issues/README.md", "no");
    world.write("all/index.json", "[]");
    expect(summary(world, `${world.home}/all/`)).toEqual([
      '~/all/issues/opened.payload.json issues {"a":1}',
      '~/all/push/1.payload.json push {"b":1}',
    ]);
  });

  test("one bad file of a tree is a problem of that file", () => {
    using world = clientWorld();
    world.write("all/push/1.payload.json", '{"b":');
    world.write("all/push/2.payload.json", "[1]");
    world.write("all/push/3.payload.json", { ok: true });
    const problems = readWebhookFiles(world.ports.fs, `${world.home}/all`).map((one) => one.problem);
    expect(problems[0]).toContain("is not valid JSON");
    expect(problems[1]).toBe("the payload is not a JSON object");
    expect(problems[2]).toBeNull();
  });

  test("reads the index form, from the file or its directory", () => {
    using world = clientWorld();
    const index = [
      { name: "issues", examples: [{ a: 1 }, { a: 2 }] },
      { name: "push", examples: [{ b: 1 }, "odd"] },
    ];
    const path = world.write("hooks/index.json", index);
    const expected = [
      '~/hooks/index.json#issues/0 issues {"a":1}',
      '~/hooks/index.json#issues/1 issues {"a":2}',
      '~/hooks/index.json#push/0 push {"b":1}',
      "~/hooks/index.json#push/1 push the example is not a JSON object",
    ];
    expect(summary(world, path)).toEqual(expected);
    expect(summary(world, `${world.home}/hooks`)).toEqual(expected);
  });

  test("one payload takes its event from --event, else from its directory", () => {
    using world = clientWorld();
    const loose = world.write("x.json", { a: 1 });
    const placed = world.write("issues/x.payload.json", { a: 1 });
    expect(summary(world, loose, "push")).toEqual(['~/x.json push {"a":1}']);
    expect(summary(world, placed)).toEqual(['~/issues/x.payload.json issues {"a":1}']);
    expect(() => summary(world, loose)).toThrow("does not say which event it is");
  });

  test("keeps the bytes of a payload as they are, for a signature is over bytes", () => {
    using world = clientWorld();
    const path = world.write("x.json", '{ "a" :  1.0 }\n');
    expect(readWebhookFiles(world.ports.fs, path, "push")[0]?.body).toBe('{ "a" :  1.0 }\n');
  });

  test.each([
    ["nothing there", "none", "does not exist"],
    ["an empty directory", "empty", "holds no payload"],
    ["half JSON", "half.json", "is not valid JSON"],
    ["a number", "number.json", "is not a JSON object or list"],
    ["an index of something else", "other.json", "entry 0 of"],
    ["bytes", "bytes.json", "not UTF-8 text"],
  ])("refuses %s", (_name, file, message) => {
    using world = clientWorld();
    world.ports.fs.makeDir(`${world.home}/empty`);
    world.write("half.json", '{"a"');
    world.write("number.json", "7");
    world.write("other.json", [{ id: 1 }]);
    const bytes = world.write("bytes.json", "");
    world.ports.fs.writeFile(bytes, new Uint8Array([0xff, 0xfe]));
    expect(() => summary(world, `${world.home}/${file}`)).toThrow(message);
  });
});
