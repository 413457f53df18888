/**
 * A URL as a QR code of characters, dark on light whatever the colours of the
 * terminal. Pure.
 *
 * @module
 */
import { encode } from "uqr";

/** Light modules around the code: readers find it by them. */
const QUIET_ZONE = 2;
/** Black on white of the fixed part of the palette, which themes do not change. */
const COLORS = "\x1b[38;5;16;48;5;231m";
const RESET = "\x1b[0m";

/** The lines of a QR code; each character shows two modules, one above the other. */
export function renderQrCode(text: string): string[] {
  const { data: modules } = encode(text, { ecc: "L", border: QUIET_ZONE });
  const lines: string[] = [];
  for (let row = 0; row < modules.length; row += 2) {
    const cells = modules[row]!.map((upper, column) => {
      const lower = modules[row + 1]?.[column] ?? false;
      return upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
    });
    lines.push(COLORS + cells.join("") + RESET);
  }
  return lines;
}
