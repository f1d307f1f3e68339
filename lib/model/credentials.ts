/** The two credential files and what they hold (spec control-plane 2.2). */
import { z } from "zod";

export { HOME_FILES } from "./home-files.ts";

/** `~/.relayfile/cloud-credentials.json`: the cloud identity. */
export const CloudCredentials = z.looseObject({
  apiUrl: z.string(),
  accessToken: z.string(),
  refreshToken: z.string(),
  accessTokenExpiresAt: z.string(),
  refreshTokenExpiresAt: z.string().optional(),
  updatedAt: z.string().optional(),
});
/** `~/.relayfile/cloud-credentials.json`. */
export type CloudCredentials = z.infer<typeof CloudCredentials>;

/** `~/.relayfile/credentials.json`: the workspace token. */
export const WorkspaceCredentials = z.looseObject({
  server: z.string(),
  token: z.string(),
  updatedAt: z.string().optional(),
  /** Present when the token renews itself without the cloud session: single use, at `refreshUrl`. */
  refreshToken: z.string().optional(),
  refreshUrl: z.string().optional(),
  /** The instant after which no renewal is possible. */
  delegationNotAfter: z.string().optional(),
});
/** `~/.relayfile/credentials.json`. */
export type WorkspaceCredentials = z.infer<typeof WorkspaceCredentials>;

/** Base URLs used when nothing else names one. */
export const DEFAULT_URLS = {
  fileApi: "https://api.relayfile.dev",
  controlPlane: "https://agentrelay.com/cloud",
} as const;
