/** `relayfile ops`: the writeback ops of a workspace. */
import { group } from "../_command.ts";

export default group({
  name: "ops",
  description: "Look at writeback ops and run them again",
  commands: {
    list: { description: "List ops, newest first", load: async () => (await import("./list.ts")).default },
    show: { description: "Show one op", load: async () => (await import("./show.ts")).default },
    replay: {
      description: "Queue a dead-lettered op again",
      load: async () => (await import("./replay.ts")).default,
    },
  },
});
