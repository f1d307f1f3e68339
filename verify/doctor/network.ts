/** This machine reaches the services at all: two services that fail in one way are one problem. */
import { defineCheck, judged, page, proof, type ServiceFact, skip, suggest, unknown } from "../check.ts";

/** DR-07, symptom 38: the network as the common cause. */
export default defineCheck({
  id: "doctor.network-works",
  title: "this machine resolves and reaches the hosts of both services",
  severity: "error",
  phase: "auth",
  needs: ["fileApi", "controlPlane"],
  after: [],
  refs: ["DR-07", "symptom:38"],
  hint: "Check DNS, VPN and proxy of this machine",
  findings: {
    "doctor.network-unreachable": page.transient(
      "This machine cannot resolve or reach either host, so nothing can be said about services, tokens or data.",
      "Both services failed before any connection stood, and in the same way: a name that does not resolve, no route, or no answer at all.",
      "Not two outages at once, and nothing that a sign-in could help.",
      "Check this machine's network: DNS, VPN, proxy, firewall. relayfile demo works without one.",
    ),
    "doctor.server-not-running": page.transient(
      "Both base URLs name one server, and nothing listens there.",
      "File API and control plane share host and port, and both connections were refused.",
      "Not a network problem: the host itself refused at once.",
      "Start the server, or give the base URLs of one that runs.",
    ),
  },
  run: ({ fileApi, controlPlane }) => {
    const services = [fileApi, controlPlane];
    if (services.some(({ probe }) => probe.status !== null)) {
      const reached = services.filter(({ probe }) => probe.status !== null).length;
      return judged(reached, [], `${reached} of 2 hosts answered`);
    }
    const kinds = services.map(failureOf);
    const [first, second] = services.map(({ baseUrl }) => new URL(baseUrl).host);
    const shared = {
      subject: { kind: "endpoint", ref: "network" } as const,
      evidence: services.map(({ probe }) => proof(probe)),
      facts: { failure: kinds[0] ?? null, hosts: [first ?? "", second ?? ""] },
      ruledOut: ["the tokens: nothing was sent", "one broken service: both fail in the same way"],
    };
    if (kinds[0] === "refused" && kinds[1] === "refused" && first === second) {
      const title = `nothing listens at ${first}: the server is not running`;
      const remedy = { text: "Start the server", commands: [suggest("relayfile serve", "write")] };
      return unknown(title, [{ ...shared, code: "doctor.server-not-running", title, remedy }]);
    }
    if (kinds[0] !== kinds[1] || kinds[0] === "refused" || kinds[0] === "other") {
      return skip("the two services fail in different ways");
    }
    const title = `this machine cannot ${WORDS[kinds[0] ?? ""] ?? "reach"} either host (${[...new Set([first, second])].join(", ")})`;
    const remedy = {
      text: "Check this machine's network, then repeat; --offline judges what lies on this machine",
      commands: [suggest("relayfile doctor --offline")],
    };
    return unknown(title, [{ ...shared, code: "doctor.network-unreachable", title, remedy }]);
  },
});

const WORDS: Readonly<Record<string, string>> = { dns: "resolve", route: "reach", timeout: "reach" };

/** How a connection failed, as far as it tells a network apart from a server. */
function failureOf({ probe }: ServiceFact): "dns" | "route" | "timeout" | "refused" | "other" {
  const said = probe.message ?? "";
  if (probe.failure === "dns") return "dns";
  if (/EHOSTUNREACH|ENETUNREACH|ENETDOWN|no route/i.test(said)) return "route";
  if (probe.failure === "timeout" || /ETIMEDOUT/i.test(said)) return "timeout";
  return probe.failure === "connect" ? "refused" : "other";
}
