/**
 * Where a tracker's torrent files are: their paths and URLs, and the way back
 * from a path to a file's name. Invariant: each name has one path that leads back
 * to it, and nothing in a path or URL means anything to a shell or to HTML.
 *
 * @module
 */

/** The folder of the torrent files. */
export const TORRENT_FOLDER = "/torrents/";

/** Longest `Host` header taken: a name of 253 characters and a port. */
const MAX_HOST_LENGTH = 260;

/** A name or an address, in brackets if it is IPv6, and perhaps a port. */
const HOST =
  /^(?:[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_.])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i;

/** `/torrents/some%20name.torrent`. The name is well-formed Unicode. */
export function torrentPath(fileName: string): string {
  return TORRENT_FOLDER + encodeURIComponent(fileName).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** The name of the file that a path stands for; `undefined` if it stands for none. */
export function torrentFileNameOf(path: string): string | undefined {
  if (!path.startsWith(TORRENT_FOLDER)) return undefined;
  try {
    return decodeURIComponent(path.slice(TORRENT_FOLDER.length));
  } catch (error) {
    // A % without two hex digits, or bytes that are not UTF-8.
    if (!(error instanceof URIError)) throw error;
    return undefined;
  }
}

/**
 * Scheme and host as a browser asked for them, from its `Host` header, so that
 * what it shows can be copied to where it is read; `fallback` if that is nothing
 * that a URL may hold.
 */
export function originOf(host: string | undefined, fallback: string): string {
  const isHost = host !== undefined && host.length <= MAX_HOST_LENGTH &&
    HOST.test(host);
  return isHost ? `http://${host.toLowerCase()}` : fallback;
}
