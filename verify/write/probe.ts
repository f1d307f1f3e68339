/** The evidence of write probes. Without consent nothing is written; with it, in the target order of the contract. */
import { providerById } from "../../lib/providers/registry.ts";
import { defineEvidence, failed, withheld } from "../evidence.ts";
import { chooseThrowaway, readNamedPath } from "./choose.ts";
import type { WriteTargetFact } from "./facts.ts";
import { markerOf } from "./mark.ts";
import { probeNamed } from "./named.ts";
import { probeThrowaway, untouched } from "./throwaway.ts";

/** A record the operator names, else a throwaway from an advertised example, else nothing. One provider after another. */
export default defineEvidence({
  name: "writeProbe",
  effect: "write",
  reads:
    "PUT fs/file of a marked draft or of the named record, GET ops/{opId}, DELETE fs/file of what was created",
  collect: async (context) => {
    const { target, options } = context;
    if (!options.allowWrite) return withheld("nothing was written without consent", "--allow-write");
    const discovery = await context.get("discovery");
    if (discovery.gap !== undefined) return discovery;
    // What writes left behind before this run must not look like ours.
    await context.get("ops");
    const marker = markerOf(context.clock.now());
    const named = options.writePath ?? null;
    const place = named === null ? null : readNamedPath(named);
    if (place?.kind === "neither") return failed(place.message);
    const wanted = discovery.value.providers.filter(
      ({ provider, connected }) =>
        connected !== false &&
        providerById(provider) !== null &&
        (place === null
          ? target.provider === null || provider === target.provider
          : provider === place.provider),
    );
    const targets: WriteTargetFact[] = [];
    for (const { provider, resources } of wanted) {
      if (context.signal.aborted) break;
      if (place?.kind === "record" && named !== null) {
        const path = providerById(provider)?.resources.find((one) => one.name === place.resource)?.path ?? "";
        targets.push(await probeNamed(context, provider, named, resources, path, marker));
        continue;
      }
      const chosen = chooseThrowaway(provider, resources, named);
      if ("none" in chosen) {
        const { none: reason, flag } = chosen;
        const skipped = flag === undefined ? { reason } : { reason, flag };
        targets.push({ ...untouched(provider, "throwaway"), skipped });
        continue;
      }
      targets.push(await probeThrowaway(context, provider, chosen, marker));
    }
    return { marker, targets, collectedAtMs: context.clock.now() };
  },
});
