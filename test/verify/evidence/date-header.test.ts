import { describe, expect, test } from "bun:test";
import { skewOfDate } from "../../../verify/evidence/_date-header.ts";
import { clock } from "../../../verify/evidence/access.ts";
import { answering } from "../../support/evidence-context.ts";
import { NOON } from "../../support/facts.ts";

/** A clock `aheadMs` before ours, written in whole seconds from a value that is `staleMs` old. */
const dated = (startMs: number, { aheadMs = 0, staleMs = 0, tripMs = 3 }) => ({
  dateMs: Math.floor((startMs + tripMs / 2 + aheadMs - staleMs) / 1_000) * 1_000,
  sentAtMs: startMs,
  answeredAtMs: startMs + tripMs,
});

describe("skewOfDate()", () => {
  test("is 0 for one clock, at every moment of a second, also where the header is renewed once a second", () => {
    for (let ms = 0; ms < 1_000; ms += 7) {
      for (const staleMs of [0, 400, 999])
        expect([ms, staleMs, skewOfDate(dated(NOON + ms, { staleMs }))]).toEqual([ms, staleMs, 0]);
    }
  });

  test("is 0 when a slow answer leaves room for none", () => {
    expect(skewOfDate({ dateMs: NOON + 4_000, sentAtMs: NOON, answeredAtMs: NOON + 5_000 })).toBe(0);
  });

  test("tells a difference that no rounding explains, to within a second and a half", () => {
    for (const aheadMs of [-7_200_000, -61_000, -5_000, 3_000, 61_000, 86_400_000]) {
      for (let ms = 0; ms < 1_000; ms += 90) {
        const skewMs = skewOfDate(dated(NOON + ms, { aheadMs }));
        expect(Math.abs(skewMs - aheadMs)).toBeLessThanOrEqual(1_500);
        expect(Math.sign(skewMs)).toBe(Math.sign(aheadMs));
      }
    }
  });
});

describe("clock", () => {
  const measured = async (dateMs: number) => {
    const context = answering({ "/health": () => ({ status: "ok" }) });
    const { send } = context.http;
    const headers = new Headers({ date: new Date(dateMs).toUTCString() });
    context.http.send = async (request) => ({ ...(await send(request)), headers });
    return clock.collect(context);
  };

  test("reports no skew for the second before, and the direction of a real one", async () => {
    expect(await measured(NOON - 1_000)).toMatchObject({ skewMs: 0, samples: [{ skewMs: 0 }] });
    expect(await measured(NOON - 60_000)).toMatchObject({ skewMs: -59_000 });
    expect(await measured(NOON + 60_000)).toMatchObject({ skewMs: 61_000 });
  });
});
