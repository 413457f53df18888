/**
 * How another machine joins a torrent whose file the tracker offers: a command
 * to copy. The file itself is a link away.
 *
 * @module
 */
import type { ListedTorrent } from "../../catalogue/torrent_catalogue.ts";
import { torrentPath } from "../../catalogue/torrent_links.ts";
import { type Html, markup } from "./html.ts";

/** How a command to join is written. */
export interface JoinOptions {
  /** How the peer is run: `peer`. */
  readonly peerCommand: string;
  /** Scheme, host and port of the tracker: `http://192.168.1.100:8000`. */
  readonly origin: string;
}

/** The command, with a button that the page's script makes work. */
export function renderJoinCommand(
  file: ListedTorrent,
  { peerCommand, origin }: JoinOptions,
): Html {
  return markup`<span class="command"><code>${peerCommand} ${origin}${
    torrentPath(file.fileName)
  }</code><button type="button" data-copy hidden>Copy</button></span>`;
}
