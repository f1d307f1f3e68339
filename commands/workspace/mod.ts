/** `relayfile workspace`: which workspaces exist, which are known here, and which one is current. */
import { group } from "../_command.ts";

export default group({
  name: "workspace",
  description: "List, create, join and choose workspaces",
  aliases: ["ws"],
  commands: {
    list: { description: "List workspaces", load: async () => (await import("./list.ts")).default },
    create: {
      description: "Create a workspace and join it",
      load: async () => (await import("./create.ts")).default,
    },
    join: { description: "Get a workspace token", load: async () => (await import("./join.ts")).default },
    use: {
      description: "Make a workspace the current one",
      load: async () => (await import("./use.ts")).default,
    },
    delete: {
      description: "Forget or delete a workspace",
      load: async () => (await import("./delete.ts")).default,
    },
  },
});
