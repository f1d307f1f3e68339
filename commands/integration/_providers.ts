/** Checks a provider's name against what the control plane offers, before anything is asked of it. */
import type { ControlApi } from "../../lib/client/control-api.ts";
import { fail, isRelayfileError } from "../../lib/errors.ts";
import { didYouMean } from "../../lib/model/suggest.ts";

/** Fails with `usage` when the catalog does not offer a provider. A catalog that cannot be read refuses nothing. */
export async function requireProvider(api: ControlApi, provider: string, signal: AbortSignal): Promise<void> {
  const offered = await catalogIds(api, signal);
  if (offered.length === 0 || offered.includes(provider)) return;
  fail(
    "usage",
    `the control plane offers no provider ${JSON.stringify(provider)}${didYouMean(provider, offered)}`,
    {
      hint: `Choose one of: ${offered.slice(0, 12).join(", ")}`,
    },
  );
}

async function catalogIds(api: ControlApi, signal: AbortSignal): Promise<string[]> {
  try {
    return (await api.catalog({ signal })).providers.map((one) => one.id);
  } catch (thrown) {
    if (!isRelayfileError(thrown)) throw thrown;
    // The call that matters comes next and reports its own failure.
    return [];
  }
}
