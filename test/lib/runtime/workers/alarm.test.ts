/** The one alarm of an object, with a fake clock and storage. */
import { describe, expect, test } from "bun:test";
import { ObjectAlarm } from "../../../../lib/runtime/workers/alarm.ts";
import { FakeClock } from "../../../support/clock.ts";

function world(stored: number | null = null) {
  const clock = new FakeClock(1_000_000);
  const set: number[] = [];
  const deleted: number[] = [];
  const storage = {
    getAlarm: async () => stored,
    setAlarm: async (at: number) => void set.push(at),
    deleteAlarm: async () => void deleted.push(clock.now()),
  };
  return { clock, set, deleted, alarm: new ObjectAlarm(storage, clock) };
}

describe("ObjectAlarm", () => {
  test("wake() sets the alarm for the earliest wish only, and past ones for now", () => {
    const { alarm, set } = world();
    for (const at of [1_000_500, 1_000_900, 1_000_200, 0, 1_000_000]) alarm.wake(at);
    expect(set).toEqual([1_000_500, 1_000_200, 1_000_000]);
  });

  test("restore() respects what an earlier life asked for", async () => {
    const { alarm, set } = world(1_000_100);
    await alarm.restore();
    alarm.wake(1_000_300);
    alarm.wake(1_000_050);
    expect(set).toEqual([1_000_050]);
  });

  test("asClock() serves long timers by the alarm and short ones in memory", async () => {
    const { alarm, clock, set } = world();
    const ran: string[] = [];
    const { after } = alarm.asClock();
    after(10_000, () => ran.push("short"));
    after(3_600_000, () => ran.push("hour"));
    const cancel = after(7_200_000, () => ran.push("cancelled"));
    after(9_000_000, () => ran.push("later"));
    expect(set).toEqual([4_600_000]);
    expect(clock.pending).toBe(1);
    cancel();
    await clock.advance(3_600_000);
    expect(ran).toEqual(["short"]);
    alarm.rang();
    expect(ran).toEqual(["short", "hour"]);
    expect(set).toEqual([4_600_000, 10_000_000]);
  });

  test("clear() forgets what was asked for, so that a later wish counts again", async () => {
    const { alarm, set, deleted } = world();
    alarm.asClock().after(3_600_000, () => {});
    alarm.wake(1_000_100);
    await alarm.clear();
    expect(deleted).toHaveLength(1);
    alarm.wake(1_000_200);
    alarm.rang();
    expect(set).toEqual([4_600_000, 1_000_100, 1_000_200]);
  });
});
