/** A real browser for pages that must look right; Debian's Chromium, with nothing of a person's profile. */
import { existsSync } from "node:fs";
import { type BrowserContext, chromium } from "playwright-core";
import { tempDir } from "./temp-dir.ts";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** An open browser. */
export interface TestBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
}

/** Starts Chromium with an empty profile. Fails by name where it is not installed. */
export async function openChromium(): Promise<TestBrowser> {
  const executablePath = PLACES.find((path) => existsSync(path));
  if (executablePath === undefined)
    throw new Error("Chromium is not installed: apt-get update && apt-get install -y chromium");
  const profile = tempDir("relayfile-chromium-");
  const context = await chromium.launchPersistentContext(profile.path, {
    executablePath,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close();
      profile.remove();
    },
  };
}
