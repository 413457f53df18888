/**
 * Serves the torrent files of a catalogue: `/torrents/NAME.torrent`. A path is
 * only looked up among the listed names, so no path leads to another file.
 *
 * @module
 */
import type { TorrentCatalogue } from "../catalogue/torrent_catalogue.ts";
import {
  percentEncode,
  TORRENT_FOLDER,
  torrentFileNameOf,
} from "../catalogue/torrent_links.ts";
import { type HttpResponse, TEXT_HEADERS } from "../http/response.ts";
import type { TrackerHandler } from "./http_handler.ts";

export function torrentRoutes(
  catalogue: TorrentCatalogue,
): ReadonlyMap<string, TrackerHandler> {
  return new Map<string, TrackerHandler>([
    [TORRENT_FOLDER.slice(0, -1), () => TO_PAGE],
    [
      TORRENT_FOLDER,
      ({ path }) =>
        path === TORRENT_FOLDER
          ? TO_PAGE
          : serve(catalogue, torrentFileNameOf(path)),
    ],
  ]);
}

/** The tracker's page lists the torrents. */
const TO_PAGE: HttpResponse = {
  status: 302,
  headers: { location: "/" },
  body: "",
};

const NOT_FOUND: HttpResponse = {
  status: 404,
  headers: TEXT_HEADERS,
  body: "Not found. The tracker's page lists its torrents.\n",
};

async function serve(
  catalogue: TorrentCatalogue,
  fileName: string | undefined,
): Promise<HttpResponse> {
  if (fileName === undefined) return NOT_FOUND;
  const body = await catalogue.read(fileName);
  if (body === undefined) return NOT_FOUND;
  const headers = {
    "content-type": "application/x-bittorrent",
    "content-disposition": attachment(fileName),
    "cache-control": "no-cache",
  };
  return { status: 200, headers, body };
}

/** A file to save under its name; the plain spelling is for old clients. [RFC 6266] */
export function attachment(fileName: string): string {
  const plain = fileName.replace(/[^ -~]|["\\%]/gu, "_");
  return `attachment; filename="${plain}"; filename*=UTF-8''${
    percentEncode(fileName)
  }`;
}
