/** The way from flags to what a run is pointed at: no token goes to a host it does not belong to. */
import { boundElsewhere, requireBaseUrl, resolveTarget, type Target } from "../lib/client/target.ts";
import type { ProbeTarget } from "../verify/evidence.ts";
import type { ArgValues, CommandContext } from "./_command.ts";
import { type TARGET_ARGS, targetFlags } from "./_target.ts";

/** What resolving reads of the flags. */
export type ProbeTargetArgs = Partial<ArgValues<typeof TARGET_ARGS>> & { readonly mount?: string };

/** Resolves the flags. `lookup` false asks no service for a workspace's id. Fails with `usage` for a bad base URL. */
export async function resolveProbeTarget(
  asked: { readonly workspace?: string; readonly provider?: string; readonly providerUrl?: string },
  args: ProbeTargetArgs,
  context: CommandContext,
  options: { readonly lookup: boolean },
): Promise<ProbeTarget> {
  const { ports } = context;
  const target = await resolveTarget(
    { ...targetFlags(args, asked.workspace), mount: args.mount },
    ports,
    options,
  );
  requireBaseUrl(target.fileApiUrl, target.sources.fileApiUrl);
  requireBaseUrl(target.controlPlaneUrl, target.sources.controlPlaneUrl);
  const { providerUrl } = asked;
  const made = probeTarget(target, asked.provider ?? null, ports.host.homeDir);
  if (providerUrl === undefined) return made;
  requireBaseUrl(providerUrl.replace("{provider}", "x"), "--provider-url");
  const value = ports.host.env.RELAYFILE_PROVIDER_TOKEN;
  const token = value ? { value, source: "env RELAYFILE_PROVIDER_TOKEN" } : null;
  return { ...made, providerApi: { baseUrl: providerUrl.replace(/\/+$/, ""), token } };
}

/** The target as collectors take it: no token goes to a host it does not belong to, no default host into a local stack. */
export function probeTarget(
  target: Target,
  provider: string | null,
  homeDir: string | null = null,
): ProbeTarget {
  // Reports are shared: whose home it was does not matter.
  const short = (text: string) => (homeDir === null ? text : text.replaceAll(`${homeDir}/`, "~/"));
  const { sources } = target;
  // A control plane that nobody named is not part of a stack that somebody did name.
  const named = sources.controlPlaneUrl !== "default" || sources.fileApiUrl === "default";
  const controlPlaneUrl = named ? target.controlPlaneUrl : null;
  const elsewhere: ProbeTarget["boundElsewhere"][number][] = [];
  const usable = (kind: "workspace" | "cloud", token: Target["workspaceToken"], url: string | null) => {
    if (token === null || url === null) return null;
    if (!boundElsewhere(token, url)) return { value: token.value, source: short(token.source) };
    elsewhere.push({ kind, source: short(token.source), server: token.server ?? "another host", url });
    return null;
  };
  return {
    fileApiUrl: target.fileApiUrl,
    controlPlaneUrl,
    workspace: target.workspace,
    workspaceToken: usable("workspace", target.workspaceToken, target.fileApiUrl),
    cloudToken: usable("cloud", target.cloudToken, controlPlaneUrl),
    home: target.home.dir,
    mountDir: target.mountDir,
    sources: Object.fromEntries(
      Object.entries(sources).flatMap(([key, value]) => (value === null ? [] : [[key, short(value)]])),
    ),
    problems: Object.entries(target.problems).map(([part, error]) => ({
      part,
      code: error.code,
      message: short(error.message),
      hint: short(error.hint),
    })),
    boundElsewhere: elsewhere,
    provider,
  };
}

/** A target for replayed evidence, which brings its own. */
export function nowhere(provider: string | null): ProbeTarget {
  return {
    fileApiUrl: "",
    controlPlaneUrl: null,
    workspace: null,
    workspaceToken: null,
    cloudToken: null,
    home: null,
    mountDir: null,
    sources: {},
    problems: [],
    boundElsewhere: [],
    provider,
  };
}
