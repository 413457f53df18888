/**
 * Whom a proxy forwards for, by the headers that it adds. They are anybody's word
 * unless the tracker can only be reached through the proxy. Where a header names
 * several, the last counts: that one the proxy added itself, those before it came
 * with the request.
 *
 * @module
 */
import { parseIpAddress } from "../base/ip_address.ts";

/**
 * The IP address that `Forwarded` [RFC 7239], `X-Forwarded-For` or `X-Real-IP`
 * names, the first of them that names one; `undefined` if none does.
 */
export function forwardedHostname(
  header: (name: string) => string | undefined,
): string | undefined {
  return forwardedFor(header("forwarded")) ??
    hostnameOf(lastOf(header("x-forwarded-for"))) ??
    hostnameOf(header("x-real-ip"));
}

/** Of `for=192.0.2.43;proto=http, for="[2001:db8::1]:4711"` the last address. */
function forwardedFor(value: string | undefined): string | undefined {
  const node = /(?:^|;)\s*for=("?)([^";]*)\1\s*(?:;|$)/i
    .exec(lastOf(value) ?? "");
  return hostnameOf(node?.[2]);
}

function lastOf(value: string | undefined): string | undefined {
  return value?.slice(value.lastIndexOf(",") + 1).trim();
}

/** The address of `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`. */
function hostnameOf(node: string | undefined): string | undefined {
  if (node === undefined) return undefined;
  const [, bracketed, ipv4] = /^\[(.*)\](?::\d+)?$|^([\d.]+):\d+$/
    .exec(node.trim()) ?? [];
  const hostname = bracketed ?? ipv4 ?? node.trim();
  return parseIpAddress(hostname) === undefined ? undefined : hostname;
}
