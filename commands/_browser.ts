/** Showing a page to the person at the terminal. Failing to is never fatal: the link was printed before. */
import type { CommandContext } from "./_command.ts";

/** Opens a URL in the default browser, if there is one. */
export async function openInBrowser(url: string, context: CommandContext): Promise<void> {
  const { openUrl } = await import("../lib/runtime/bun/open-url.ts");
  const problem = openUrl(url, context.ports.host.platform);
  if (problem !== null) context.ports.log.info("no browser was opened", { reason: problem });
}
