/**
 * The library as a program for scripts: scrapes a tracker or announces to it, and
 * prints the reply as one line of JSON. It needs the network permission alone.
 *
 * An announce makes its sender a peer. The program announces as a leecher that
 * does not listen (port 9, "discard"), and `stopped` right after, so that no peer
 * is left behind. The printed counts are those without it.
 *
 * @module
 */
import {
  type AnnounceRequest,
  createAnnounceKey,
  DEFAULT_NUMWANT,
} from "./announce/announce.ts";
import { announce, scrape } from "./announce/tracker_client.ts";
import { TrackerError } from "./base/errors.ts";
import {
  createPeerId,
  type InfoHash,
  infoHashFromHex,
} from "./base/identifier.ts";
import { readUrl, trimText } from "./base/clean_text.ts";

const DISCARD_PORT = 9;

const USAGE =
  "usage: scrape ANNOUNCE_URL [INFO_HASH...] | announce ANNOUNCE_URL INFO_HASH";

/** Runs one command. Resolves to the exit code: 0, 1 if the tracker failed, 2 for wrong arguments. */
export async function runTrackerCommand(
  args: readonly string[],
): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    write(Deno.stdout, USAGE);
    return 0;
  }
  let ask: () => Promise<unknown>;
  try {
    ask = parse(args);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    write(Deno.stderr, `error: ${error.message}; ${USAGE}`);
    return 2;
  }
  try {
    write(Deno.stdout, JSON.stringify(await ask()));
    return 0;
  } catch (error) {
    if (!(error instanceof TrackerError)) throw error;
    const advice = "check the URL and that the tracker runs";
    write(Deno.stderr, `error: ${error.message}; ${advice}`);
    return 1;
  }
}

/** @throws {RangeError} If the arguments are wrong. */
function parse(args: readonly string[]): () => Promise<unknown> {
  const [command, given, ...hashes] = args;
  if (given === undefined) throw new RangeError("arguments are missing");
  const url = readUrl(given);
  const infoHashes = hashes.map((text) => infoHashFromHex(trimText(text)));
  switch (command) {
    case "scrape":
      return async () => ({ torrents: await scrape(url, infoHashes) });
    case "announce":
      if (infoHashes.length !== 1) {
        throw new RangeError("announce takes one info hash");
      }
      return () => announceOnce(url, infoHashes[0]!);
    default:
      throw new RangeError(`unknown command ${JSON.stringify(command)}`);
  }
}

async function announceOnce(url: string, infoHash: InfoHash): Promise<unknown> {
  const request: AnnounceRequest = {
    infoHash,
    peerId: createPeerId(Math.random),
    port: DISCARD_PORT,
    uploaded: 0,
    downloaded: 0,
    left: 1,
    event: "started",
    numwant: DEFAULT_NUMWANT,
    key: createAnnounceKey(Math.random),
  };
  const started = await announce(url, request);
  const stopped = await announce(url, {
    ...request,
    event: "stopped",
    numwant: 0,
    trackerId: started.trackerId,
  });
  return {
    infoHash,
    complete: stopped.complete ?? started.complete,
    incomplete: stopped.incomplete ?? started.incomplete,
    intervalSeconds: started.intervalMs / 1000,
    minIntervalSeconds: started.minIntervalMs / 1000,
    warning: started.warning,
    peers: started.peers,
  };
}

function write(stream: typeof Deno.stdout, text: string): void {
  let rest = new TextEncoder().encode(`${text}\n`);
  while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
}
