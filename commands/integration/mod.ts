/** `relayfile integration`: the providers connected to a workspace. */
import { group } from "../_command.ts";

export default group({
  name: "integration",
  description: "Connect providers and see their state",
  commands: {
    list: { description: "List connected providers", load: async () => (await import("./list.ts")).default },
    status: { description: "Show one integration", load: async () => (await import("./status.ts")).default },
    connect: { description: "Connect a provider", load: async () => (await import("./connect.ts")).default },
    disconnect: {
      description: "Disconnect a provider",
      load: async () => (await import("./disconnect.ts")).default,
    },
  },
});
