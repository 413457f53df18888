/**
 * Sizes and colours of a page as a browser shows it.
 *
 * @module
 */
import type { Page } from "playwright-core";

/** The elements that are wider than the window. */
export async function overhang(page: Page): Promise<string[]> {
  return await page.evaluate(`(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    return Array.from(document.querySelectorAll("body *"))
      .filter((element) => element.getBoundingClientRect().right > clientWidth)
      .map((element) => element.outerHTML.slice(0, 100));
  })()`);
}

/** The brightness of the page's background and text, from 0 to 255. */
export async function brightness(
  page: Page,
): Promise<[background: number, text: number]> {
  const colours: [background: string, text: string] = await page.evaluate(
    `(() => {
    const { backgroundColor, color } = getComputedStyle(document.body);
    return [backgroundColor, color];
  })()`,
  );
  const [background, text] = colours.map((colour) =>
    Math.max(...colour.match(/\d+/g)!.slice(0, 3).map(Number))
  );
  return [background!, text!];
}
