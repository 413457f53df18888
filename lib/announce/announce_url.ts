/**
 * The client's half of a tracker's query: which URL to fetch for an announce or
 * a scrape. Bytes are percent-encoded one by one, whatever they mean.
 *
 * @module
 */
import {
  identifierToBytes,
  type InfoHash,
  type PeerId,
} from "../base/identifier.ts";
import type { AnnounceRequest } from "./announce.ts";

/** The URL that performs `request` at the tracker `url`, whose own query is kept. [BEP 3, 23] */
export function announceUrl(url: string, request: AnnounceRequest): string {
  const parameters = [
    `info_hash=${escapeIdentifier(request.infoHash)}`,
    `peer_id=${escapeIdentifier(request.peerId)}`,
    `port=${request.port}`,
    `uploaded=${request.uploaded}`,
    `downloaded=${request.downloaded}`,
    `left=${request.left}`,
    `numwant=${request.numwant}`,
  ];
  if (request.key !== undefined) {
    parameters.push(`key=${encodeURIComponent(request.key)}`);
  }
  parameters.push("compact=1");
  if (request.event !== "update") parameters.push(`event=${request.event}`);
  if (request.trackerId !== undefined) {
    parameters.push(`trackerid=${encodeURIComponent(request.trackerId)}`);
  }
  return appendQuery(url, parameters);
}

/**
 * The URL that scrapes `infoHashes`, or everything if there are none, at the
 * tracker with this announce URL; `undefined` if the tracker cannot be scraped:
 * the last part of its path does not begin with `announce`. [BEP 48]
 */
export function scrapeUrl(
  url: string,
  infoHashes: readonly InfoHash[],
): string | undefined {
  const parts = /^([^?#]*\/)announce([^/?#]*)(\?[^#]*)?(#.*)?$/.exec(url);
  if (parts === null) return undefined;
  const [, folder = "", rest = "", query = ""] = parts;
  return appendQuery(
    `${folder}scrape${rest}${query}`,
    infoHashes.map((infoHash) => `info_hash=${escapeIdentifier(infoHash)}`),
  );
}

function appendQuery(url: string, parameters: readonly string[]): string {
  const base = url.replace(/#.*$/, "");
  if (parameters.length === 0) return base;
  const separator = !base.includes("?") ? "?" : /[?&]$/.test(base) ? "" : "&";
  return base + separator + parameters.join("&");
}

/** `%` and two hex digits a byte; letters and digits stay as they are. [RFC 3986] */
function escapeIdentifier(identifier: InfoHash | PeerId): string {
  let text = "";
  for (const byte of identifierToBytes(identifier)) {
    const character = String.fromCharCode(byte);
    text += /[0-9A-Za-z._~-]/.test(character)
      ? character
      : `%${byte.toString(16).padStart(2, "0").toUpperCase()}`;
  }
  return text;
}
