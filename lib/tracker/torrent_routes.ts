/**
 * The torrent files of a catalogue over HTTP: `/torrents/NAME.torrent`. A path is
 * only ever looked up among the names that are listed, so there is none that
 * leads anywhere else.
 *
 * @module
 */
import type { TorrentCatalogue } from "../catalogue/torrent_catalogue.ts";
import type { Route, TrackerResponse } from "./handler.ts";
import {
  TORRENT_FOLDER,
  torrentFileNameOf,
} from "../catalogue/torrent_links.ts";

/** The routes that a catalogue adds to a tracker's. */
export function torrentRoutes(
  catalogue: TorrentCatalogue,
): ReadonlyMap<string, Route> {
  return new Map<string, Route>([
    // What there is stands on the tracker's page.
    [TORRENT_FOLDER.slice(0, -1), toPage],
    [TORRENT_FOLDER, ({ path }) => {
      if (path === TORRENT_FOLDER) return toPage();
      return serve(catalogue, torrentFileNameOf(path));
    }],
  ]);
}

function toPage(): TrackerResponse {
  return { status: 302, headers: { location: "/" }, body: "" };
}

async function serve(
  catalogue: TorrentCatalogue,
  fileName: string | undefined,
): Promise<TrackerResponse> {
  const bytes = fileName === undefined
    ? undefined
    : await catalogue.read(fileName);
  if (fileName === undefined || bytes === undefined) {
    return {
      status: 404,
      headers: { "content-type": "text/plain; charset=utf-8" },
      body: "Not found. The tracker's page lists the torrents that it has.\n",
    };
  }
  return {
    status: 200,
    headers: {
      "content-type": "application/x-bittorrent",
      "content-disposition": attachment(fileName),
      "cache-control": "no-cache",
      "x-content-type-options": "nosniff",
    },
    body: bytes,
  };
}

/** A file to save under its name; the plain spelling is for what reads no other. [RFC 6266] */
function attachment(fileName: string): string {
  const plain = fileName.replace(/[^ -~]|["\\%]/gu, "_");
  const exact = encodeURIComponent(fileName).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${exact}`;
}
