/** Questions to a page, as source text that runs inside it: the types of this repository know no DOM. */

/** Pixels by which the page is wider than its window. */
export const OVERFLOW = "document.documentElement.scrollWidth - innerWidth";

/** Text of the focused element. */
export const FOCUSED_TEXT = "document.activeElement && document.activeElement.textContent";

/** True when the first evidence of the page has the focus. */
export const EVIDENCE_FOCUSED =
  'document.activeElement === document.querySelector(".evidence details summary")';

/** How the focused element is outlined. */
export const FOCUS_OUTLINE = "getComputedStyle(document.activeElement).outlineStyle";

/** What could run or load, and whether the page is whole. */
export const ANATOMY = `({
  foreign: document.querySelectorAll("script,img,svg,iframe,link,object,embed,form,base").length,
  handlers: [...document.querySelectorAll("*")].filter((one) =>
    [...one.attributes].some((attribute) => attribute.name.startsWith("on"))).length,
  whole: document.querySelector("body > footer") !== null && document.querySelector("h1") !== null,
})`;

/** Texts whose contrast with what lies behind them is below 4.5 : 1. */
export const FAINT_TEXTS = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const colour = (css) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = css;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const linear = (part) => (part <= 10 ? part / 3294.6 : ((part / 255 + 0.055) / 1.055) ** 2.4);
  const luminance = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const behind = (element) => {
    for (let at = element; at !== null; at = at.parentElement) {
      const found = colour(getComputedStyle(at).backgroundColor);
      if (found[3] === 255) return found;
    }
    return [255, 255, 255, 255];
  };
  const faint = [];
  let looked = 0;
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim() !== "");
    // The top band lies on a gradient; its tint is judged by eye.
    if (!own || element.getClientRects().length === 0 || element.closest("header.verdict, .sr, .jump")) continue;
    looked++;
    const front = luminance(colour(getComputedStyle(element).color));
    const back = luminance(behind(element));
    const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
    if (ratio < 4.5) faint.push(element.tagName + " " + element.className + " " + ratio.toFixed(2));
  }
  return { looked: looked > 20, faint };
})()`;

/** Source that parses `text` as a type and returns what `read` says about the document. */
export function parsedInPage(text: string, type: "application/xml" | "text/html", read: string): string {
  return `((parsed) => (${read}))(new DOMParser().parseFromString(${JSON.stringify(text)}, ${JSON.stringify(type)}))`;
}
