import assert from "node:assert/strict";
import type { Locator } from "playwright-core";

/** Least contrast of text with what is behind it: WCAG 2.1, 1.4.3; large text is 24 px, or 18.66 px and bold. */
const leastContrast = 4.5;
const leastOfLarge = 3;

/** Less is not seen. */
export const visible = 2;

/** A text on the screen, with the contrast that it has. */
interface Shown {
  readonly text: string;
  readonly contrast: number;
  readonly large: boolean;
}

/**
 * Asserts that a part of the screen holds the text and that each text that a person must read in it can be read: in its colour
 * on what is painted behind it. Controls that are out of action are left out, as WCAG does.
 * @param least the least contrast; `visible` where a theme chooses the colours, as it does for the words of a language
 */
export async function readable(part: Locator, holding: RegExp, least = leastContrast): Promise<void> {
  const shown = await part.first().evaluate(look);
  const texts = shown.map(({ text }) => text).join(" ");
  assert.match(texts, holding);
  const pale = shown
    .filter(({ contrast, large }) => contrast < (large ? Math.min(least, leastOfLarge) : least))
    .map(({ text, contrast }) => `${text}: ${contrast.toFixed(2)}`);
  assert.deepEqual(pale, []);
}

/** Runs in the page. */
function look(top: Element): Shown[] {
  type Colour = [red: number, green: number, blue: number, alpha: number];
  const colourOf = (css: string): Colour => {
    const [red = 0, green = 0, blue = 0, alpha = 1] = (css.match(/-?[\d.]+(?:e-?\d+)?/g) ?? []).map(Number);
    // `color(srgb …)` counts from 0 to 1.
    const scale = css.startsWith("color(") ? 255 : 1;
    return [red * scale, green * scale, blue * scale, alpha];
  };
  const over = (front: Colour, back: Colour): Colour => {
    const mix = (index: 0 | 1 | 2): number => front[index] * front[3] + back[index] * (1 - front[3]);
    return [mix(0), mix(1), mix(2), 1];
  };
  const parentOf = (element: Element): Element | null => {
    const { parentElement } = element;
    if (element.assignedSlot !== null) return element.assignedSlot;
    if (parentElement !== null) return parentElement;
    const place = element.getRootNode();
    return place instanceof ShadowRoot ? place.host : null;
  };
  const behind = (element: Element): Colour => {
    const layers: Colour[] = [];
    for (let at: Element | null = element; at !== null; at = parentOf(at)) {
      const layer = colourOf(getComputedStyle(at).backgroundColor);
      layers.unshift(layer);
      if (layer[3] === 1) break;
    }
    return layers.reduce((back, front) => over(front, back), page);
  };
  // What a webview leaves transparent is painted by the workbench around it.
  const probe = document.createElement("i");
  probe.style.color = "var(--vscode-sideBar-background, var(--vscode-editor-background, Canvas))";
  top.append(probe);
  const page = colourOf(getComputedStyle(probe).color);
  probe.remove();
  const opacityOf = (element: Element): number => {
    let opacity = 1;
    for (let at: Element | null = element; at !== null; at = parentOf(at))
      opacity *= Number(getComputedStyle(at).opacity);
    return opacity;
  };
  const brightness = (colour: Colour): number => {
    const linear = (index: 0 | 1 | 2): number => {
      const part = colour[index] / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * linear(0) + 0.7152 * linear(1) + 0.0722 * linear(2);
  };
  const contrastOf = (one: Colour, other: Colour): number => {
    const [dark = 0, light = 0] = [brightness(one), brightness(other)].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const shown: Shown[] = [];
  const walk = (element: Element): void => {
    if (element.matches(":disabled, [aria-disabled=true], [disabled]")) return;
    const style = getComputedStyle(element);
    if (style.display === "none" || style.visibility === "hidden") return;
    const text = [...element.childNodes]
      .flatMap((node) => (node instanceof Text ? [node.data.trim()] : []))
      .join(" ")
      // An editor writes its spaces as hard ones.
      .replace(/\s+/g, " ")
      .trim();
    const { width, height } = element.getBoundingClientRect();
    const opacity = opacityOf(element);
    // A text for screen readers alone is a pixel in size; a fold that is not open has no opacity.
    if (text !== "" && width > 1 && height > 1 && opacity > 0) {
      const back = behind(element);
      const [red, green, blue, alpha] = colourOf(style.color);
      const size = parseFloat(style.fontSize);
      shown.push({
        text: text.slice(0, 80),
        contrast: contrastOf(over([red, green, blue, alpha * opacity], back), back),
        large: size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700),
      });
    }
    for (const child of [...element.children, ...(element.shadowRoot?.children ?? [])]) walk(child);
  };
  walk(top);
  return shown;
}
