/** This machine reaches the services at all: two services that fail in one way are one problem. */
import { defineCheck, judged, page, proof, type ServiceFact, skip, suggest, unknown } from "../check.ts";
import { startServer } from "./_server.ts";

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
      "Both hosts failed before any connection stood: a name that does not resolve, no route, a refusal, or no answer at all. Confirmed when both failed in one way.",
      "Not two outages at once, and nothing that a sign-in could help.",
      "Check this machine's network: DNS, VPN, proxy, firewall. relayfile demo works without one.",
    ),
    "doctor.server-not-running": page.transient(
      "Both base URLs name one server, and nothing listens there.",
      "File API and control plane are on one host, and it refused both connections.",
      "Not a network problem: the host itself refused at once.",
      "Start the server, or give the base URLs of one that runs.",
    ),
  },
  run: ({ fileApi, controlPlane }) => {
    const services = [fileApi, controlPlane];
    const reached = services.filter(({ probe }) => probe.status !== null).length;
    if (reached > 0) return judged(reached, [], `${reached} of 2 hosts answered`);
    const kinds = services.map(failureOf);
    if (kinds.includes("other")) return skip("a connection stood and broke: that is no network that is down");
    const [first, second] = services.map(({ baseUrl }) => new URL(baseUrl));
    const hosts = [...new Set([first?.host ?? "", second?.host ?? ""])];
    const sameWay = kinds[0] === kinds[1];
    const shared = {
      subject: { kind: "endpoint", ref: "network" } as const,
      evidence: services.map(({ probe }) => proof(probe)),
      facts: { failures: kinds, hosts },
      ruledOut: ["the tokens: nothing was sent", "one broken service: neither host could be asked"],
    };
    if (sameWay && kinds[0] === "refused" && first?.hostname === second?.hostname) {
      const title = `nothing listens at ${hosts.join(" and ")}: the server is not running`;
      const start = startServer(fileApi.baseUrl);
      const remedy =
        start === null
          ? { text: "Ask whoever runs that server, or give the base URLs of one that runs", commands: [] }
          : { text: "Start the server, or give the base URLs of one that runs", commands: [start] };
      return unknown(title, [{ ...shared, code: "doctor.server-not-running", title, remedy }]);
    }
    const verb = sameWay && kinds[0] === "dns" ? "resolve" : "reach";
    const named = hosts.length === 1 ? `the host ${hosts[0]}` : `either host (${hosts.join(", ")})`;
    const title = `this machine cannot ${verb} ${named}`;
    const remedy = {
      text: "Check DNS, VPN and proxy of this machine, then repeat; --offline judges what lies here",
      commands: [suggest("relayfile doctor --offline")],
    };
    // Two hosts that refuse may also be two outages; a name that does not resolve says more.
    const confidence = sameWay && kinds[0] !== "refused" ? "confirmed" : "likely";
    return unknown(title, [{ ...shared, confidence, code: "doctor.network-unreachable", title, remedy }]);
  },
});

/** How a connection failed before it stood; `other` when it stood. */
function failureOf({ probe }: ServiceFact): "dns" | "route" | "timeout" | "refused" | "other" {
  const said = probe.message ?? "";
  if (probe.failure === "dns") return "dns";
  if (/EHOSTUNREACH|ENETUNREACH|ENETDOWN|no route/i.test(said)) return "route";
  if (probe.failure === "timeout" || /ETIMEDOUT/i.test(said)) return "timeout";
  return probe.failure === "connect" ? "refused" : "other";
}
