/** Control characters in what a server said could move a terminal's cursor or forge lines; reports hold none. */

/** A deep copy whose texts hold no control character except newline and tab. */
export function printable<T>(value: T): T {
  if (typeof value === "string") return printableText(value) as T;
  if (Array.isArray(value)) return value.map(printable) as T;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, printable(item)])) as T;
}

function printableText(text: string): string {
  // Looking first keeps the ordinary case free of copies.
  for (let i = 0; i < text.length; i++) if (isControl(text.charCodeAt(i))) return replaceControls(text);
  return text;
}

function replaceControls(text: string): string {
  return Array.from(text, (char) => (isControl(char.charCodeAt(0)) ? "\ufffd" : char)).join("");
}

/** C0 without tab, newline and carriage return; DEL and C1; the marks that reverse the direction of text. */
function isControl(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a && code !== 0x0d;
  return (
    (code >= 0x7f && code <= 0x9f) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
  );
}
