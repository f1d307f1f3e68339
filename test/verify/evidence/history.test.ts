import { describe, expect, test } from "bun:test";
import { events, writtenPlaces } from "../../../verify/evidence/history.ts";
import type { EventsFact, WrittenPlacesFact } from "../../../verify/facts.ts";
import { answering } from "../../support/evidence-context.ts";
import { NOON, ops, probe } from "../../support/facts.ts";

const access = { probe: probe(), entries: [], totalFiles: null };
const at = (minutes: number) => new Date(NOON - minutes * 60_000).toISOString();
const feedEvent = (n: number, minutes: number) => ({
  eventId: `evt_${n}`,
  type: "file.updated",
  path: `/jira/issues/${n}.json`,
  revision: `rev_${n}`,
  timestamp: at(minutes),
});
const collected = async (...pages: { events: object[]; nextCursor: string | null }[]) => {
  let page = 0;
  const context = answering({ "/fs/events": () => pages[page++] ?? 500 }, { access });
  return { fact: await events.collect(context), asked: context.asked };
};

describe("events", () => {
  test("reads back a day, newest first, at most three pages", async () => {
    const whole = { events: [feedEvent(2, 1), feedEvent(1, 2)], nextCursor: null };
    expect((await collected(whole)).fact).toMatchObject({
      complete: true,
      items: [{ id: "evt_2" }, { id: "evt_1" }],
    });
    const more = (n: number) => ({ events: [feedEvent(n, 10 - n)], nextCursor: String(n) });
    const three = await collected(more(3), more(2), more(1), more(0));
    expect(three.asked).toHaveLength(3);
    expect(three.fact).toMatchObject({ complete: false });
    const old = await collected({ events: [feedEvent(1, 27 * 60)], nextCursor: "1" });
    expect(old.asked).toHaveLength(1);
  });

  test("turns a feed round that ignores the direction, when it is all there is", async () => {
    const whole = { events: [feedEvent(1, 2), feedEvent(2, 1)], nextCursor: null };
    const { fact } = await collected(whole);
    expect((fact as EventsFact).items.map(({ id }) => id)).toEqual(["evt_2", "evt_1"]);
  });

  test("cannot tell from the beginning of a long feed", async () => {
    const { fact } = await collected({ events: [feedEvent(1, 2), feedEvent(2, 1)], nextCursor: "2" });
    expect(fact).toMatchObject({ gap: "failed", reason: "the event feed cannot be read from its end" });
  });

  test("keeps what it has when a page fails", async () => {
    const { fact } = await collected({ events: [feedEvent(1, 2)], nextCursor: "1" });
    expect(fact).toMatchObject({ complete: false, probe: { status: 500 }, items: [{ id: "evt_1" }] });
  });
});

describe("writtenPlaces", () => {
  const RECORD = "/jira/issues/all-is-well__11000.json";
  const file = (path: string, value: unknown) => ({
    path,
    revision: "rev_1",
    content: JSON.stringify(value),
    contentType: "application/json",
  });
  const read = async (files: readonly object[], over: object = {}, bulk = true) => {
    const items = [{ path: "/jira/issues/a b.json", providerResult: { canonicalPath: RECORD }, ...over }];
    const byPath = new Map(files.map((one) => [(one as { path: string }).path, one]));
    const context = answering(
      {
        "/fs/bulk-read": ({ body }) => {
          const { paths } = body as { paths: string[] };
          return bulk
            ? { results: paths.map((path) => byPath.get(path) ?? { path, error: { code: "not_found" } }) }
            : 404;
        },
        "/fs/file": ({ query }) => byPath.get(String(query?.path)) ?? 404,
      },
      { ops: ops(items) },
    );
    return (await writtenPlaces.collect(context)) as WrittenPlacesFact;
  };
  const receipt = file("/jira/issues/a b.json", {
    kind: "relayfile.receipt",
    created: "11000",
    path: RECORD,
  });
  const record = file(RECORD, { objectType: "issue", objectId: "11000" });

  test("tells receipts, records and raw drafts apart, and follows the path they name", async () => {
    expect((await read([receipt, record])).items).toMatchObject([
      { kind: "receipt", canonicalPath: RECORD, canonicalThere: true },
    ]);
    expect((await read([receipt])).items).toMatchObject([{ kind: "receipt", canonicalThere: false }]);
    const raw = file("/jira/issues/a b.json", { fields: {} });
    expect((await read([raw, record])).items).toMatchObject([{ kind: "raw", canonicalThere: true }]);
    expect((await read([record], { path: RECORD })).items).toMatchObject([{ kind: "record" }]);
    expect((await read([])).items).toMatchObject([
      { kind: "missing", canonicalPath: RECORD, canonicalThere: false },
    ]);
  });

  test("leaves out deletes, local writes and ops that did not succeed", async () => {
    for (const over of [
      { action: "file_delete" },
      { providerResult: { local: true } },
      { status: "pending" },
    ])
      expect((await read([receipt], over)).items).toEqual([]);
  });

  test("reads one by one where there is no bulk route, and says that it did", async () => {
    expect(await read([receipt, record], {}, false)).toMatchObject({
      probe: null,
      items: [{ canonicalThere: true }],
    });
    expect(await read([receipt, record])).toMatchObject({ probe: { status: 200 } });
  });
});
