/** `serve` for people: where the services are, and the lines that point a shell at them. */
import type { ServeDocument } from "../../../commands/serve.ts";
import type { Style } from "../style.ts";

/** Addresses, then four `export` lines to paste. */
export default (document: ServeDocument, style: Style): string => {
  const { environment } = document;
  const providers = document.providers.length === 0 ? "none" : document.providers.join(", ");
  return [
    `${style.mark("pass")} serving workspace ${style.bold(document.workspaceName)} (${document.workspaceId})`,
    "",
    `  file API       ${document.fileApiUrl}`,
    `  control plane  ${document.controlPlaneUrl}`,
    `  simulator      ${document.simulatorUrl}`,
    `  data           ${document.dataDir}`,
    `  providers      ${providers}`,
    "",
    style.dim("Paste into another shell; every command then works without flags:"),
    "",
    ...Object.entries(environment).map(([name, value]) => `  export ${name}=${quoted(value)}`),
    "",
    style.dim("Ctrl-C stops both services; the data stays."),
  ].join("\n");
};

/** For a POSIX shell, quoted only when needed. */
function quoted(value: string): string {
  return /^[A-Za-z0-9_@%+=:,./-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}
