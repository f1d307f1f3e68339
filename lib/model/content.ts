/** Content of files between bytes and the wire. Apart from the schemas, so that a service starts without loading them. */

const strictText = new TextDecoder("utf-8", { fatal: true });

/** The bytes of a file's content as sent over the wire; undefined when the base64 is malformed. */
export function decodeContent(content: string, encoding: string | undefined): Uint8Array | undefined {
  if (encoding?.trim().toLowerCase() !== "base64") return new TextEncoder().encode(content);
  try {
    return Uint8Array.fromBase64(content);
  } catch {
    // Malformed base64 is an expected answer of this function, not a failure.
    return undefined;
  }
}

/** Content and encoding as sent over the wire: text when the bytes are valid UTF-8, else base64. */
export function encodeContent(bytes: Uint8Array): { content: string; encoding?: "base64" } {
  try {
    const content = strictText.decode(bytes);
    // A decoder drops a leading byte-order mark; such a file must travel as bytes to survive.
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf)
      return { content: bytes.toBase64(), encoding: "base64" };
    return { content };
  } catch {
    // Not UTF-8: base64 is the other wire form.
    return { content: bytes.toBase64(), encoding: "base64" };
  }
}
