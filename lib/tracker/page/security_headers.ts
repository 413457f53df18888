/**
 * What browsers are told so that the page stays what it is: nothing is loaded
 * from elsewhere, no script runs but ours, and no other page frames it.
 *
 * @module
 */
import { utf8 } from "./utf8.ts";

/** SHA-256 of bytes, 32 bytes long. */
export type Sha256 = (
  bytes: Uint8Array<ArrayBuffer>,
) => Promise<Uint8Array<ArrayBuffer>>;

/** What stands in the page. */
export interface SecurityHeadersOptions {
  /** Texts of the `<script>` elements. */
  readonly scripts: readonly string[];
  /** Texts of the `<style>` elements. */
  readonly styles: readonly string[];
  readonly sha256: Sha256;
}

/** The headers. */
export async function securityHeaders(
  { scripts, styles, sha256 }: SecurityHeadersOptions,
): Promise<Record<string, string>> {
  const source = async (texts: readonly string[]): Promise<string> =>
    (await Promise.all(texts.map((text) => hashSource(text, sha256))))
      .join(" ");
  return {
    "content-security-policy": [
      "default-src 'none'",
      `script-src ${await source(scripts)}`,
      `style-src ${await source(styles)}`,
      // The icon; the events and the page itself.
      "img-src data:",
      "connect-src 'self'",
      "form-action 'self'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
    ].join("; "),
    // For browsers that know no `frame-ancestors`.
    "x-frame-options": "DENY",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
  };
}

/** How a policy names an inline text. [CSP 3, 2.3.1] */
async function hashSource(text: string, sha256: Sha256): Promise<string> {
  const hash = await sha256(utf8(text));
  return `'sha256-${btoa(String.fromCharCode(...hash))}'`;
}
