/** One line: name and version. */
export { versionLine as default } from "../version-document.ts";
