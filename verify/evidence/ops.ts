/** Writeback ops of every state that matters. */
import { OpPage } from "../../lib/model/writeback-op.ts";
import { absent, defineEvidence } from "../evidence.ts";
import { askFileApi } from "./_files.ts";

/** `GET ops?status=…` for each state. */
export default defineEvidence({
  name: "ops",
  effect: "read",
  reads: "GET {fileApi}/v1/workspaces/{id}/ops?status={state}",
  collect: async (context) => {
    const { provider, workspaceToken } = context.target;
    if (workspaceToken === null) return absent("no workspace token is configured");
    const read = async (status: string, limit: number) => {
      const answer = await askFileApi(context, "/ops", { status, limit, provider: provider ?? undefined });
      const parsed = answer.probe.status === 200 ? OpPage.safeParse(answer.json) : null;
      return { status, probe: answer.probe, page: parsed?.success ? parsed.data : null };
    };
    const [first, ...others] = await Promise.all([
      read("failed", 200),
      read("dead_lettered", 200),
      read("pending", 100),
      read("running", 100),
      read("succeeded", 50),
    ]);
    const pages = [first, ...others];
    const refused = pages.find((entry) => entry.page === null);
    return {
      probe: (refused ?? first).probe,
      items: pages.flatMap(({ page, probe, status }) =>
        // A server that ignores the filter would list every op five times.
        (page?.items ?? [])
          .filter((op) => op.status === status)
          .map((op) => ({ ...op, exchangeId: probe.exchangeId })),
      ),
      truncatedStates: pages.filter(({ page }) => page?.nextCursor != null).map(({ status }) => status),
      collectedAtMs: context.clock.now(),
    };
  },
});
