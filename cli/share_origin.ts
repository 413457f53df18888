/**
 * The origin of a machine that shares, as a command line names it.
 */
import {
  DEFAULT_TRACKER_PORT,
  multicastRefusal,
  resolveLocalName,
  type ResolveLocalNameOptions,
} from "../lib/machines.ts";
import { readUrl } from "../lib/values.ts";
import { urlHosts } from "./lan_addresses.ts";

/** The addresses of a `.local` name, as multicast DNS says; none if nobody answers. */
export async function resolveLocal(
  hostname: string,
  options: ResolveLocalNameOptions,
): Promise<readonly string[]> {
  const canAsk = /\.local\.?$/i.test(hostname) &&
    multicastRefusal() === undefined;
  if (!canAsk) return [];
  return await resolveLocalName(hostname, options).catch((error) => {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return [];
  });
}

/**
 * Reads an origin as a command line names it: `http://192.168.1.10:8000/`,
 * `192.168.1.10`, `lanswarm.local`. @throws {RangeError | SyntaxError}
 */
export function readOrigin(text: string): string {
  if (/^https?:\/\//i.test(text)) return new URL(readUrl(text)).origin;
  const url = new URL(readUrl(`http://${text}`));
  if (!/:\d+\/?$/.test(text)) url.port = `${DEFAULT_TRACKER_PORT}`;
  return url.origin;
}

/**
 * The origin with an address in the place of a name of multicast DNS; `undefined` if
 * the name is another one, or no machine answers to it.
 */
export async function locate(
  origin: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { protocol, hostname, port } = new URL(origin);
  const addresses = await resolveLocal(hostname, { signal });
  const address = addresses.find((text) => /^[\d.]+$/.test(text)) ??
    addresses[0];
  return address &&
    `${protocol}//${urlHosts([address], Number(port || 80))[0]}`;
}
