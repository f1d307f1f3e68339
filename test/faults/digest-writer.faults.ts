/** A digest writer that stands still, forgets, miscounts or rewrites what is over. */
import { faultsOf } from "./fault.ts";
import type { Bench } from "./lab.ts";

const TODAY = "/digests/today.md";
const YESTERDAY = "/digests/yesterday.md";

async function textOf(bench: Bench, path: string): Promise<string> {
  return new TextDecoder().decode((await (await bench.stack.workspace()).tree.read(path))?.bytes);
}

const rewritten = (path: string, change: (text: string) => string) => async (bench: Bench) =>
  bench.emit({
    kind: "write",
    path,
    bytes: new TextEncoder().encode(change(await textOf(bench, path))),
    contentType: "text/markdown",
  });

const matter = (key: string, value: string) => (text: string) =>
  text.replace(new RegExp(`^${key}:.*$`, "m"), `${key}: ${value}`);

/** Lets every event of the feed lie so many ms in the past. */
const eventsAged = (bench: Bench, ms: number) =>
  void bench.proxy.rules.push({
    when: (url) => url.pathname.endsWith("/fs/events"),
    json: (page: { events: object[] }) => ({
      ...page,
      events: page.events.map((event) => ({ ...event, timestamp: new Date(Date.now() - ms).toISOString() })),
    }),
  });

const later = () => new Date(Date.now() + 5_000).toISOString();

export default faultsOf("digest", { ownStack: true, needs: ["file-api", "token", "workspace-reads"] }, [
  {
    id: "digest-writer-stands-still",
    refs: ["VG-08"],
    inject: async (bench) => {
      const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
      await rewritten(TODAY, matter("generated_at", anHourAgo))(bench);
      eventsAged(bench, 600_000);
    },
    expect: { root: "digest.stalled", exit: 1 },
    never: ["digest.inbound-unseen", "digest.missing"],
  },
  {
    id: "digest-feeds-on-itself",
    refs: ["VG-07"],
    inject: async (bench) => {
      for (let times = 0; times < 6; times++) await rewritten(TODAY, (text) => `${text}`)(bench);
    },
    expect: { root: "digest.feeds-itself", exit: 1 },
    never: ["digest.stalled"],
  },
  {
    id: "digest-forgets-a-record",
    refs: ["VG-09"],
    inject: rewritten(TODAY, (text) => {
      const events = Number(/^events: (\d+)$/m.exec(text)?.[1]);
      const shorter = text.replace(/^- .* - \[\/linear\/issues\/[^\n]*\n/m, "");
      return matter("events", String(events - 1))(matter("generated_at", later())(shorter));
    }),
    expect: { root: "digest.count-mismatch", exit: 0 },
    never: ["digest.over-filtered", "digest.truncated"],
  },
  {
    id: "digest-never-tells-the-last-change",
    refs: ["VG-17"],
    inject: async (bench) => {
      await rewritten(TODAY, (text) => {
        const none = text.replace(/^- .*$\n/gm, "");
        return matter("events", "0")(matter("generated_at", later())(none));
      })(bench);
      eventsAged(bench, 600_000);
    },
    expect: { root: "digest.inbound-unseen", exit: 1 },
    never: ["digest.over-filtered", "digest.stalled"],
  },
  {
    id: "digest-of-another-time-zone",
    refs: ["VG-16"],
    inject: rewritten(TODAY, matter("timezone", "Pacific/Auckland")),
    expect: { root: "digest.window-mismatch", exit: 0 },
    never: ["digest.zone-invalid"],
  },
  {
    id: "digest-zone-does-not-exist",
    refs: ["VG-16"],
    inject: rewritten(TODAY, matter("warnings", "[timezone_invalid]")),
    expect: { root: "digest.zone-invalid", exit: 0 },
    never: ["digest.window-mismatch"],
  },
  {
    id: "digest-without-a-provider",
    refs: ["VG-10"],
    inject: async (bench) => {
      eventsAged(bench, 60_000);
      await rewritten(TODAY, (text) => text.replace(/^## jira\n[\s\S]*?(?=^## )/m, ""))(bench);
    },
    expect: { root: "digest.provider-missing", exit: 0 },
    never: ["digest.sections-unsorted"],
  },
  {
    id: "digest-sections-out-of-order",
    refs: ["VG-10"],
    inject: rewritten(TODAY, (text) => {
      const [head = "", ...sections] = text.split(/^(?=## )/m);
      return head + sections.reverse().join("");
    }),
    expect: { root: "digest.sections-unsorted", exit: 0 },
    never: ["digest.provider-missing"],
  },
  {
    id: "closed-day-rewritten",
    refs: ["VG-12"],
    inject: async (bench) => {
      for (let times = 0; times < 2; times++) await rewritten(YESTERDAY, (text) => text)(bench);
    },
    expect: { root: "digest.closed-rewritten", exit: 1 },
    never: ["digest.dated-differs"],
  },
  {
    id: "dated-digest-tells-another-day",
    refs: ["VG-13"],
    inject: async (bench) => {
      const date = /^date: (\S+)$/m.exec(await textOf(bench, YESTERDAY))?.[1];
      await rewritten(
        `/digests/${date}.md`,
        (text) => `${text}\n- one more - [/linear/issues/x.json]\n`,
      )(bench);
    },
    expect: { root: "digest.dated-differs", exit: 0 },
    never: ["digest.closed-rewritten"],
  },
]);
