/** Which paths a token lets us write, judged locally only to spare a refused request (spec mount-daemon 2.12). */

/** True, false, or null for "ask the server": a write scope in a form we do not know. */
export function mayWrite(scopes: readonly string[] | null, path: string): boolean | null {
  if (scopes === null || scopes.length === 0) return null;
  let unknownForm = false;
  for (const scope of scopes) {
    const verdict = grants(scope.trim(), path);
    if (verdict === true) return true;
    if (verdict === null) unknownForm = true;
  }
  return unknownForm ? null : false;
}

/** One scope: grants, does not grant, or is a write scope of an unknown form. */
function grants(scope: string, path: string): boolean | null {
  const lower = scope.toLowerCase();
  if (lower === "fs:write" || lower === "fs:manage") return true;
  const parts = scope.split(":");
  const compact = parts[0] === "fs";
  const [plane, resource, action] = compact ? ["relayfile", "fs", parts[1]] : parts;
  const target = parts.slice(compact ? 2 : 3).join(":");
  if (plane !== "relayfile" && plane !== "*") return false;
  if (resource !== "fs" && resource !== "*") return false;
  if (action !== "write" && action !== "manage" && action !== "*") return false;
  return coversPath(target, path);
}

function coversPath(target: string, path: string): boolean | null {
  if (
    target === "" ||
    target === "*" ||
    target === "**" ||
    target === "/" ||
    target === "/*" ||
    target === "/**"
  )
    return true;
  const prefix = target.replace(/\/\*\*?$/, "");
  if (prefix.includes("*")) return null;
  return path === prefix || path.startsWith(`${prefix}/`);
}
