/**
 * Paths and URLs of the torrent files on a tracker. Invariant: every file name has
 * one path, which decodes to that name; no character of a path or URL has a
 * meaning to a shell or in HTML.
 *
 * @module
 */

/** Path of the folder of torrent files on a tracker. */
export const TORRENT_FOLDER = "/torrents/";

/** A name or an address, IPv6 in brackets, and an optional port. */
const HOST =
  /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** `/torrents/some%20name.torrent`, for a name of well-formed Unicode. */
export function torrentPath(fileName: string): string {
  return TORRENT_FOLDER + percentEncode(fileName);
}

/** Encodes text for URLs and headers [RFC 5987]; a shell takes it for one word. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The name of the file at a path; `undefined` if the path is not one of a torrent file. */
export function torrentFileNameOf(path: string): string | undefined {
  return path.startsWith(TORRENT_FOLDER)
    ? percentDecode(path.slice(TORRENT_FOLDER.length))
    : undefined;
}

/** A part of a path as text; `undefined` if it is malformed. */
export function percentDecode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    // A % without two hex digits, or bytes that are not UTF-8.
    if (!(error instanceof URIError)) throw error;
    return undefined;
  }
}

/**
 * The origin that a browser used, from its `Host` header, so that the commands on
 * the page work where the page is read; `fallback` if the header is missing or
 * malformed.
 */
export function originOf(host: string | undefined, fallback: string): string {
  // A name has at most 253 characters, and a port follows.
  if (host === undefined || host.length > 260 || !HOST.test(host)) {
    return fallback;
  }
  return `http://${host.toLowerCase()}`;
}
