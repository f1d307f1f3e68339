/** What an operator sets per provider, by the names of variables; the same on every runtime. */
import { PIPELINE } from "../limits.ts";
import type { SourceAccess } from "../pipeline/nango.ts";
import { type AccessSettings, settingName } from "../pipeline/provider-access.ts";
import type { Env } from "../ports.ts";

/** Where the sync source of a provider is: its own variables, then those for all providers; null without a URL. */
export function sourceOf(env: Env, provider: string): SourceAccess | null {
  const named = (name: string) =>
    env[settingName(provider, `SOURCE_${name}`)] ?? env[`RELAYFILE_SOURCE_${name}`] ?? "";
  const baseUrl = named("URL").replace(/\/+$/, "");
  return baseUrl === "" ? null : { baseUrl, secretKey: named("SECRET") };
}

/** For the backend `direct`: another base URL than the provider's own, and the credential; null where not set. */
export function directOf(
  env: Env,
  provider: string,
): { readonly baseUrl: string | null; readonly token: string | null } {
  const named = (name: string) => env[settingName(provider, `API_${name}`)]?.trim() || null;
  return { baseUrl: named("URL"), token: named("TOKEN") };
}

/**
 * The proxy of the sync source, which holds the credentials of its connections: named by its own variables, else beside
 * the source. `none` leaves the ops of its connections to an executor elsewhere.
 */
export function proxyOf(
  env: Env,
  provider: string,
): { readonly baseUrl: string; readonly secretKey: string } | null {
  const named = (name: string) =>
    env[settingName(provider, `PROXY_${name}`)]?.trim() || env[`RELAYFILE_PROXY_${name}`]?.trim() || null;
  const source = sourceOf(env, provider);
  const baseUrl = named("URL") ?? (source === null ? null : `${source.baseUrl}/proxy`);
  if (baseUrl === null || baseUrl === "none") return null;
  return { baseUrl, secretKey: named("SECRET") ?? source?.secretKey ?? "" };
}

/** How real providers are reached. */
export function accessOptions(env: Env): Omit<AccessSettings, "simulatorUrl"> {
  return { direct: (provider) => directOf(env, provider), proxy: (provider) => proxyOf(env, provider) };
}

/** How many records a refresh samples per resource, from `DISCOVERY_SAMPLE_LIMIT` within 1 and 500 (spec provider-contract 2.7). */
export function sampleLimitOf(env: Env): number {
  const wanted = Math.trunc(Number(env.DISCOVERY_SAMPLE_LIMIT?.trim() || Number.NaN));
  if (Number.isNaN(wanted)) return PIPELINE.discoverySampleDefault;
  return Math.min(PIPELINE.discoverySampleMax, Math.max(1, wanted));
}

/** The key of a provider's webhook signatures; null accepts only bearers. */
export function webhookSecretOf(env: Env, provider: string): string | null {
  return env[settingName(provider, "WEBHOOK_SECRET")] ?? null;
}
