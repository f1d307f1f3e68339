/** What fills a digest is real activity, not the service's own bookkeeping. */
import { isInternalPath } from "../../lib/pipeline/pure/internal-paths.ts";
import {
  type DigestFileFact,
  defineCheck,
  type FindingDraft,
  judged,
  plural,
  providerOf,
  suggest,
} from "../check.ts";
import { fileProof, readProof, shareProof } from "./_proof.ts";
import { internalShare, prefixOf, prefixShares } from "./_shares.ts";

const EATEN_PERCENT = 50;

/** VG-05. */
export const noInternalPaths = defineCheck({
  id: "digest.no-internal-paths",
  title: "no digest lists internal paths",
  severity: "error",
  phase: "digest",
  needs: ["digests"],
  after: ["doctor.workspace-readable"],
  refs: ["VG-05", "symptom:55", "S26", "S27"],
  hint: "Add the prefix to the digest's internal-path filter, then let the window be written again",
  findings: {
    "digest.budget-eaten": {
      severity: "error",
      means:
        "Alias copies and other bookkeeping fill the digest's event budget, so real activity was dropped: the internal-path filter has a gap.",
      decided:
        "The digest is truncated, and at least half of its bullets match the internal-path rules; they share a prefix.",
      not: "Not a genuinely busy day: then canonical records fill the budget.",
      fix: "Add the prefix to the filter. Until then read the records directly; the dropped events are not lost, only not listed.",
    },
    "digest.internal-paths-listed": {
      severity: "error",
      means: "The digest lists paths that hold no records, although its budget was not exhausted.",
      decided:
        "Bullets match the internal-path rules: a by-* directory, an index, a layout, discovery or the digests themselves.",
      not: "Not over-filtering and not real activity.",
      fix: "Add the prefix to the filter before the volume grows.",
    },
    "digest.real-volume": {
      severity: "info",
      means: "A truncated digest is full of real records: the day was busy.",
      decided: "No bullet matches the internal-path rules.",
      not: "Not cloud#771.",
      fix: "Read the event feed for the rest of the window.",
    },
  },
  run: ({ digests }) => {
    const files = digests.files.filter((file) => file.bullets.length > 0);
    type Codes = "digest.budget-eaten" | "digest.internal-paths-listed" | "digest.real-volume";
    const byPrefix = new Map<string, DigestFileFact[]>();
    const findings: FindingDraft<Codes>[] = [];
    for (const file of files) {
      const worst = prefixShares(file).find((share) => share.internal);
      if (worst !== undefined) byPrefix.set(worst.prefix, [...(byPrefix.get(worst.prefix) ?? []), file]);
      else if (file.frontMatter?.truncated === true) findings.push(realVolume(file));
    }
    // Several windows that show one gap are one problem.
    for (const [prefix, affected] of byPrefix) findings.unshift(gapFinding(prefix, affected));
    const reason =
      byPrefix.size === 0
        ? "no internal path is listed"
        : `internal paths under ${[...byPrefix.keys()].join(", ")}`;
    return judged(files.length, findings, reason);
  },
});

/** VG-06. */
export const noAliasBullets = defineCheck({
  id: "digest.no-alias-bullets",
  title: "no digest bullet lies below a by-* directory",
  severity: "warn",
  phase: "digest",
  needs: ["digests"],
  after: ["doctor.workspace-readable"],
  refs: ["VG-06", "S26"],
  hint: "Filter every by-* segment instead of a list of known ones",
  findings: {
    "digest.alias-bullets": {
      severity: "warn",
      means: "The digest lists alias copies of records, so one change appears several times.",
      decided: "A segment before the leaf starts with by-.",
      not: "Not a record whose own name starts with by-: that is the leaf.",
      fix: "Filter by the by- prefix of any segment instead of enumerating segments.",
    },
  },
  run: ({ digests }) => {
    const files = digests.files.filter((file) => file.bullets.length > 0);
    const segments = new Map<string, { count: number; example: string; file: DigestFileFact }>();
    for (const file of files) {
      for (const { path } of file.bullets) {
        const segment = path
          .split("/")
          .slice(1, -1)
          .find((part) => part.startsWith("by-"));
        if (segment === undefined) continue;
        const key = prefixOf(path);
        const entry = segments.get(key) ?? { count: 0, example: path, file };
        entry.count++;
        segments.set(key, entry);
      }
    }
    const findings = [...segments].map(
      ([prefix, { count, example, file }]): FindingDraft<"digest.alias-bullets"> => ({
        code: "digest.alias-bullets",
        title: `${plural(count, "bullet")} under ${prefix}, an alias directory`,
        subject: { kind: "path", ref: prefix },
        evidence: [fileProof(file), { type: "log", line: example }],
        facts: { prefix, count, provider: providerOf(prefix) },
      }),
    );
    const bullets = files.reduce((sum, file) => sum + file.bullets.length, 0);
    return judged(bullets, findings, `${plural(bullets, "bullet")} looked at`);
  },
});

function gapFinding(
  prefix: string,
  affected: readonly DigestFileFact[],
): FindingDraft<"digest.budget-eaten" | "digest.internal-paths-listed"> {
  const [file] = affected as [DigestFileFact, ...DigestFileFact[]];
  const worst = affected.reduce((a, b) => (internalShare(b) > internalShare(a) ? b : a), file);
  const truncated = affected.some((entry) => entry.frontMatter?.truncated === true);
  const internalPercent = internalShare(worst);
  const eaten = truncated && internalPercent >= EATEN_PERCENT;
  const windows = affected.map((entry) => entry.path.replace(/^\/digests\/|\.md$/g, ""));
  const example =
    worst.bullets.find(({ path }) => isInternalPath(path, "current") && prefixOf(path) === prefix)?.path ??
    prefix;
  return {
    code: eaten ? "digest.budget-eaten" : "digest.internal-paths-listed",
    title: eaten
      ? `${internalPercent} % of the digest's budget goes to internal paths under ${prefix}`
      : `the digest lists internal paths under ${prefix} (${internalPercent} % of its bullets)`,
    detail: `windows: ${windows.join(", ")}; for example ${example}`,
    subject: { kind: "path", ref: prefix },
    evidence: [readProof(worst), fileProof(worst), ...shareProof(worst), { type: "log", line: example }],
    facts: {
      prefix,
      provider: providerOf(prefix),
      truncated,
      internalPercent,
      events: Number(worst.frontMatter?.events ?? 0),
      windows,
      shares: prefixShares(worst)
        .slice(0, 8)
        .map((share) => `${share.prefix} ${share.count}`),
    },
    ruledOut: eaten ? ["real volume: most of the budget holds no records"] : [],
    remedy: {
      text: `Add ${prefix} to the digest's internal-path filter`,
      commands: [
        suggest(`relayfile explain ${eaten ? "digest.budget-eaten" : "digest.internal-paths-listed"}`),
      ],
    },
  };
}

function realVolume(file: DigestFileFact): FindingDraft<"digest.real-volume"> {
  return {
    code: "digest.real-volume",
    title: `${file.path} is full of real records`,
    subject: { kind: "digest", ref: file.path },
    evidence: [fileProof(file), ...shareProof(file)],
    facts: { path: file.path, truncated: true, internalPercent: 0 },
  };
}
