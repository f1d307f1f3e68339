/** What the control plane answers about identity, workspaces and tokens (spec control-plane 1.2-1.10). */
import { z } from "zod";

const filled = z.string().min(1);

/** `POST auth/token/refresh`. */
export const RefreshedSession = z.looseObject({
  accessToken: filled,
  refreshToken: filled,
  accessTokenExpiresAt: filled,
  /** Absent means unknown; the old value must not be kept. */
  refreshTokenExpiresAt: z.string().optional(),
  apiUrl: z.string().optional(),
});
/** `POST auth/token/refresh`. */
export type RefreshedSession = z.infer<typeof RefreshedSession>;

/** `POST auth/device/start`. */
export const DeviceStart = z.looseObject({
  device_code: filled,
  user_code: filled,
  verification_uri: filled,
  verification_uri_complete: z.string().optional(),
  /** Seconds. */
  expires_in: z.number().default(600),
  /** Seconds between polls. */
  interval: z.number().default(5),
});
/** `POST auth/device/start`. */
export type DeviceStart = z.infer<typeof DeviceStart>;

/** Tokens as the device poll and the loopback redirect deliver them: snake case, unlike refresh. */
export const IssuedTokens = z.looseObject({
  access_token: filled,
  refresh_token: filled,
  access_token_expires_at: filled,
  refresh_token_expires_at: z.string().optional(),
  api_url: z.string().optional(),
});
/** Tokens as the device poll and the loopback redirect deliver them. */
export type IssuedTokens = z.infer<typeof IssuedTokens>;

/** `GET auth/whoami`. */
export const Whoami = z.looseObject({
  authenticated: z.boolean(),
  source: z.string().optional(),
  subjectType: z.string().optional(),
  scopes: z.array(z.string()).optional(),
  user: z.looseObject({ id: z.string(), email: z.string().nullish(), name: z.string().nullish() }).nullish(),
  currentOrganization: z
    .looseObject({ id: z.string(), slug: z.string().nullish(), name: z.string().nullish() })
    .nullish(),
  currentWorkspace: z
    .looseObject({ id: z.string(), slug: z.string().nullish(), name: z.string().nullish() })
    .nullish(),
  workspaceRequired: z.boolean().optional(),
});
/** `GET auth/whoami`. */
export type Whoami = z.infer<typeof Whoami>;

/** One row of `GET workspaces`; `id` is the control plane's own id. */
export const CloudWorkspace = z.looseObject({
  id: filled,
  slug: z.string().nullish(),
  name: z.string().nullish(),
  relayfileWorkspaceId: z.string().nullish(),
});
/** One row of `GET workspaces`. */
export type CloudWorkspace = z.infer<typeof CloudWorkspace>;

/** `GET workspaces`. */
export const CloudWorkspaceList = z.looseObject({ workspaces: z.array(CloudWorkspace) });

/** `POST workspaces`. */
export const CreatedWorkspace = z.looseObject({
  workspaceId: filled,
  relayfileUrl: z.string().optional(),
  createdAt: z.string().optional(),
  name: z.string().nullish(),
});
/** `POST workspaces`. */
export type CreatedWorkspace = z.infer<typeof CreatedWorkspace>;

const Descriptor = z.looseObject({
  cloudWorkspaceId: z.string().nullish(),
  workspaceId: z.string().nullish(),
  id: z.string().nullish(),
  relayfileWorkspaceId: z.string().nullish(),
  name: z.string().nullish(),
  slug: z.string().nullish(),
  relayfileUrl: z.string().nullish(),
  urls: z.looseObject({ relayfileUrl: z.string().nullish() }).nullish(),
  provisioned: z.boolean().optional(),
});

/** The ids and URL of one workspace, from `GET workspaces/{idOrKey}/resolve`; null for what was not said. */
export const ResolvedWorkspace = z.looseObject({ workspace: Descriptor.nullish() }).transform((answer) => {
  const one = answer.workspace ?? Descriptor.parse(answer);
  return {
    cloudId: one.cloudWorkspaceId ?? one.workspaceId ?? one.id ?? null,
    id: one.relayfileWorkspaceId ?? null,
    name: one.name ?? one.slug ?? null,
    fileApiUrl: one.relayfileUrl ?? one.urls?.relayfileUrl ?? null,
  };
});
/** The ids and URL of one workspace. */
export type ResolvedWorkspace = z.infer<typeof ResolvedWorkspace>;

/** `POST workspaces/{id}/join`. */
export const JoinedWorkspace = z.looseObject({
  /** The `rw_` id even when the request named a UUID. */
  workspaceId: filled,
  token: filled,
  relayfileUrl: filled,
  wsUrl: z.string().optional(),
});
/** `POST workspaces/{id}/join`. */
export type JoinedWorkspace = z.infer<typeof JoinedWorkspace>;

/** `POST workspaces/{id}/integrations/connect-session`. */
export const ConnectSession = z.looseObject({
  token: filled,
  expiresAt: z.string(),
  connectLink: filled,
  connectionId: z.string().nullish(),
  backend: z.string().nullish(),
});
/** `POST workspaces/{id}/integrations/connect-session`. */
export type ConnectSession = z.infer<typeof ConnectSession>;

/** `GET integrations/catalog`. */
export const Catalog = z.looseObject({
  providers: z.array(
    z.looseObject({
      id: z.string(),
      displayName: z.string().nullish(),
      vfsRoot: z.string().nullish(),
      deprecated: z.boolean().nullish(),
      backends: z.array(z.string()).nullish(),
    }),
  ),
});
/** `GET integrations/catalog`. */
export type Catalog = z.infer<typeof Catalog>;

/** Answer of our webhook route (design decision 6): what became of one delivery. */
export const WebhookOutcome = z.looseObject({
  status: z.enum(["applied", "duplicate", "stale", "not_applicable", "rejected"]),
  reason: z.string().nullish(),
  written: z.array(z.string()).default([]),
  deleted: z.array(z.string()).default([]),
});
/** What became of one delivery. */
export type WebhookOutcome = z.infer<typeof WebhookOutcome>;

/** `POST workspaces/{id}/records/{provider}`: what a batch of raw records did. */
export const RecordsOutcome = z.looseObject({
  applied: z.number(),
  deleted: z.number(),
  unchanged: z.number(),
  stale: z.number(),
  rejected: z.number(),
  rejects: z.array(z.looseObject({ index: z.number(), code: z.string(), reason: z.string() })).default([]),
  filesWritten: z.number().default(0),
  filesDeleted: z.number().default(0),
});
/** What a batch of raw records did. */
export type RecordsOutcome = z.infer<typeof RecordsOutcome>;

const BundleFields = z.looseObject({
  relayfileUrl: z.string().nullish(),
  baseUrl: z.string().nullish(),
  server: z.string().nullish(),
  relayfileWorkspaceId: z.string().nullish(),
  workspaceId: z.string().nullish(),
  accessToken: z.string().nullish(),
  token: z.string().nullish(),
  relayfileToken: z.string().nullish(),
  accessTokenExpiresAt: z.string().nullish(),
  relayfileTokenExpiresAt: z.string().nullish(),
  refreshToken: z.string().nullish(),
  relayfileRefreshToken: z.string().nullish(),
  refreshTokenExpiresAt: z.string().nullish(),
  relayfileRefreshTokenExpiresAt: z.string().nullish(),
  delegationNotAfter: z.string().nullish(),
  refreshUrl: z.string().nullish(),
  relayauthUrl: z.string().nullish(),
  scopes: z.array(z.string()).nullish(),
  relayfileScopes: z.array(z.string()).nullish(),
});

/** A delegated token pair, all its spellings folded into one (spec control-plane 1.8); null for what was not said. */
export const DelegatedBundle = BundleFields.transform((raw, context) => {
  const pick = (...values: (string | null | undefined)[]) =>
    values.find((v) => v !== null && v !== undefined && v !== "") ?? null;
  const fileApiUrl = pick(raw.relayfileUrl, raw.baseUrl, raw.server);
  const accessToken = pick(raw.accessToken, raw.token, raw.relayfileToken);
  if (fileApiUrl === null || accessToken === null) {
    context.addIssue({ code: "custom", message: "a bundle needs a file API URL and an access token" });
    return z.NEVER;
  }
  const issuer = raw.relayauthUrl?.replace(/\/+$/, "");
  return {
    fileApiUrl,
    accessToken,
    workspaceId: pick(raw.relayfileWorkspaceId, raw.workspaceId),
    accessTokenExpiresAt: pick(raw.accessTokenExpiresAt, raw.relayfileTokenExpiresAt),
    refreshToken: pick(raw.refreshToken, raw.relayfileRefreshToken),
    refreshTokenExpiresAt: pick(raw.refreshTokenExpiresAt, raw.relayfileRefreshTokenExpiresAt),
    delegationNotAfter: pick(raw.delegationNotAfter),
    refreshUrl: pick(raw.refreshUrl, issuer === undefined ? null : `${issuer}/v1/tokens/refresh`),
    scopes: raw.scopes ?? raw.relayfileScopes ?? [],
  };
});
/** A delegated token pair. */
export type DelegatedBundle = z.infer<typeof DelegatedBundle>;

/** Answer of a delegated pair's refresh endpoint. */
export const RenewedPair = z.looseObject({
  accessToken: filled,
  refreshToken: filled,
  delegationNotAfter: z.string().optional(),
});
/** Answer of a delegated pair's refresh endpoint. */
export type RenewedPair = z.infer<typeof RenewedPair>;

/** `POST workspaces/{rw}/relayfile/mount-session`. */
export const MountSession = z.looseObject({
  workspaceId: filled,
  relayfileBaseUrl: filled,
  relayfileToken: filled,
  wsUrl: filled,
  remotePath: filled,
  mode: filled,
  scopes: z.array(z.string()),
  tokenIssuedAt: z.string().nullish(),
  expiresAt: z.string().nullish(),
  suggestedRefreshAt: z.string().nullish(),
});
/** `POST workspaces/{rw}/relayfile/mount-session`. */
export type MountSession = z.infer<typeof MountSession>;
