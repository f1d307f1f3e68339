/** THIRD_PARTY_LICENSES: the licence texts of everything that ends up inside the executable. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
  readonly repository?: string | { readonly url: string };
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The text of the file. Throws when a package ships no licence and names none. */
export function thirdPartyLicenses(root: string): string {
  const { dependencies = {} } = readPackage(root);
  const packages = new Map<string, string>();
  const visit = (name: string): void => {
    const folder = join(root, "node_modules", name);
    if (packages.has(name) || !existsSync(folder)) return;
    const manifest = readPackage(folder);
    packages.set(name, section(folder, manifest));
    for (const dependency of Object.keys(manifest.dependencies ?? {})) visit(dependency);
  };
  for (const name of Object.keys(dependencies)) visit(name);
  return `${[...packages.entries()]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([, text]) => text)
    .concat(fixtures(root), runtime())
    .join(`\n\n${"-".repeat(80)}\n\n`)}\n`;
}

function readPackage(folder: string): PackageJson {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as PackageJson;
}

function section(folder: string, { name, version, license, repository }: PackageJson): string {
  const texts = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|third[-_]party[-_]licen[cs]es)/i.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8").trim());
  if (texts.length === 0 && license === undefined) throw new Error(`${name} names no licence`);
  const source = typeof repository === "string" ? repository : repository?.url;
  const notice = `The package ships no licence text; its source is ${source ?? "not named"}`;
  return [`${name} ${version} (${license ?? "see below"})`, ...(texts.length === 0 ? [notice] : texts)].join(
    "\n\n",
  );
}

/** Example payloads that the demo carries, with the notice that stands beside them. */
function fixtures(root: string): string[] {
  const folder = join(root, "lib", "simulator", "seed");
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .map(String)
    .filter((file) => /(^|\/)(licen[cs]e|notice)[^/]*$/i.test(file) && !file.endsWith(".ts"))
    .sort()
    .map(
      (file) => `Example data in lib/simulator/seed\n\n${readFileSync(join(folder, file), "utf8").trim()}`,
    );
}

function runtime(): string {
  return [
    `Bun ${Bun.version} (MIT)`,
    "The executable embeds the Bun runtime, which is under the MIT licence and links JavaScriptCore (LGPL-2.1) and other libraries statically.",
    `The list of its parts, their licences and how to relink it: https://github.com/oven-sh/bun/blob/bun-v${Bun.version}/LICENSE.md`,
  ].join("\n\n");
}
