/** Which files are merged by lines: text of moderate size (spec file-api 8.2). */
import { FILE_API } from "../limits.ts";
import { isTextType } from "./content-type.ts";

/** The texts of three versions, or null when one is not text, too large, or has too many lines. */
export function mergeableTexts(contentType: string, versions: readonly Uint8Array[]): string[] | null {
  if (!isTextType(contentType)) return null;
  const texts: string[] = [];
  for (const bytes of versions) {
    if (bytes.byteLength > FILE_API.mergeBytesMax) return null;
    try {
      texts.push(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes));
    } catch {
      // Not UTF-8: there are no lines to merge.
      return null;
    }
  }
  return texts.some((text) => text.split("\n").length > FILE_API.mergeLinesMax) ? null : texts;
}
