/** Each base URL answers, and names the service it is meant to name. */
import {
  defineCheck,
  type FindingDraft,
  type FindingSpec,
  isOutage,
  judged,
  type Outcome,
  type ProbeFact,
  plural,
  proof,
  type RelayService,
  type ServiceFact,
  suggest,
  unknown,
} from "../check.ts";
import { startServer } from "./_server.ts";

const NAMES: Readonly<Record<RelayService, string>> = {
  "file-api": "file API",
  "control-plane": "control plane",
};
const FLAGS: Readonly<Record<RelayService, string>> = {
  "file-api": "--file-api",
  "control-plane": "--control-plane",
};

const unreachable = (name: string): FindingSpec => ({
  severity: "error",
  class: "transient",
  means: `The ${name} could not be asked: no connection, no complete answer in time, or a 5xx on its liveness route.`,
  decided: "By the liveness route, which needs no credential, so no token can be to blame.",
  not: "Not a sign-in problem and not a wrong workspace: those are answered, with 401, 403 or 404.",
  fix: "Check that the server runs and that the URL, DNS and proxy are right; then repeat. Nothing local is damaged.",
});

const wrongService = (name: string, flag: string): FindingSpec => ({
  severity: "error",
  means: `Something answers at the base URL, but it is not the ${name}: an HTML page, other JSON, or a route that does not exist.`,
  decided:
    "The liveness route was asked without a credential and its answer has another shape; the other service's route was tried at the same URL.",
  not: `Not an outage, and not a token problem: the ${name} checks its route before any credential.`,
  fix: `Give ${flag} the right base URL. A control plane URL usually ends in /cloud; joining a path that starts with a slash silently drops it.`,
});

/** DR-07. */
export const fileApiAnswers = defineCheck({
  id: "doctor.file-api-answers",
  title: "the file API answers at its base URL",
  severity: "error",
  phase: "auth",
  needs: ["fileApi", "target"],
  after: [],
  refs: ["DR-07", "symptom:17", "S01"],
  hint: "Check the file API's base URL and that the server runs",
  findings: {
    "doctor.file-api-unreachable": unreachable("file API"),
    "doctor.file-api-wrong-service": wrongService("file API", "--file-api"),
  },
  run: ({ fileApi, target }) =>
    judgeService(fileApi, target.sources.fileApiUrl ?? "default", {
      unreachable: "doctor.file-api-unreachable",
      wrong: "doctor.file-api-wrong-service",
    }),
});

/** DR-07 for the control plane. */
export const controlPlaneAnswers = defineCheck({
  id: "doctor.control-plane-answers",
  title: "the control plane answers at its base URL",
  severity: "error",
  phase: "auth",
  needs: ["controlPlane", "target"],
  after: [],
  refs: ["DR-07", "symptom:17", "symptom:19", "S01"],
  hint: "Check the control plane's base URL; it usually ends in /cloud",
  findings: {
    "doctor.control-plane-unreachable": unreachable("control plane"),
    "doctor.cloud-wrong-service": wrongService("control plane", "--control-plane"),
  },
  run: ({ controlPlane, target }) =>
    judgeService(controlPlane, target.sources.controlPlaneUrl ?? "default", {
      unreachable: "doctor.control-plane-unreachable",
      wrong: "doctor.cloud-wrong-service",
    }),
});

/** Swapped base URLs are one mistake, not two. */
export const servicesInPlace = defineCheck({
  id: "doctor.services-in-place",
  title: "the two base URLs are not swapped",
  severity: "error",
  phase: "auth",
  needs: ["fileApi", "controlPlane"],
  after: [],
  refs: ["DR-06", "symptom:17", "symptom:19", "S01"],
  hint: "Swap the values of --file-api and --control-plane",
  findings: {
    "doctor.services-swapped": {
      severity: "error",
      means: "The file API's base URL names the control plane, and the control plane's names the file API.",
      decided:
        "Each URL was asked for the other service's liveness route, and at least one answered in that service's shape while neither answered in its own.",
      not: "Not two outages: both servers answer.",
      fix: "Swap the two values; look at where each came from, which the report says under config.",
    },
  },
  run: ({ fileApi, controlPlane }) => {
    const swapped =
      !fileApi.recognised && !controlPlane.recognised && (fileApi.isOther || controlPlane.isOther);
    const answered = [fileApi, controlPlane].filter((service) => service.probe.status !== null).length;
    if (!swapped) return judged(answered === 2 ? 2 : 0, [], `${answered} of 2 base URLs answered`);
    return judged(
      2,
      [
        {
          code: "doctor.services-swapped",
          title: `the base URLs are swapped: ${fileApi.baseUrl} is the control plane and ${controlPlane.baseUrl} the file API`,
          subject: { kind: "endpoint", ref: "base-urls" },
          evidence: [proof(fileApi.probe), proof(controlPlane.probe)],
          facts: { fileApiIsControlPlane: fileApi.isOther, controlPlaneIsFileApi: controlPlane.isOther },
          ruledOut: ["an outage: both URLs answered", "a token problem: no credential was sent"],
          remedy: {
            text: "Swap the two base URLs",
            commands: [
              suggest(
                `relayfile doctor --file-api ${controlPlane.baseUrl} --control-plane ${fileApi.baseUrl}`,
              ),
            ],
          },
        },
      ],
      "the base URLs are swapped",
    );
  },
});

function judgeService<U extends string, W extends string>(
  service: ServiceFact,
  source: string,
  codes: { unreachable: U; wrong: W },
): Outcome<U | W> {
  const { probe } = service;
  const name = NAMES[service.service];
  if (service.recognised) {
    const version = service.version === null ? "" : `, version ${service.version}`;
    return judged(1, [], `answers in ${probe.totalMs} ms${version}`);
  }
  const evidence = [proof(probe)];
  const subject = { kind: "endpoint", ref: service.service } as const;
  if (isOutage(probe)) {
    const finding: FindingDraft<U> = {
      code: codes.unreachable,
      title: `the ${name} at ${service.baseUrl} ${downWords(probe)}`,
      subject,
      evidence,
      facts: { status: probe.status, failure: probe.failure, message: probe.message ?? "", source },
      ruledOut: ["the token: this route needs none"],
      remedy: repair(service, source),
    };
    return unknown(finding.title, [finding]);
  }
  const other = NAMES[service.service === "file-api" ? "control-plane" : "file-api"];
  const is = service.isOther ? `is the ${other}` : `is not the ${name}: it ${answered(probe)}`;
  return judged(
    1,
    [
      {
        code: codes.wrong,
        title: `${service.baseUrl} ${is}`,
        subject,
        evidence,
        facts: {
          status: probe.status,
          kind: probe.kind,
          isOtherService: service.isOther,
          host: new URL(service.baseUrl).host,
          source,
        },
        ruledOut: ["an outage: something answered", "the token: this route needs none"],
        remedy: {
          text: `Give ${FLAGS[service.service]} the base URL of the ${name}; this one came from ${source}`,
          commands: [suggest(`relayfile doctor ${FLAGS[service.service]} URL`)],
        },
      },
    ],
    `answered as something else`,
  );
}

/** A refusal of this machine means that nothing listens; anything else is looked into first. */
function repair({ baseUrl, probe }: ServiceFact, source: string) {
  const ask = suggest(`curl -sS --max-time 10 ${probe.url}`);
  const start = probe.failure === "connect" ? startServer(baseUrl) : null;
  return start === null
    ? { text: `Check ${baseUrl} (from ${source}), then repeat`, commands: [ask] }
    : { text: `Start the server, or check ${baseUrl} (from ${source})`, commands: [start, ask] };
}

function downWords(probe: ProbeFact): string {
  if (probe.status !== null)
    return `answers ${probe.status}${probe.message === null ? "" : ` (${probe.message})`}`;
  const words: Record<string, string> = {
    dns: "has a name that does not resolve",
    connect: "accepts no connection",
    tls: "fails the TLS handshake",
    timeout: `gave no complete answer within ${plural(Math.round(probe.totalMs / 1000), "second")}`,
    reset: "closes the connection",
    protocol: "does not speak HTTP",
    aborted: "was not asked to the end",
  };
  return words[probe.failure ?? "protocol"] ?? "cannot be reached";
}

function answered(probe: ProbeFact): string {
  const kinds: Record<string, string> = {
    html: "an HTML page",
    json: "JSON of another shape",
    text: "plain text",
    empty: "an empty body",
    "invalid-json": "invalid JSON",
    "too-large": "more bytes than the limit",
  };
  const redirect = probe.location === null ? "" : ` redirecting to ${probe.location}`;
  return `answered ${probe.status} with ${kinds[probe.kind] ?? "nothing"}${redirect}`;
}
