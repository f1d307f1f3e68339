/** Where workspace tokens are kept: one file per workspace, and `credentials.json` for the current one. */
import type { WorkspaceCredentials } from "../model/credentials.ts";
import { readClaims } from "../model/token.ts";
import type { Clock, LocalFs, Random } from "../ports.ts";
import {
  credentialPaths,
  type Home,
  readWorkspaceCredentials,
  workspaceTokenPath,
  writePrivateJson,
} from "./home.ts";
import type { Renewal } from "./tokens.ts";

/** What keeping a token needs of the world. */
export interface TokenFiles {
  readonly fs: LocalFs;
  readonly random: Random;
}

/** A token to keep. */
export interface MintedToken {
  readonly workspaceId: string;
  readonly token: string;
  readonly relayfileUrl: string;
  /** Null or absent when the token cannot renew itself. */
  readonly renewal?: Renewal | null;
  readonly delegationNotAfter?: string | null;
}

/** What was written; `path` is the file that names the token to people, null without a home directory. */
export interface KeptToken {
  readonly path: string | null;
  readonly stored: WorkspaceCredentials;
}

/**
 * Keeps a minted token in the workspace's own file, and in `credentials.json` when that file is missing, holds this
 * workspace's token already, or `makeCurrent` says so.
 */
export function keepWorkspaceToken(
  home: Home,
  world: TokenFiles & { readonly clock: Clock },
  minted: MintedToken,
  makeCurrent = false,
): KeptToken {
  const stored: WorkspaceCredentials = {
    server: minted.relayfileUrl.replace(/\/+$/, ""),
    token: minted.token,
    ...minted.renewal,
    ...(minted.delegationNotAfter ? { delegationNotAfter: minted.delegationNotAfter } : {}),
    updatedAt: new Date(world.clock.now()).toISOString(),
  };
  const own = workspaceTokenPath(home, minted.workspaceId);
  const main = credentialPaths(home).workspace;
  if (own === null || main === null) return { path: null, stored };
  writePrivateJson(world, own, stored);
  const present = readWorkspaceCredentials(world.fs, main);
  const current = makeCurrent || present.state === "missing" || claimOf(present) === minted.workspaceId;
  if (current) writePrivateJson(world, main, stored);
  return { path: current ? main : own, stored };
}

/**
 * Keeps the token of the workspace that was current in its own file and puts the chosen one's into
 * `credentials.json`. That file is removed when no token of the chosen one is kept: a token there would decide which
 * workspace is meant. Returns whether the chosen workspace has a token now.
 */
export function switchCurrentToken(world: TokenFiles, home: Home, workspaceId: string): boolean {
  const main = credentialPaths(home).workspace;
  const kept = workspaceTokenPath(home, workspaceId);
  if (main === null || kept === null) return false;
  const present = readWorkspaceCredentials(world.fs, main);
  const claim = claimOf(present);
  if (claim === workspaceId) return true;
  const aside = claim === null ? null : workspaceTokenPath(home, claim);
  if (present.state === "ok" && aside !== null) writePrivateJson(world, aside, present.value);
  const stored = readWorkspaceCredentials(world.fs, kept);
  if (stored.state === "ok") writePrivateJson(world, main, stored.value);
  // A token that names no workspace cannot be put aside under one, so it stays where it is.
  else if (aside !== null) world.fs.unlink(main);
  return stored.state === "ok";
}

/** Removes the kept token of a workspace, and `credentials.json` when that holds a token of it. */
export function dropWorkspaceToken(world: TokenFiles, home: Home, workspaceId: string): void {
  const main = credentialPaths(home).workspace;
  const kept = workspaceTokenPath(home, workspaceId);
  if (main === null || kept === null) return;
  world.fs.unlink(kept);
  if (claimOf(readWorkspaceCredentials(world.fs, main)) === workspaceId) world.fs.unlink(main);
}

function claimOf(reading: ReturnType<typeof readWorkspaceCredentials>): string | null {
  return reading.state === "ok" ? (readClaims(reading.value.token)?.workspaceId ?? null) : null;
}
