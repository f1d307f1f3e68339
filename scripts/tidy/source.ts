/** A source file as the tidy rules see it, with comments and strings blanked where they must not match. */

/** One file. All three texts have the same length and lines. */
export interface SourceFile {
  /** Relative to the repository, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Comments blanked, strings kept: for imports. */
  readonly code: string;
  /** Comments and string contents blanked: for everything else. */
  readonly bare: string;
}

/** One thing found wrong. */
export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

/** Reads a text into the three forms. */
export function sourceFile(path: string, text: string): SourceFile {
  const code = text.split("");
  const bare = text.split("");
  const blank = (target: string[], from: number, to: number) => {
    for (let i = from; i < to; i++) if (target[i] !== "\n") target[i] = " ";
  };
  scan(text, 0, text.length, (kind, from, to) => {
    if (kind === "comment") {
      blank(code, from, to);
      blank(bare, from, to);
    } else blank(bare, from + 1, to - 1);
  });
  return { path, text, code: code.join(""), bare: bare.join("") };
}

/** 1-based line of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

type Span = (kind: "comment" | "string", from: number, to: number) => void;

/** Reports comments, strings and the literal parts of templates between two offsets. Ends at an unmatched `}`. */
function scan(text: string, start: number, end: number, report: Span): number {
  let depth = 0;
  let i = start;
  while (i < end) {
    const char = text[i] ?? "";
    const two = text.slice(i, i + 2);
    if (two === "//") i = spanned("comment", i, indexOr(text, "\n", i, end), report);
    else if (two === "/*") i = spanned("comment", i, indexOr(text, "*/", i + 2, end - 2) + 2, report);
    else if (char === '"' || char === "'") i = spanned("string", i, closing(text, i, char), report);
    else if (char === "`") i = template(text, i, end, report);
    else if (char === "/" && startsRegex(text, i)) i = spanned("string", i, regexEnd(text, i), report);
    else {
      if (char === "{") depth++;
      if (char === "}" && --depth < 0) return i;
      i++;
    }
  }
  return i;
}

function template(text: string, start: number, end: number, report: Span): number {
  let from = start;
  for (let i = start + 1; i < end; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "`") return spanned("string", from, i + 1, report);
    else if (text[i] === "$" && text[i + 1] === "{") {
      report("string", from, i + 2);
      i = scan(text, i + 2, end, report);
      from = i;
    }
  }
  return end;
}

function spanned(kind: "comment" | "string", from: number, to: number, report: Span): number {
  report(kind, from, to);
  return to;
}

function closing(text: string, start: number, quote: string): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === quote || text[i] === "\n") return i + 1;
  }
  return text.length;
}

/** A slash opens a regular expression where a value may start. */
function startsRegex(text: string, at: number): boolean {
  const before = text.slice(Math.max(0, at - 40), at).trimEnd();
  return /(^|[(,=:[!&|?{};+\-*%<>~^]|\b(return|typeof|case|in|of|do|else))$/.test(before);
}

function regexEnd(text: string, start: number): number {
  let inClass = false;
  for (let i = start + 1; i < text.length && text[i] !== "\n"; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === "[") inClass = true;
    else if (text[i] === "]") inClass = false;
    else if (text[i] === "/" && !inClass) return i + 1;
  }
  return start + 1;
}

function indexOr(text: string, what: string, from: number, otherwise: number): number {
  const at = text.indexOf(what, from);
  return at < 0 ? otherwise : at;
}
