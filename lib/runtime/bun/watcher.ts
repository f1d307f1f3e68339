/**
 * Recursive watching through the operating system. On Linux `fs.watch` delivered every event in measurement; running
 * out of watches raises one error for many directories, so any error means "rescan" to the caller.
 */
import { watch } from "node:fs";
import type { WatchTree } from "../../ports.ts";

/** Watches a tree; events are hints. */
export const watchTree: WatchTree = (root, { onChange, onError }) => {
  const watcher = watch(root, { recursive: true, persistent: false }, (event, name) => {
    const rel = name === null ? null : slashed(String(name));
    onChange(rel === "" ? null : rel, event === "rename" ? "rename" : "change");
  });
  watcher.on("error", onError);
  return { close: () => watcher.close() };
};

/** Only Windows separates names by a backslash; elsewhere it is a part of one. */
function slashed(name: string): string {
  return process.platform === "win32" ? name.replaceAll("\\", "/") : name;
}
