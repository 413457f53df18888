/**
 * Fetches the torrent of a magnet link that a command line names, reports what
 * happens meanwhile, and keeps it for the next start.
 */
import {
  type MagnetEvent,
  readSavedTorrent,
  saveTorrent,
  type Session,
} from "../lib/peers.ts";
import { resolveShareHost } from "../lib/shares.ts";
import {
  buildTorrentFile,
  FetchError,
  type MagnetLink,
  MetainfoError,
  parseMagnetLink,
  type PeerAddress,
  type Torrent,
} from "../lib/torrents.ts";
import type { Console } from "./console.ts";
import { printable } from "./printable.ts";
import { describeError, EXIT_CODES, ProgramError } from "./program_error.ts";

/** Least time: a single dial may take 8 s. */
const MIN_TIME_MS = 10_000;

export interface FetchMagnetOptions {
  readonly openSession: () => Promise<Pick<Session, "fetchMetadata">>;
  /** The download folder, which keeps the torrent for the next start. */
  readonly dir: string;
  /** Time until a server must have answered, or a peer sent the metadata. */
  readonly retryForMs: number;
  readonly signal: AbortSignal;
  readonly console: Pick<Console, "warn">;
  readonly report: (line: string) => void;
}

/** A torrent, and peers that are known to have it. */
interface FetchedTorrent {
  readonly torrent: Torrent;
  readonly peers: readonly PeerAddress[];
  /** Indexes of the files that the link selects. [BEP 53] */
  readonly options: { readonly files: readonly number[] | undefined };
}

/**
 * Returns the torrent of a magnet link: the one that an earlier start saved, or the
 * one that its peers send.
 * @throws {ProgramError} If no peer sends it in time, or it is invalid.
 */
export async function fetchMagnet(
  source: string,
  options: FetchMagnetOptions,
): Promise<FetchedTorrent> {
  const { dir, signal } = options;
  const link = parseMagnetLink(source);
  const { infoHash, trackers, files } = link;
  const run = { options: { files } };
  const fileName = `${infoHash}.torrent`;
  const saved = await readSavedTorrent(dir, fileName);
  if (saved?.infoHash === infoHash) {
    const announce = trackers.map((url) => [url]);
    // Only trackers may name the peers of a private torrent. [BEP 27]
    const peers = saved.isPrivate ? [] : await peersOf(link, signal);
    return { torrent: { ...saved, announce }, peers, ...run };
  }
  const torrent = await fetchFromPeers(source, link, options);
  await saveTorrent(dir, fileName, buildTorrentFile(torrent, trackers));
  return { torrent, peers: [], ...run };
}

async function peersOf(
  { peers }: MagnetLink,
  signal: AbortSignal,
): Promise<PeerAddress[]> {
  const found = await Promise.all(peers.map(async ({ hostname, port }) => {
    const hostnames = await resolveShareHost(hostname, { signal })
      .catch((error) => {
        if (error instanceof FetchError) return [];
        throw error;
      });
    return hostnames.map((hostname) => ({ hostname, port }));
  }));
  return found.flat();
}

async function fetchFromPeers(
  source: string,
  link: MagnetLink,
  { openSession, retryForMs, signal, console, report }: FetchMagnetOptions,
): Promise<Torrent> {
  const session = await openSession();
  const name = link.name ?? link.infoHash;
  report(`${name}: asking peers for the torrent's metadata`);
  const warned = new Set<string>();
  const onEvent = (event: MagnetEvent): void => {
    const text = describeEvent(event);
    // A tracker that is down fails in the same way each time.
    if (text === undefined || warned.has(text)) return;
    warned.add(text);
    console.warn(text);
  };
  const timeoutMs = Math.max(MIN_TIME_MS, retryForMs);
  try {
    return await session.fetchMetadata(link, { signal, timeoutMs, onEvent });
  } catch (error) {
    if (error instanceof FetchError) {
      const exitCode = EXIT_CODES.undone;
      const reason = `${describeError(error)}; see --retry-for`;
      throw new ProgramError(reason, { exitCode, cause: error });
    }
    if (!(error instanceof MetainfoError)) throw error;
    throw new ProgramError(
      `cannot use the torrent of ${source}: ${error.field}: ${error.reason}; ask for another torrent`,
      { exitCode: EXIT_CODES.invalidTorrent, cause: error },
    );
  }
}

/** The warning for an event; `undefined` if people need not see it. */
function describeEvent(event: MagnetEvent): string | undefined {
  switch (event.type) {
    case "announceFailed":
      return printable(event.reason.replace(/^C/, "c")) +
        "; other trackers and peers are asked for the metadata";
    case "metadataMismatched":
      return `what ${
        event.hostnames.join(", ")
      } sent is not the metadata of the torrent; fetching it again`;
    case "metadataPeerBanned":
      return `${event.hostname} sent wrong metadata alone; it is banned`;
    case "trackerWarning":
      return printable(`warning from tracker ${event.url}: ${event.text}`);
    case "announced":
    case "peerConnected":
      return undefined;
    default:
      return event satisfies never;
  }
}
