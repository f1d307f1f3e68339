/** Content type by file name, from a fixed table: host tables differ between machines (spec mount-daemon 2.12). */

const TYPES: Readonly<Record<string, string>> = {
  md: "text/markdown",
  markdown: "text/markdown",
  ts: "text/typescript",
  tsx: "text/typescript",
  txt: "text/plain",
  log: "text/plain",
  json: "application/json",
  ndjson: "application/x-ndjson",
  yaml: "application/yaml",
  yml: "application/yaml",
  toml: "application/toml",
  xml: "application/xml",
  html: "text/html",
  htm: "text/html",
  css: "text/css",
  csv: "text/csv",
  js: "text/javascript",
  mjs: "text/javascript",
  svg: "image/svg+xml",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  pdf: "application/pdf",
  zip: "application/zip",
  gz: "application/gzip",
  wasm: "application/wasm",
  bin: "application/octet-stream",
};

/** The type for a path; unknown extensions are `text/plain`, as the original's fallback. */
export function contentTypeOf(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return (dot > 0 && TYPES[name.slice(dot + 1).toLowerCase()]) || "text/plain";
}

/** True for types that are lines of text, where a merge makes sense. */
export function isTextType(type: string): boolean {
  return (
    type.startsWith("text/") || /(json|xml|javascript|yaml|toml)$/.test(type) || type === "image/svg+xml"
  );
}
