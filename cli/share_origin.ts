/**
 * The machine of a share as a command line names it: `http://192.168.1.10:8000/`,
 * `192.168.1.10`, `lanswarm.local`.
 *
 * @module
 */
import {
  DEFAULT_TRACKER_PORT,
  multicastRefusal,
  readUrl,
  resolveLocalName,
} from "../mod.ts";
import { urlHosts } from "./lan_addresses.ts";

/**
 * Reads where a share is: the URL of its page, or its host.
 * @throws {RangeError | SyntaxError}
 */
export function readOrigin(text: string): string {
  if (/^https?:\/\//i.test(text)) return new URL(readUrl(text)).origin;
  const url = new URL(readUrl(`http://${text}`));
  if (!/:\d+\/?$/.test(text)) url.port = `${DEFAULT_TRACKER_PORT}`;
  return url.origin;
}

/**
 * The origin with an address in the place of a name of multicast DNS; `undefined` if
 * no machine answers to it, and perhaps the system knows it.
 */
export async function locate(
  origin: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { protocol, hostname, port } = new URL(origin);
  if (!/\.local\.?$/i.test(hostname)) return origin;
  if (multicastRefusal() !== undefined) return undefined;
  const addresses = await resolveLocalName(hostname, { signal })
    .catch((error) => {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
      return [];
    });
  const [address] = addresses.filter((text) => /^[\d.]+$/.test(text))
    .concat(addresses);
  return address &&
    `${protocol}//${urlHosts([address], Number(port || 80))[0]}`;
}
