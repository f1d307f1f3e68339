/** What an operator sets per provider, by the names of variables; the same on every runtime. */
import type { SourceAccess } from "../pipeline/nango.ts";
import type { Env } from "../ports.ts";

/** Where the sync source of a provider is: its own variables, then those for all providers; null without a URL. */
export function sourceOf(env: Env, provider: string): SourceAccess | null {
  const named = (name: string) =>
    env[`RELAYFILE_${provider.toUpperCase()}_SOURCE_${name}`] ?? env[`RELAYFILE_SOURCE_${name}`] ?? "";
  const baseUrl = named("URL").replace(/\/+$/, "");
  return baseUrl === "" ? null : { baseUrl, secretKey: named("SECRET") };
}

/** The key of a provider's webhook signatures; null accepts only bearers. */
export function webhookSecretOf(env: Env, provider: string): string | null {
  return env[`RELAYFILE_${provider.toUpperCase()}_WEBHOOK_SECRET`] ?? null;
}
