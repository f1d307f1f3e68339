/**
 * The one place that removes secrets. Used where data is captured, before anything is kept, so that no later renderer,
 * bundle or log can leak what was never stored (design decision 27).
 */
import { sha256Hex } from "./sha256.ts";

/** Shortest text that is learned as a secret; anything shorter would also hit ordinary words. */
const LEARNED_CHARS_MIN = 6;
/** Shortest value of a secret-like key or header that is judged by its randomness. */
const RANDOM_CHARS_MIN = 16;

const MARKER = /^\[redacted:[a-z-]+#[0-9a-f]{12}\]$/;

/** Key names whose text values are secrets whatever they look like. */
const SECRET_KEY =
  /^(?:.*[_-])?(?:token|secret|password|passwd|passphrase|authorization|proxy-authorization|cookie|set-cookie|api-?_?key|private_?key|client_?secret|credential)$|(?:[a-z](?:Token|Secret|Password|Authorization|Cookie|ApiKey|PrivateKey))$|^(?:apikey|x-api-key|relaycastapikey)$/i;
/** Key names whose text values are secrets when they look random. */
const SECRET_LIKE_KEY = /token|secret|passw|authorization|cookie|api_?-?key|credential|refresh/i;

interface Shape {
  readonly rule: string;
  readonly pattern: RegExp;
}

/** Secrets known by their own form. The first capture group, when there is one, is the secret. */
const SHAPES: readonly Shape[] = [
  {
    rule: "jwt",
    pattern: /(?:relay_(?:pa|ws|id|ag)_)?eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?/g,
  },
  {
    rule: "token",
    pattern:
      /\b(?:rk_live|rjt_live|at_live|nt_live|ot_live|cld_at|cld_rt|rth_at|ocl_node_enr|nango_connect_session|ghp|gho|ghs|ghu|github_pat|glpat|xox[abprs]|lin_api|sk_live|sk_test)[_-][A-Za-z0-9._-]{4,}/g,
  },
  { rule: "bearer", pattern: /\b(?:Bearer|Basic)\s+([A-Za-z0-9._~+/=-]{8,})/gi },
  { rule: "userinfo", pattern: /\b[a-z][a-z0-9+.-]*:\/\/([^/\s:@]+:[^/\s@]+)@/gi },
  {
    rule: "query",
    pattern:
      /[?&](?:[a-z_-]*(?:token|secret|password|signature|api_?key|code)|sig|key)=([^&\s"'<>#\\]{6,})/gi,
  },
  {
    rule: "pair",
    // Quotes may be escaped: JSON inside a string of JSON.
    pattern:
      /\\{0,3}["']?\b[\w-]*(?:password|passwd|secret|api[_-]?key|access[_-]?token|refresh[_-]?token|private[_-]?key)\\{0,3}["']?\s*[:=]\s*\\{0,3}["']?([^\s"',;&}\\]{6,})/gi,
  },
];

/** Removes secrets from texts and JSON values, and counts what it removed. */
export interface Redactor {
  /** Remembers a secret of this process; it is then removed raw, URL-encoded and in base64. */
  learn(secret: string | null | undefined, rule: string): void;
  /** The text without secrets. Applying it twice changes nothing more. */
  text(text: string): string;
  /** A deep copy without secrets; values of secret-like keys go too. */
  json<T>(value: T): T;
  /** The value of one header without secrets; random-looking words go too. */
  header(name: string, value: string): string;
  /** How many secrets were removed, and by which rules. */
  readonly summary: { readonly rules: readonly string[]; readonly count: number };
}

/** First 12 hex digits of the SHA-256 of a secret: equal secrets stay comparable, nothing else is told. */
export function fingerprint(secret: string): string {
  return sha256Hex(secret).slice(0, 12);
}

/** The marker that stands for a secret. */
export function redactionMarker(rule: string, secret: string): string {
  return `[redacted:${rule}#${fingerprint(secret)}]`;
}

/** True when a key name says that its value is secret. */
export function isSecretKey(name: string): boolean {
  return SECRET_KEY.test(name);
}

/** Makes a redactor that knows no secret yet, only their shapes. */
export function createRedactor(): Redactor {
  const literals: { form: string; rule: string; secret: string }[] = [];
  const counts = new Map<string, number>();
  const known = new Set<string>();

  const mark = (rule: string, secret: string) => {
    counts.set(rule, (counts.get(rule) ?? 0) + 1);
    return redactionMarker(rule, secret);
  };

  const text = (input: string): string => {
    let output = input;
    for (const { form, rule, secret } of literals) {
      if (output.includes(form)) output = output.split(form).join(mark(rule, secret));
    }
    for (const { rule, pattern } of SHAPES) {
      output = output.replace(pattern, (whole: string, group: unknown) => {
        const secret = typeof group === "string" ? group : whole;
        if (secret.startsWith("[redacted:") || secret.startsWith("$RELAYFILE")) return whole;
        return whole.replace(secret, () => mark(rule, secret));
      });
    }
    return output;
  };

  const cleanValue = (key: string | null, value: string): string => {
    if (MARKER.test(value) || value === "") return value;
    if (key !== null && SECRET_KEY.test(key)) return mark("key", value);
    const clean = text(value);
    if (key !== null && clean === value && SECRET_LIKE_KEY.test(key) && looksRandom(value)) {
      return mark("key", value);
    }
    return clean;
  };

  const json = (value: unknown, key: string | null): unknown => {
    if (typeof value === "string") return cleanValue(key, value);
    if (Array.isArray(value)) return value.map((item) => json(item, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [text(name), json(item, name)]));
  };

  return {
    learn(secret, rule) {
      if (secret == null || secret.trim().length < LEARNED_CHARS_MIN || known.has(secret)) return;
      known.add(secret);
      for (const form of formsOf(secret.trim())) literals.push({ form, rule, secret: secret.trim() });
      // Longer forms first, so that a secret that contains another is replaced as a whole.
      literals.sort((a, b) => b.form.length - a.form.length);
    },
    text,
    json: <T>(value: T) => json(value, null) as T,
    header(name, value) {
      if (SECRET_KEY.test(name)) return mark("header", value);
      return text(value)
        .split(" ")
        .map((word) => (!word.includes("[redacted:") && looksRandom(word) ? mark("header", word) : word))
        .join(" ");
    },
    get summary() {
      const total = [...counts.values()].reduce((sum, n) => sum + n, 0);
      return { rules: [...counts.keys()].sort(), count: total };
    },
  };
}

/** A secret as it may appear: raw, URL-encoded, JSON-escaped, and inside base64 at each of the three alignments. */
function formsOf(secret: string): string[] {
  const bytes = new TextEncoder().encode(secret);
  const forms = new Set([secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1)]);
  for (const offset of [0, 1, 2]) {
    const shifted = new Uint8Array(offset + bytes.length);
    shifted.set(bytes, offset);
    const whole = shifted.toBase64({ omitPadding: true });
    // Characters that also encode neighbouring bytes are left out: they differ with the context.
    const core = whole.slice([0, 2, 3][offset], shifted.length % 3 === 0 ? undefined : -1);
    if (core.length < 8) continue;
    forms.add(core);
    forms.add(core.replaceAll("+", "-").replaceAll("/", "_"));
  }
  return [...forms];
}

/** True for a long word of mixed characters with high entropy: a key rather than a name, a path, an id or a date. */
function looksRandom(word: string): boolean {
  if (word.length < RANDOM_CHARS_MIN || !/^[A-Za-z0-9+/_=.~-]+$/.test(word)) return false;
  if (/^[0-9a-f-]+$/.test(word) || /^(?:rfv|rf|op|rev|evt|corr)_/.test(word)) return false;
  if (!/[a-z]/.test(word) || !/[A-Z]/.test(word) || !/\d/.test(word)) return false;
  const counts = new Map<string, number>();
  for (const char of word) counts.set(char, (counts.get(char) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / word.length) * Math.log2(count / word.length);
  return bits >= 3.5;
}
