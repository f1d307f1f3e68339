/** The walk through a seventh provider is code that works, not prose that was true once. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { authoredSchema } from "../../lib/pipeline/pure/discovery.ts";
import { normalizeRecord } from "../../lib/pipeline/pure/normalize.ts";
import { idOfName, recordFile } from "../../lib/pipeline/pure/paths.ts";
import { validateWrite } from "../../lib/pipeline/pure/validate.ts";
import type { ProviderDefinition } from "../../lib/providers/definition.ts";
import { PROVIDERS } from "../../lib/providers/registry.ts";
import { tempDir } from "../support/temp-dir.ts";

const ROOT = join(import.meta.dir, "../..");
const TEXT = readFileSync(join(ROOT, "docs/adding-a-provider.md"), "utf8");

async function documented(): Promise<ProviderDefinition> {
  using dir = tempDir("relayfile-doc-");
  const blocks = [...TEXT.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1]);
  const code = blocks.join("\n").replaceAll('from "./', `from "${ROOT}/lib/providers/`);
  await Bun.write(dir.join("harbor-desk.ts"), code);
  return (await import(dir.join("harbor-desk.ts"))).harborDesk;
}

describe("docs/adding-a-provider.md", () => {
  test("its entry places records, tells drafts from ids and validates its own example", async () => {
    const provider = await documented();
    const [tickets] = provider.resources;
    const rules = tickets?.records;
    if (tickets?.write === undefined || rules === undefined) throw new Error("the document shows no tickets");
    const raw = { id: "T7", subject: "The printer: a/b", state: "open", updated_at: "2026-05-01T00:00:00Z" };
    const record = normalizeRecord(provider, tickets, raw);
    if ("rejected" in record) throw new Error(record.rejected);
    const file = recordFile(rules, record.id, record.label, record.params);
    expect(file).toBe("the-printer-a-b__T7.json");
    expect(idOfName(rules, file.replace(".json", ""))).toBe("T7");
    for (const draft of ["draft-20260520T080956Z", "create request", "wb-1715608327"])
      expect(idOfName(rules, draft)).toBeNull();
    const schema = authoredSchema(provider, tickets, tickets.write.schema);
    expect(validateWrite(provider.id, "tickets", "create", tickets.write.example, schema)).toMatchObject({
      ok: true,
    });
    expect(provider.webhook({ event: "ticket.deleted", ticket: raw }, {})).toMatchObject({
      records: [{ resource: "tickets", deleted: true }],
    });
    expect(provider.webhook({}, {})).toMatchObject({ kind: "rejected" });
  });

  test("names files and commands that exist", async () => {
    const known = TEXT.matchAll(/`((?:lib|test|scripts)\/[\w./-]+)`/g);
    for (const [, path = ""] of known) {
      if (path.includes("harbor-desk")) continue;
      expect([path, (await Bun.file(join(ROOT, path)).exists()) || readdirExists(path)]).toEqual([
        path,
        true,
      ]);
    }
  });

  test("every entry is a file of under 250 lines", () => {
    for (const { id } of PROVIDERS) {
      const lines = readFileSync(join(ROOT, `lib/providers/${id}.ts`), "utf8").split("\n").length;
      expect([id, lines < 250]).toEqual([id, true]);
    }
  });
});

function readdirExists(path: string): boolean {
  return new Bun.Glob("*").scanSync({ cwd: join(ROOT, path) }).next().done === false;
}
