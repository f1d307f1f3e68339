/** Rules about imports: the table of zones, and no cycles. */
import { posix } from "node:path";
import { lineAt, type SourceFile, type Violation } from "./source.ts";
import { ZONES, type Zone, zoneOf } from "./zones.ts";

/** One import as written. */
export interface ImportSite {
  readonly specifier: string;
  /** Path in the repository for a relative import, otherwise null. */
  readonly target: string | null;
  readonly line: number;
  readonly kind: "static" | "type" | "dynamic";
}

const SITE =
  /(?:^|[;\n])\s*(?:import|export)\s+(type\s)?(?:[^;"'`()]*?\sfrom\s+)?["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']\s*\)/g;

/** Every import, re-export and dynamic import of a file. */
export function importsOf(file: SourceFile): ImportSite[] {
  return [...file.code.matchAll(SITE)].map((match) => {
    const specifier = match[2] ?? match[3] ?? "";
    const relative = specifier.startsWith(".");
    return {
      specifier,
      target: relative ? posix.normalize(posix.join(posix.dirname(file.path), specifier)) : null,
      line: lineAt(file.code, match.index + match[0].indexOf(specifier)),
      kind: match[3] !== undefined ? "dynamic" : match[1] !== undefined ? "type" : "static",
    };
  });
}

/** Imports that leave a file's zone. */
export function forbiddenImports(file: SourceFile, zones: readonly Zone[] = ZONES): Violation[] {
  const zone = zoneOf(file.path, zones);
  if (zone === null) return [];
  return importsOf(file).flatMap((site) => {
    const problem =
      site.target === null ? packageProblem(site.specifier, zone) : pathProblem(site.target, file.path, zone);
    return problem === null ? [] : [{ path: file.path, line: site.line, rule: "imports", message: problem }];
  });
}

/** Cycles of static imports that carry values; each is reported once, at its smallest path. */
export function importCycles(files: readonly SourceFile[]): Violation[] {
  const graph = new Map(
    files.map((file) => [
      file.path,
      importsOf(file)
        .filter(({ kind, target }) => kind === "static" && target !== null)
        .map(({ target }) => target as string),
    ]),
  );
  const done = new Set<string>();
  const found = new Map<string, Violation>();
  const visit = (path: string, trail: readonly string[]): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      const cycle = trail.slice(at);
      const first = [...cycle].sort()[0] ?? path;
      const message = `cycle: ${[...cycle, path].join(" -> ")}`;
      found.set([...cycle].sort().join(), { path: first, line: 1, rule: "cycles", message });
      return;
    }
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return [...found.values()];
}

function packageProblem(specifier: string, zone: Zone): string | null {
  if (/^(node|bun):|^bun$/.test(specifier)) {
    return zone.runtime
      ? null
      : `${zone.prefix} may not import ${specifier}: the runtime stays in lib/runtime`;
  }
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const allowed = zone.packages.includes(name) || zone.packages.includes(specifier);
  return allowed ? null : `${zone.prefix} may not import package ${name}`;
}

function pathProblem(target: string, importer: string, zone: Zone): string | null {
  const inOwnFolder =
    zone.prefix.endsWith("/") && zone.prefix !== "commands/" && target.startsWith(zone.prefix);
  if (inOwnFolder || zone.may.some((prefix) => target.startsWith(prefix))) return null;
  if (zone.prefix === "commands/" && target.startsWith("commands/")) {
    const listsCommands = posix.basename(importer) === "mod.ts";
    if (listsCommands || posix.basename(target).startsWith("_")) return null;
    return `a command may not import another: ${target}`;
  }
  return `${zone.prefix} may not import ${target}`;
}
