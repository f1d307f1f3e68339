/** Hands a URL to the desktop. */
import { messageOf } from "../../errors.ts";
import type { Host } from "../../ports.ts";

const OPENERS: Readonly<Record<Host["platform"], readonly string[]>> = {
  darwin: ["open"],
  linux: ["xdg-open"],
  win32: ["rundll32", "url.dll,FileProtocolHandler"],
  other: ["xdg-open"],
};

/** Starts the platform's opener and does not wait for it; the value says why it could not start, or is null. */
export function openUrl(url: string, platform: Host["platform"]): string | null {
  // Openers treat other schemes, and words that begin with a dash, as files and options.
  if (!/^https?:\/\//.test(url)) return "not an http(s) URL";
  try {
    Bun.spawn([...OPENERS[platform], url], { stdin: "ignore", stdout: "ignore", stderr: "ignore" }).unref();
    return null;
  } catch (thrown) {
    // A machine without a desktop is normal; the caller printed the link.
    return messageOf(thrown);
  }
}
