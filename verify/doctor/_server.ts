/** A server of this machine that should run. */
import { type SuggestedCommand, suggest } from "../check.ts";

/** How to start what should answer at a base URL; null for another machine, and for https, which nothing here serves. */
export function startServer(baseUrl: string): SuggestedCommand | null {
  const { protocol, hostname, port } = new URL(baseUrl);
  if (protocol !== "http:" || !/^(?:127\.|localhost$|\[::1\]$)/.test(hostname)) return null;
  return suggest(`relayfile serve --data DIR${port === "" ? "" : ` --port ${port}`}`, "write");
}
