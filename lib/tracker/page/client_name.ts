/**
 * Reads a client's name and version from its peer id. Peers choose their ids
 * freely: the result is a stranger's text.
 *
 * @module
 */
import { identifierToBytes, type PeerId } from "../../base/identifier.ts";

/** Clients by the two letters of the Azureus style. [BEP 20] */
const CLIENTS: ReadonlyMap<string, string> = new Map(
  `A2 aria2, AZ Vuze, BC BitComet, BI BiglyBT, BT BitTorrent, DE Deluge,
  FD Free Download Manager, GT anacrolix/torrent, KT KTorrent, LT libtorrent,
  PI PicoTorrent, RN rain, SD Xunlei, TL Tribler, TR Transmission, TX Tixati,
  UM µTorrent for Mac, UT µTorrent, UW µTorrent Web, WD WebTorrent Desktop,
  WW WebTorrent, lt rTorrent, qB qBittorrent, rQ rqbit`.split(/,\s+/)
    .map((client) => [client.slice(0, 2), client.slice(3)]),
);

/** Our own letters; the digits after them are no version. */
const OURS = "LS";

/**
 * `qBittorrent 4.5.2`, `aria2 1.36.0`, `lanswarm`. An unknown client keeps its
 * letters; an id of an unknown style is `unknown`.
 */
export function clientName(peerId: PeerId): string {
  const id = String.fromCharCode(...identifierToBytes(peerId));
  const azureus = /^-([A-Za-z][A-Za-z0-9])([0-9A-Za-z.]{4})-/.exec(id);
  if (azureus !== null) {
    const [, letters = "", version = ""] = azureus;
    if (letters === OURS) return "lanswarm";
    const name = CLIENTS.get(letters) ?? letters;
    return `${name} ${versionOf(letters, version)}`;
  }
  // The style of BitTorrent's first client, `M7-9-2--`, and of `A2-1-36-0-`.
  const dashed = /^(M|A2-)(\d+(?:-\d+){1,3})-/.exec(id);
  if (dashed !== null) {
    const [, letters, version = ""] = dashed;
    const name = letters === "M" ? "BitTorrent" : "aria2";
    return `${name} ${version.replaceAll("-", ".")}`;
  }
  return "unknown";
}

/** One base-36 digit for each part. Trailing zeros are dropped, but two parts stay. */
function versionOf(letters: string, digits: string): string {
  // Transmission 3 writes 3.00 as `3000`; version 4 writes one digit a part, `400Z`.
  if (letters === "TR" && /^[0-3]\d{3}$/.test(digits)) {
    return `${digits[0]}.${digits.slice(1, 3)}`;
  }
  const parts = Array.from(digits, (digit) => {
    const value = parseInt(digit, 36);
    return Number.isNaN(value) ? 0 : value;
  });
  while (parts.length > 2 && parts.at(-1) === 0) parts.pop();
  return parts.join(".");
}
