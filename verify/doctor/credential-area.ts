/** The credential files on this machine: one session of each kind, private, unlocked. */
import { formatDuration } from "../../lib/model/duration.ts";
import {
  type CredentialFileFact,
  type CredentialsFact,
  defineCheck,
  type FindingDraft,
  judged,
  page,
  plural,
  proof,
  suggest,
} from "../check.ts";
import { arrivedWithoutBearer } from "./_bearer.ts";

/** As long as a renewal may hold its lock. */
const STALE_LOCK_MS = 30_000;

/** Symptoms 2 and 5. */
export const oneCloudSession = defineCheck({
  id: "doctor.one-cloud-session",
  title: "no second credential file holds an older cloud session",
  severity: "warn",
  phase: "auth",
  needs: ["credentials", "target"],
  wants: ["cloudIdentity", "clock"],
  after: [],
  refs: ["symptom:2", "symptom:4", "symptom:5"],
  hint: "Sign in once more with the tool whose file is stale, or remove that file",
  findings: {
    "doctor.credentials-split": page.warn(
      "Two credential files hold different cloud sessions and only one of them is still good: one tool is signed in, another says it is not.",
      "The files hold different tokens; one access token has ended, the other has not.",
      "Not two accounts side by side: then both would be good.",
      "Remove the stale file, or sign in again with the tool that uses it.",
    ),
    "doctor.cloud-session-shared": page.info(
      "The control plane refuses an access token whose own expiry lies ahead: the session was revoked, or another machine renewed a copy of the same file, which voids this one.",
      "whoami answers 401 while the file's expiry dates lie ahead by the server's clock.",
      "Not an expired session: its dates are good.",
      "Sign in separately on each machine; never copy the credential file.",
    ),
  },
  run: ({ credentials, target, cloudIdentity, clock }) => {
    const nowMs = credentials.collectedAtMs + (clock?.skewMs ?? 0);
    const files = cloudFiles(credentials);
    type Codes = "doctor.credentials-split" | "doctor.cloud-session-shared";
    const findings: FindingDraft<Codes>[] = [];
    const ended = files.filter((file) => isPast(file.accessExpiresAt, nowMs));
    const live = files.filter((file) => !isPast(file.accessExpiresAt, nowMs));
    const [stale, good] = [ended[0], live[0]];
    if (stale !== undefined && good !== undefined && stale.fingerprint !== good.fingerprint) {
      const inUse = files.find((file) => file.fingerprint === target.cloudToken?.fingerprint);
      findings.push({
        code: "doctor.credentials-split",
        title: `${good.path} holds a good cloud session, ${stale.path} one that ended${inUse === stale ? ", and the ended one is in use" : ""}`,
        subject: { kind: "file", ref: stale.path },
        evidence: [
          {
            type: "compare",
            a: `${stale.path} ${stale.accessExpiresAt}`,
            b: `${good.path} ${good.accessExpiresAt}`,
            relation: "ends before",
          },
        ],
        facts: { stale: stale.path, good: good.path, inUse: inUse?.path ?? null },
        remedy: {
          text: `Sign in again, or remove ${stale.path}`,
          commands: [suggest("relayfile login", "write")],
        },
      });
    }
    const own = files.find((file) => file.fingerprint === target.cloudToken?.fingerprint);
    const refused =
      cloudIdentity?.probe.status === 401 &&
      !arrivedWithoutBearer(cloudIdentity.probe) &&
      target.cloudToken?.kind === "cloud-access";
    if (refused && own !== undefined && live.includes(own) && own.accessExpiresAt !== null) {
      findings.push({
        code: "doctor.cloud-session-shared",
        title: `the session in ${own.path} was refused although it lasts until ${own.accessExpiresAt}: revoked, or renewed from a copy`,
        confidence: "possible",
        subject: { kind: "file", ref: own.path },
        evidence: [proof(cloudIdentity.probe)],
        facts: { accessExpiresAt: own.accessExpiresAt, refreshExpiresAt: own.refreshExpiresAt },
        ruledOut: ["expiry: both dates lie ahead"],
        remedy: { text: "Sign in on this machine", commands: [suggest("relayfile login", "write")] },
      });
    }
    return judged(files.length, findings, plural(files.length, "cloud credential file"));
  },
});

/** Symptoms 13 and 14. */
export const credentialFilesPrivate = defineCheck({
  id: "doctor.credential-files-private",
  title: "credential files are readable by their owner only, and no dead process locks them",
  severity: "warn",
  phase: "local",
  needs: ["credentials", "credentialArea"],
  after: [],
  refs: ["symptom:13", "symptom:14"],
  hint: "chmod 600 on the file, 700 on its directory",
  findings: {
    "doctor.credential-mode-loose": page.warn(
      "Others on this machine can read or replace a file that holds a token.",
      "By the permission bits of the file, or write bits of its directory.",
      "Not a leak by itself: who read it cannot be told.",
      "Set mode 600 on the file and 700 on its directory; renew the token if the machine is shared.",
    ),
    "doctor.credential-lock-stale": page.warn(
      "A lock beside a credential file was left by a process that is gone: a renewal waits for it for up to 30 seconds.",
      "The lock is older than 30 seconds and no living process holds it.",
      "Not a renewal in progress: that holds its lock for a moment and lives.",
      "Nothing: it is replaced at the next renewal. Remove it to save the wait.",
    ),
  },
  run: ({ credentials, credentialArea }) => {
    const present = credentials.files.filter((file) => file.state === "ok");
    type Codes = "doctor.credential-mode-loose" | "doctor.credential-lock-stale";
    const loose = [
      ...present.filter((file) => file.loose).map(({ path }) => ({ path, mode: "600" })),
      ...credentialArea.looseDirectories.map((path) => ({ path, mode: "700" })),
    ];
    const findings: FindingDraft<Codes>[] = loose.map(({ path, mode }) => ({
      code: "doctor.credential-mode-loose",
      title: `others can ${mode === "600" ? "read" : "write to"} ${path}`,
      subject: { kind: "file", ref: path },
      evidence: [{ type: "file", path }],
      facts: { path, wantedMode: mode },
      remedy: { text: `Make ${path} private`, commands: [suggest(`chmod ${mode} ${path}`, "write")] },
    }));
    for (const lock of credentialArea.locks) {
      if (lock.holderAlive === true || lock.ageMs < STALE_LOCK_MS) continue;
      findings.push({
        code: "doctor.credential-lock-stale",
        title: `${lock.path} was left ${formatDuration(lock.ageMs)} ago by a process that is gone`,
        confidence: lock.holderAlive === null ? "likely" : "confirmed",
        subject: { kind: "file", ref: lock.path },
        evidence: [
          {
            type: "metric",
            name: "age of the lock",
            value: Math.round(lock.ageMs),
            unit: "ms",
            threshold: STALE_LOCK_MS,
          },
        ],
        facts: { path: lock.path, ageMs: Math.round(lock.ageMs) },
      });
    }
    return judged(
      present.length + credentialArea.locks.length,
      findings,
      plural(present.length, "credential file"),
    );
  },
});

/** Usable files that hold a cloud session. */
export function cloudFiles(credentials: CredentialsFact): CredentialFileFact[] {
  return credentials.files.filter(
    (file) => file.state === "ok" && (file.name === "cloud-credentials" || file.name === "shared-cloud"),
  );
}

function isPast(at: string | null, nowMs: number): boolean {
  const ms = Date.parse(at ?? "");
  return !Number.isNaN(ms) && ms <= nowMs;
}
