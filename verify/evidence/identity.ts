/** Who is who: the workspace's two ids, the issuer's keys, and what lies around the credential files. */

import { z } from "zod";
import { delegatedPaths, homeOf, readJson } from "../../lib/client/home.ts";
import { readRegistry, registryOf } from "../../lib/client/registry.ts";
import { ResolvedWorkspace } from "../../lib/model/cloud.ts";
import { HOME_FILES } from "../../lib/model/credentials.ts";
import { scopeList } from "../../lib/model/token.ts";
import { relayIdOf } from "../../lib/model/workspace.ts";
import { absent, defineEvidence, type EvidenceContext, type LockFact } from "../evidence.ts";
import { jsonObjectOf, workspaceIdOf } from "./_files.ts";

/** `GET {controlPlane}/api/v1/workspaces/{id}/resolve` with the cloud token. */
export const resolved = defineEvidence({
  name: "resolved",
  effect: "read",
  reads: "GET {controlPlane}/api/v1/workspaces/{id}/resolve",
  collect: async (context) => {
    const { controlPlaneUrl, cloudToken, workspace } = context.target;
    if (controlPlaneUrl === null || cloudToken === null) return absent("no cloud token is configured");
    const asked = workspace?.id ?? workspace?.name ?? workspaceIdOf(context);
    if (asked === null) return absent("no workspace is named");
    const answer = await context.http.send({
      service: "control-plane",
      baseUrl: controlPlaneUrl,
      path: `/api/v1/workspaces/${encodeURIComponent(asked)}/resolve`,
      credential: "cloud",
    });
    const parsed = answer.probe.status === 200 ? ResolvedWorkspace.safeParse(answer.json) : null;
    const found = parsed?.success ? parsed.data : null;
    return {
      probe: answer.probe,
      asked,
      id: found?.id ?? null,
      cloudId: found?.cloudId ?? null,
      fileApiUrl: found?.fileApiUrl ?? null,
    };
  },
});

const KeySet = z.looseObject({ keys: z.array(z.looseObject({ kid: z.string().optional() })) });

/** `GET {fileApi}/.well-known/jwks.json`, without a credential; asked only when the server refuses a token. */
export const issuerKeys = defineEvidence({
  name: "issuerKeys",
  effect: "read",
  reads: "GET {fileApi}/.well-known/jwks.json when a token is refused",
  collect: async (context) => {
    const access = await context.get("access");
    if (access.gap !== undefined) return access;
    if (access.value.probe.status !== 401) return absent("the server refuses no token");
    const answer = await context.http.send({
      service: "file-api",
      baseUrl: context.target.fileApiUrl,
      path: "/.well-known/jwks.json",
    });
    const parsed = answer.probe.status === 200 ? KeySet.safeParse(answer.json) : null;
    return {
      probe: answer.probe,
      keyIds: parsed?.success ? parsed.data.keys.flatMap(({ kid }) => kid ?? []) : null,
    };
  },
});

const HEADLESS = ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"];
const Delegated = z.looseObject({ scopes: z.unknown().optional(), requestedScopes: z.unknown().optional() });

/** Locks, directories and delegated tokens beside the credential files. Looks at nothing outside the home directory. */
export const credentialArea = defineEvidence({
  name: "credentialArea",
  effect: "read",
  reads: "locks and modes below ~/.relayfile, workspaces.json and delegated credentials",
  collect: async (context) => {
    const home = homeOf(context.host);
    const registry = registryOf(readRegistry(context.fs, home));
    const { workspace } = context.target;
    const entry = registry.workspaces.find(
      (one) => workspace !== null && (relayIdOf(one) === workspace.id || one.name === workspace.name),
    );
    const registered = entry?.server;
    const usual = registry.workspaces.find(({ name }) => name === registry.default);
    const directories = [home.dir, home.userDir === null ? null : `${home.userDir}/.agentworkforce/relay`];
    return {
      locks: directories.flatMap((dir) => (dir === null ? [] : locksIn(context, dir))),
      looseDirectories: directories.flatMap((dir) =>
        dir !== null && isLoose(context, dir) ? [short(context, dir)] : [],
      ),
      delegated: delegatedPaths(context.fs, home).flatMap((path) => {
        const reading = readJson(context.fs, path, Delegated);
        if (reading.state !== "ok") return [];
        const scopes = scopeList(reading.value.requestedScopes ?? reading.value.scopes);
        return [{ path: short(context, path), scopes }];
      }),
      registeredFileApiUrl: registered ?? null,
      defaultWorkspaceId: usual === undefined ? null : relayIdOf(usual),
      requestedScopes: entry?.scopes ?? null,
      headless: HEADLESS.filter((name) => (context.host.env[name] ?? "") !== ""),
      collectedAtMs: context.clock.now(),
    };
  },
});

/** Locks of the files that a renewal writes; other locks of the same directory are other programs' business. */
const CREDENTIAL_LOCK = /^(?:cloud-credentials|credentials|workspaces|cloud-auth)(?:\.json)?\.lock$/;

function locksIn(context: EvidenceContext, dir: string): LockFact[] {
  try {
    return context.fs
      .readDir(dir)
      .filter(({ name }) => CREDENTIAL_LOCK.test(name))
      .flatMap(({ name, kind }) => {
        const path = `${dir}/${name}`;
        const stat = context.fs.lstat(path);
        if (stat === null || (kind !== "directory" && kind !== "file")) return [];
        const alive = kind === "file" ? aliveIn(context, path) : holderAlive(context, path);
        return [
          {
            path: short(context, path),
            ageMs: Math.max(0, context.clock.now() - stat.mtimeMs),
            holderAlive: alive,
          },
        ];
      });
  } catch {
    // No such directory: nothing is locked.
    return [];
  }
}

function holderAlive(context: EvidenceContext, lock: string): boolean | null {
  for (const name of ["owner.json", "pid", "owner"]) {
    const alive = aliveIn(context, `${lock}/${name}`);
    if (alive !== null) return alive;
  }
  return null;
}

/** Whether the process named in a file lives: `{pid}` or a number at its start; null when it names none. */
function aliveIn(context: EvidenceContext, path: string): boolean | null {
  try {
    const text = new TextDecoder().decode(context.fs.readFile(path)).trim();
    const parsed = jsonObjectOf(text);
    const pid = Number("value" in parsed ? parsed.value.pid : text.split(/\s/)[0]);
    return Number.isInteger(pid) && pid > 0 ? context.host.isAlive(pid) : null;
  } catch {
    // No such file: the lock is spelled in another way, or says nothing.
    return null;
  }
}

function isLoose(context: EvidenceContext, dir: string): boolean {
  try {
    const stat = context.fs.lstat(dir);
    const holds = [HOME_FILES.cloudCredentials, HOME_FILES.workspaceCredentials, "cloud-auth.json"].some(
      (name) => context.fs.lstat(`${dir}/${name}`) !== null,
    );
    // Others may only list the names; writing there lets them replace the files.
    return stat?.kind === "directory" && holds && (stat.mode & 0o022) !== 0;
  } catch {
    // A directory that cannot be looked at is a finding of the files inside it.
    return false;
  }
}

function short(context: EvidenceContext, path: string): string {
  const home = context.host.homeDir;
  return home !== null && path.startsWith(`${home}/`) ? `~${path.slice(home.length)}` : path;
}
