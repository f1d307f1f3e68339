/** Which workspace's token stands in `credentials.json`: the current one's, whose claim also names the workspace. */
import { readClaims } from "../model/token.ts";
import type { LocalFs, Random } from "../ports.ts";
import {
  credentialPaths,
  type Home,
  readWorkspaceCredentials,
  workspaceTokenPath,
  writePrivateJson,
} from "./home.ts";

interface Files {
  readonly fs: LocalFs;
  readonly random: Random;
}

/**
 * Keeps the token of the workspace that was current in its own file and puts the chosen one's into
 * `credentials.json`. That file is removed when no token of the chosen one is kept: a token there would decide which
 * workspace is meant. Returns whether the chosen workspace has a token now.
 */
export function switchCurrentToken(files: Files, home: Home, workspaceId: string): boolean {
  const main = credentialPaths(home).workspace;
  const kept = workspaceTokenPath(home, workspaceId);
  if (main === null || kept === null) return false;
  const present = readWorkspaceCredentials(files.fs, main);
  const claim = present.state === "ok" ? (readClaims(present.value.token)?.workspaceId ?? null) : null;
  if (claim === workspaceId) return true;
  const aside = claim === null ? null : workspaceTokenPath(home, claim);
  if (present.state === "ok" && aside !== null) writePrivateJson(files, aside, present.value);
  const stored = readWorkspaceCredentials(files.fs, kept);
  if (stored.state === "ok") writePrivateJson(files, main, stored.value);
  // A token that names no workspace cannot be put aside under one, so it stays where it is.
  else if (aside !== null) files.fs.unlink(main);
  return stored.state === "ok";
}

/** Removes the kept token of a workspace, and `credentials.json` when that holds a token of it. */
export function dropWorkspaceToken(files: Files, home: Home, workspaceId: string): void {
  const main = credentialPaths(home).workspace;
  const kept = workspaceTokenPath(home, workspaceId);
  if (main === null || kept === null) return;
  files.fs.unlink(kept);
  const present = readWorkspaceCredentials(files.fs, main);
  const claim = present.state === "ok" ? (readClaims(present.value.token)?.workspaceId ?? null) : null;
  if (claim === workspaceId) files.fs.unlink(main);
}
