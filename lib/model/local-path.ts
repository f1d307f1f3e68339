/** Local paths as users type them, without a file system. */

/** An absolute path without `.`, `..` or doubled separators; links are not resolved. */
export function absolutePath(path: string, cwd: string): string {
  const full = path.startsWith("/") || /^[A-Za-z]:[\\/]/.test(path) ? path : `${cwd}/${path}`;
  const parts: string[] = [];
  for (const part of full.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  return `/${parts.join("/")}`;
}
