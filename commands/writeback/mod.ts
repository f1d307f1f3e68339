/** `relayfile writeback`: what became of local saves, and what can be done about those that were refused. */
import { group, type LazyCommand } from "../_command.ts";

const lazy = (
  description: string,
  load: () => Promise<{ default: Awaited<ReturnType<LazyCommand["load"]>> }>,
): LazyCommand => ({ description, load: async () => (await load()).default });

export default group({
  name: "writeback",
  description: "Look at local saves that did not arrive, and send them again",
  commands: {
    status: lazy(
      "Count pending and refused saves; exit 1 only for unresolved dead letters",
      () => import("./status.ts"),
    ),
    list: lazy("List saves that wait, or that were refused", () => import("./list.ts")),
    show: lazy("Show everything known about one refused save", () => import("./show.ts")),
    retry: lazy("Send a refused save again and wait for the outcome", () => import("./retry.ts")),
    "skip-stuck": lazy(
      "Stop waiting for announced files that cannot be read",
      () => import("./skip-stuck.ts"),
    ),
    "sweep-drafts": lazy(
      "Find drafts on the server that nothing turned into records, and remove them with --apply",
      () => import("./sweep-drafts.ts"),
    ),
    drop: lazy("Give up a refused save; the local file stays", () => import("./drop.ts")),
  },
});
