/**
 * Where calls to a provider go and what they carry: to its stand-in, straight to its API, or through a proxy that holds
 * its credentials. Pure: the operator's settings come in, and no secret leaves but in headers.
 */
import type { ProviderDefinition } from "../providers/definition.ts";
import { providerById } from "../providers/registry.ts";

/** How one provider is reached. */
export interface ProviderAccess {
  /** Without trailing slash; paths of requests are appended. */
  readonly baseUrl: string;
  /** Credentials and routing; sent as they are. */
  readonly headers: Readonly<Record<string, string>>;
  /** Put before the names of the provider's own headers, for a proxy that passes on only those; usually empty. */
  readonly forwardPrefix: string;
  /** Texts that must appear in no message. */
  readonly secrets: readonly string[];
}

/** Why a provider cannot be reached as things are set up. */
export interface AccessProblem {
  readonly problem: string;
}

/** A connection as its workspace knows it. */
export interface ProviderConnection {
  readonly backend: string;
  readonly connectionId: string | null;
  /** What the connection's metadata say, such as `cloudId` and `providerConfigKey`. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** What an operator set up. */
export interface AccessSettings {
  /** Base URL of the provider simulator, without trailing slash; null when there is none. */
  readonly simulatorUrl: string | null;
  /** For the backend `direct`: another base URL than the provider's own, and the credential; null where not set. */
  direct(provider: string): { readonly baseUrl: string | null; readonly token: string | null };
  /** For connections that a sync source holds: its proxy; null leaves their ops to an executor elsewhere. */
  proxy(provider: string): { readonly baseUrl: string; readonly secretKey: string } | null;
}

/** True when ops of such a connection are executed here; false leaves them to an executor elsewhere. */
export function executesHere(settings: AccessSettings, provider: string, backend: string): boolean {
  if (backend === "simulator") return settings.simulatorUrl !== null;
  return backend === "direct" || (backend === "nango" && settings.proxy(provider) !== null);
}

/** Why a provider cannot be connected over a backend on request, and what to do; null when it can. */
export function connectProblem(
  settings: AccessSettings,
  provider: string,
  backend: string,
): { readonly problem: string; readonly hint: string } | null {
  // Any other backend has its executor elsewhere, which is nothing to judge here.
  if (backend !== "direct" || settings.direct(provider).token !== null) return null;
  const name = settingName(provider, "API_TOKEN");
  return { problem: `no credential for ${provider}`, hint: `Set ${name} where the service runs` };
}

/** The way to a provider for one of its connections, or what is missing. */
export function accessOf(
  settings: AccessSettings,
  providerId: string,
  connection: ProviderConnection,
): ProviderAccess | AccessProblem {
  const provider = providerById(providerId);
  if (provider === null) return { problem: `unknown provider ${providerId}` };
  if (connection.backend === "simulator") {
    const { simulatorUrl } = settings;
    if (simulatorUrl === null) return { problem: "no simulator is running" };
    const headers = { authorization: `Bearer simulator-${provider.id}` };
    return { baseUrl: `${simulatorUrl}/${provider.id}`, headers, forwardPrefix: "", secrets: [] };
  }
  if (connection.backend === "direct") return directAccess(settings, provider, connection);
  if (connection.backend === "nango") return proxiedAccess(settings, provider, connection);
  return { problem: `connections of backend ${connection.backend} are not executed here` };
}

function directAccess(
  settings: AccessSettings,
  provider: ProviderDefinition,
  connection: ProviderConnection,
): ProviderAccess | AccessProblem {
  const { baseUrl, token } = settings.direct(provider.id);
  const name = settingName(provider.id, "API");
  if (token === null) return { problem: `no credential for ${provider.id}: set ${name}_TOKEN` };
  const own = baseUrl ?? `${provider.api.url}${provider.api.prefix ?? ""}`;
  const filled = withSettings(provider, own, connection);
  if (typeof filled !== "string") return filled;
  const unsafe = urlProblem(filled, `${name}_URL`);
  if (unsafe !== null) return { problem: unsafe };
  const authorization = /\s/.test(token) ? token : (provider.api.authorization?.(token) ?? `Bearer ${token}`);
  return {
    baseUrl: filled.replace(/\/+$/, ""),
    headers: { authorization },
    forwardPrefix: "",
    secrets: token.split(/\s+/),
  };
}

function proxiedAccess(
  settings: AccessSettings,
  provider: ProviderDefinition,
  { connectionId, settings: known }: ProviderConnection,
): ProviderAccess | AccessProblem {
  const proxy = settings.proxy(provider.id);
  const name = settingName(provider.id, "PROXY");
  if (proxy === null) return { problem: `no proxy for ${provider.id}: set ${name}_URL` };
  if (proxy.secretKey === "")
    return { problem: `no key for the proxy of ${provider.id}: set ${name}_SECRET` };
  const unsafe = urlProblem(proxy.baseUrl, `${name}_URL`);
  if (unsafe !== null) return { problem: unsafe };
  const prefix = withSettings(provider, provider.api.prefix ?? "", { settings: known });
  if (typeof prefix !== "string") return prefix;
  const configKey = typeof known.providerConfigKey === "string" ? known.providerConfigKey : provider.id;
  if (connectionId === null) return { problem: `the connection of ${provider.id} has no connection id` };
  if (![connectionId, configKey].every((value) => /^[\x21-\x7e]+$/.test(value)))
    return { problem: `the connection of ${provider.id} has an id or key that no header can carry` };
  return {
    baseUrl: `${proxy.baseUrl.replace(/\/+$/, "")}${prefix}`,
    headers: {
      authorization: `Bearer ${proxy.secretKey}`,
      "connection-id": connectionId,
      "provider-config-key": configKey,
    },
    forwardPrefix: "nango-proxy-",
    secrets: [proxy.secretKey],
  };
}

/** Placeholders such as `{cloudId}` filled from the connection's metadata, each as one plain segment. */
function withSettings(
  provider: ProviderDefinition,
  template: string,
  { settings }: Pick<ProviderConnection, "settings">,
): string | AccessProblem {
  let missing: string | null = null;
  const filled = template.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = settings[name];
    if (typeof value === "string" && /^[\w-]+$/.test(value)) return value;
    missing ??= name;
    return whole;
  });
  if (missing === null) return filled;
  return { problem: `${provider.id} needs ${missing} in its connection's metadata to be reached` };
}

/** A credential travels encrypted, or not beyond this machine. */
function urlProblem(text: string, name: string): string | null {
  if (!URL.canParse(text)) return `${name} is not a URL`;
  const { protocol, hostname, username, password } = new URL(text);
  if (username !== "" || password !== "") return `${name} must not contain a credential`;
  const isLocal = ["127.0.0.1", "localhost", "[::1]"].includes(hostname);
  return protocol === "https:" || (protocol === "http:" && isLocal)
    ? null
    : `${name} must begin with https://`;
}

/** The name of a variable for one provider, as a shell can hold it: `RELAYFILE_JIRA_API_TOKEN`. */
export function settingName(providerId: string, kind: string): string {
  return `RELAYFILE_${providerId.toUpperCase().replaceAll("-", "_")}_${kind}`;
}
