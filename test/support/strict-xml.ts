/** A strict reader of XML 1.0 without DTDs: it throws on everything a conforming parser must refuse. */

/** An element with its text in document order joined. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly text: string;
}

const NAME = /[A-Za-z_][\w.-]*/y;
const CHAR = /^[\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]*$/u;
const NAMED: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The root element; throws with the place of the first fault. */
export function parseXml(source: string): XmlElement {
  if (!CHAR.test(source)) throw new Error("a character that XML does not allow");
  let at = source.match(/^<\?xml version="1\.0"(?: encoding="[\w-]+")?\?>\s*/)?.[0].length ?? 0;
  const fail = (message: string): never => {
    throw new Error(`${message} at ${at}: ${JSON.stringify(source.slice(at, at + 40))}`);
  };
  const eat = (text: string): boolean => {
    const found = source.startsWith(text, at);
    if (found) at += text.length;
    return found;
  };
  const need = (text: string) => void (eat(text) || fail(`expected ${text}`));
  const space = () => {
    while (/\s/.test(source[at] ?? "")) at++;
  };
  const name = (): string => {
    NAME.lastIndex = at;
    const found = NAME.exec(source)?.[0] ?? fail("expected a name");
    at += found.length;
    return found;
  };
  const decode = (raw: string): string => {
    if (/[<]/.test(raw)) fail("a bare <");
    return raw.replace(/&([^;&]*)(;?)/g, (_, entity: string, end: string) => {
      const code = /^#(\d+)$/.exec(entity)?.[1];
      const char = code === undefined ? NAMED[entity] : String.fromCodePoint(Number(code));
      return end === ";" && char !== undefined && CHAR.test(char) ? char : fail(`a bad reference &${entity}`);
    });
  };
  const element = (): XmlElement => {
    need("<");
    const tag = name();
    const attributes: Record<string, string> = {};
    for (;;) {
      const before = at;
      space();
      if (eat("/>")) return { name: tag, attributes, children: [], text: "" };
      if (eat(">")) break;
      if (at === before) fail("expected space before an attribute");
      const key = name();
      need('="');
      const end = source.indexOf('"', at);
      if (end === -1 || Object.hasOwn(attributes, key)) fail("an open or repeated attribute");
      attributes[key] = decode(source.slice(at, end));
      at = end + 1;
    }
    const children: XmlElement[] = [];
    let text = "";
    while (!source.startsWith("</", at)) {
      if (source.startsWith("<", at)) children.push(element());
      else {
        const end = source.indexOf("<", at);
        if (end === -1) fail("an open element");
        const raw = source.slice(at, end);
        if (raw.includes("]]>")) fail("]]> in text");
        text += decode(raw);
        at = end;
      }
    }
    need(`</${tag}`);
    space();
    need(">");
    return { name: tag, attributes, children, text };
  };
  const root = element();
  space();
  if (at !== source.length) fail("something after the root");
  return root;
}
