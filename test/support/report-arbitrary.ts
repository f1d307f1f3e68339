/** Reports made up by fast-check: every text may be hostile, the verdict follows from the parts as in a real run. */
import fc from "fast-check";
import { printable } from "../../verify/printable.ts";
import type { CheckResult, Finding, Report } from "../../verify/report.ts";
import { aCheck, aFinding, anExchange, aReport } from "./report-parts.ts";

/** Texts that try to leave the place where they stand: markup, tables, fences, comments, entities, line breaks. */
export const HOSTILE: readonly string[] = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `</title></style></details><svg onload=alert(1)>`,
  `' onmouseover='alert(1)`,
  `javascript:alert(1)`,
  `]]><!-- -->`,
  `<!-- <![CDATA[ &amp; &#x3c;script&#x3e; &bogus`,
  `| a | b |\n|---|---|\n| c`,
  "```\n```` `x` ``y``",
  `\\| \\\\| \\`,
  `# heading\n\n- [ ] task\n> quote\n1. one\n===\n---`,
  `</details>\n\n<h1>`,
  `@everyone cloud#1 a/b#2 $x$ ~~s~~ **b** _i_ [l](http://h) ![i](http://h)`,
  `::error file=a,line=1::boo\n::set-output name=x::y %0A %25`,
  `'; rm -rf / #\n$(id) \`id\``,
  `\u202egnp.exe \u0007 \u0000 \ud800 \u2028 \ufeff`,
  "🦊 ünïcode 漢字 עברית",
  "",
  " ",
];

/** Any text, hostile ones often, alone or inside something longer. */
export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc
    .tuple(fc.constantFrom(...HOSTILE), fc.string({ unit: "binary", maxLength: 12 }))
    .map((parts) => parts.join("")),
  fc.array(fc.constantFrom(...HOSTILE), { minLength: 2, maxLength: 3 }).map((parts) => parts.join(" ")),
);

const severity = fc.constantFrom("error" as const, "warn" as const, "info" as const);
const effect = fc.constantFrom("read" as const, "refresh" as const, "write" as const);

const exchange = (text: fc.Arbitrary<string>) =>
  fc
    .record({
      start: fc.integer({ min: 0, max: 5_000 }),
      total: fc.integer({ min: 0, max: 9_000 }),
      answer: fc.option(fc.constantFrom(200, 301, 404, 500)),
      service: fc.constantFrom("file-api" as const, "control-plane" as const),
      words: fc.array(text, { minLength: 10, maxLength: 10 }),
      effect,
    })
    .map(({ start, total, answer, service, words, effect: does }) => {
      const [method, url, header, body, code, message, curl, note, correlationId, contentType] = words as [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      return anExchange("x", start, total, {
        service,
        correlationId,
        request: { method, url, headers: { [header]: header }, bodyBytes: 3, bodyPreview: body },
        response:
          answer === null
            ? undefined
            : {
                status: answer,
                headers: { [contentType]: contentType },
                bodyBytes: 9,
                bodySha256: body,
                bodyPreview: body,
                truncated: false,
              },
        error: answer === null ? { class: "reset", code, message } : undefined,
        repro: { curl, argv: [curl], needsEnv: ["RELAYFILE_TOKEN"], effect: does, note },
      });
    });

const finding = (text: fc.Arbitrary<string>) =>
  fc
    .record({
      severity,
      role: fc.constantFrom("root" as const, "root" as const, "consequence" as const),
      class: fc.constantFrom("other" as const, "other" as const, "auth" as const, "transient" as const),
      baselineState: fc.constantFrom(
        undefined,
        undefined,
        "new" as const,
        "unchanged" as const,
        "updated" as const,
      ),
      words: fc.array(text, { minLength: 12, maxLength: 12 }),
      issue: fc.boolean(),
    })
    .map(({ words, issue, ...rest }): Omit<Finding, "id" | "fingerprint" | "checkId"> => {
      const [title, detail, ref, quote, fact, ruledOut, code, file, hint, sign, word, kind] = words as [
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
        string,
      ];
      return {
        ...aFinding("f"),
        ...rest,
        code,
        title,
        detail,
        subject: { kind, ref },
        evidence: [
          { type: "http", exchangeId: "x0", quote },
          { type: "http", exchangeId: quote, quote: title },
          { type: "file", path: file, revision: word, lastEditedAt: word, excerpt: quote },
          { type: "metric", name: word, value: 7, unit: word, threshold: 3 },
          { type: "compare", a: file, b: word, relation: sign },
          { type: "log", line: quote },
        ],
        facts: {
          provider: word,
          [fact]: fact,
          shares: [`${file} 12`, `${word} 3`, fact],
          propertyHistory: [`${word} 1`, fact],
        },
        ruledOut: [ruledOut],
        refs: [sign],
        remediation: { text: hint, commands: [{ argv: ["relayfile", word], effect: "read", safe: true }] },
        ...(issue
          ? {
              knownIssue: {
                id: code,
                title: sign,
                confidence: "likely" as const,
                matched: [sign],
                missing: [hint],
                workaround: hint,
              },
            }
          : {}),
      };
    });

const check = (text: fc.Arbitrary<string>) =>
  fc
    .record({
      status: fc.constantFrom("pass" as const, "pass" as const, "unknown" as const, "skip" as const),
      suite: fc.oneof(fc.constantFrom("doctor", "digest"), text),
      words: fc.array(text, { minLength: 4, maxLength: 4 }),
      durationMs: fc.integer({ min: 0, max: 100_000 }),
    })
    .map(({ words, ...rest }): CheckResult => {
      const [id, title, reason, hint] = words as [string, string, string, string];
      return {
        ...aCheck("doctor.x"),
        ...rest,
        id,
        title,
        reason,
        hint,
        skippedBecause: rest.status === "skip" ? [id] : [],
      };
    });

/** A report whose texts come from `text`; every finding belongs to a check with the status that follows from it. */
export function reportOf(text: fc.Arbitrary<string> = hostileText): fc.Arbitrary<Report> {
  return fc
    .record({
      words: fc.array(text, { minLength: 12, maxLength: 12 }),
      findings: fc.array(finding(text), { maxLength: 5 }),
      checks: fc.array(check(text), { maxLength: 5 }),
      exchanges: fc.array(exchange(text), { maxLength: 5 }),
      failOn: severity,
      ended: fc.constantFrom(null, null, null, "interrupted" as const, "terminated" as const),
    })
    .map((parts) => {
      const [command, provider, phase, workspace, url, source, version, title, why, arg, rule, baseline] =
        parts.words as [
          string,
          string,
          string,
          string,
          string,
          string,
          string,
          string,
          string,
          string,
          string,
          string,
        ];
      const findings = parts.findings.map(
        (one, n): Finding => ({
          ...one,
          id: `f${n}`,
          fingerprint: `p${n}`,
          checkId: `doctor.check-${n}`,
          causedBy: one.role === "consequence" ? ["f0"] : [],
        }),
      );
      const judged = findings.map((one, n) =>
        aCheck(`doctor.check-${n}`, {
          reason: title,
          // An outage leaves its check undecided.
          status:
            one.class === "transient"
              ? "unknown"
              : one.severity === "error"
                ? "fail"
                : one.severity === "warn"
                  ? "warn"
                  : "pass",
          findingIds: [one.id],
        }),
      );
      const report = aReport(
        {
          command,
          findings,
          checks: [...judged, ...parts.checks],
          exchanges: parts.exchanges.map((one, n) => ({ ...one, id: `x${n}`, seq: n + 1 })),
          matrix: [{ provider, phases: { auth: "pass", [phase]: "fail" } }],
          policy: { failOn: parts.failOn, timeoutMs: null, only: [arg], skip: [], baseline },
          config: [{ key: arg, value: url, origin: source }],
          target: {
            workspaceId: workspace,
            workspaceName: title,
            provider,
            fileApi: { baseUrl: url, version },
            controlPlane: { baseUrl: url },
            mountDir: source,
          },
          identity: [
            {
              kind: "workspace",
              source,
              tokenKind: rule,
              subject: title,
              workspaceClaim: workspace,
              scopes: [rule],
              issuedAt: null,
              expiresAt: null,
              fingerprint: rule,
            },
          ],
          nextActions: [{ title, why, argv: ["relayfile", arg], effect: "read", safe: true, findingIds: [] }],
          redactions: { rules: [rule], count: 1 },
          truncated: [{ what: rule, kept: 1, dropped: 2 }],
        },
        parts.ended,
      );
      return printable(report);
    });
}
