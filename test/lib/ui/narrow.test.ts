import { describe, expect, test } from "bun:test";
import { COMMANDS, SECTIONS } from "../../../commands/mod.ts";
import { commandHelp, rootHelp, startPage, TOPICS } from "../../../lib/ui/help.ts";
import { makeStyle } from "../../../lib/ui/style.ts";
import { topicDocument } from "../../../lib/ui/topics.ts";
import { isLeaf, locate } from "../../../lib/ui/tree.ts";
import explanationView from "../../../lib/ui/views/explanation.ts";
import helpView from "../../../lib/ui/views/help.ts";
import { explain, explainTerms } from "../../../verify/explain.ts";

const narrow = makeStyle({ color: false, unicode: false, width: 40 });

/** Lines that are too long although they could have been broken: `whole` are shown unbroken, to be copied. */
function overflowing(text: string, whole: readonly string[] = []): string[] {
  return text
    .split("\n")
    .filter((line) => line.length > 40 && line.trim().includes(" ") && !whole.includes(line.trim()));
}

async function everyCommand(): Promise<string[][]> {
  const paths: string[][] = [];
  for (const name of Object.keys(COMMANDS)) {
    const { path, found } = await locate([name], COMMANDS);
    paths.push([...path]);
    if (found !== null && !isLeaf(found)) {
      for (const child of Object.keys(found.group.commands)) paths.push([...path, child]);
    }
  }
  return paths;
}

describe("helpView()", () => {
  test("fits 40 columns for every command, except for what is to be copied", async () => {
    const paths = await everyCommand();
    expect(paths.length).toBeGreaterThan(30);
    for (const words of paths) {
      const { path, found } = await locate(words, COMMANDS);
      if (found === null) throw new Error(`no command ${words.join(" ")}`);
      const document = commandHelp(path, found);
      const whole = [
        ...document.examples.map(({ line }) => line),
        ...document.flags.map(({ name, value }) => `${name} ${value}`),
      ];
      expect([words.join(" "), ...overflowing(helpView(document, narrow), whole)]).toEqual([words.join(" ")]);
    }
  });

  test("fits 40 columns for the start page, the list of commands and every topic", () => {
    const pages = [startPage(), rootHelp(SECTIONS), ...TOPICS.map((topic) => topicDocument(topic))];
    for (const page of pages) {
      if (page === null) throw new Error("a topic without a page");
      const names = page.sections.flatMap(({ commands }) => commands.map(({ name }) => name));
      const whole = [...names, ...page.examples.map(({ line }) => line)];
      expect(overflowing(helpView(page, narrow), whole)).toEqual([]);
      expect(helpView(page, narrow)).not.toMatch(/[^\x20-\x7e\n]/);
    }
  });
});

test("explanationView() fits 40 columns for everything that can be explained", () => {
  const terms = [...explainTerms()];
  expect(terms.length).toBeGreaterThan(200);
  for (const term of terms) {
    const pages = explain(term);
    const text = explanationView(
      { schemaVersion: "1.0", kind: "relayfile.explanation", term, pages },
      narrow,
    );
    expect([term, ...overflowing(text)]).toEqual([term]);
  }
});
