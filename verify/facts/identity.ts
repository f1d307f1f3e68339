/** Who is who at the control plane and at the issuer of tokens. */
import type { ProbeFact } from "../facts.ts";

/** `resolve` of the workspace that was asked for. */
export interface ResolvedFact {
  readonly probe: ProbeFact;
  /** What was asked for, as it was spelled. */
  readonly asked: string;
  readonly id: string | null;
  readonly cloudId: string | null;
  readonly fileApiUrl: string | null;
}

/** The keys with which tokens are signed now. */
export interface IssuerKeysFact {
  readonly probe: ProbeFact;
  /** Null when no key set was served. */
  readonly keyIds: readonly string[] | null;
}

/** A lock of a credential file. */
export interface LockFact {
  /** With `~` for the home directory. */
  readonly path: string;
  readonly ageMs: number;
  /** Null when it does not say who took it. */
  readonly holderAlive: boolean | null;
}

/** What lies around the credential files. */
export interface CredentialAreaFact {
  readonly locks: readonly LockFact[];
  /** Directories of credentials that others may enter. */
  readonly looseDirectories: readonly string[];
  /** Files of delegated tokens with the scopes they asked for. */
  readonly delegated: readonly { readonly path: string; readonly scopes: readonly string[] }[];
  /** The file API of the workspace as its registry entry names it; null when it names none. */
  readonly registeredFileApiUrl: string | null;
  /** Relay id of the workspace that is current on this machine; absent in older evidence. */
  readonly defaultWorkspaceId?: string | null;
  /** The scopes its token was asked for with; null when the registry does not say. */
  readonly requestedScopes: readonly string[] | null;
  /** Names of set variables that make a login headless. */
  readonly headless: readonly string[];
  readonly collectedAtMs: number;
}
