/** Text from elsewhere as a terminal may get it: a path or message of a server must not move cursors or repaint screens. */

// Line ends and tabs are layout; everything else that is not visible is shown by its number.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is made visible here.
const UNSAFE = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** The text with control and direction characters as `\x1b` or `\u202e`. Line ends and tabs stay. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (char) => {
    const code = char.charCodeAt(0).toString(16);
    return code.length <= 2 ? `\\x${code.padStart(2, "0")}` : `\\u${code.padStart(4, "0")}`;
  });
}

/** Every text inside a plain value, keys included, made printable; a value without such text is returned as it is. */
export function printableDeep<T>(value: T): T {
  if (typeof value === "string") return printable(value) as T;
  if (Array.isArray(value)) {
    const items = value.map((item) => printableDeep(item));
    return (items.every((item, at) => item === value[at]) ? value : items) as T;
  }
  if (typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  const before = Object.entries(value);
  const after = before.map(([key, item]) => [printable(key), printableDeep(item)] as const);
  const same = after.every(([key, item], at) => key === before[at]?.[0] && item === before[at]?.[1]);
  return same ? value : (Object.fromEntries(after) as T);
}
