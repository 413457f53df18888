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

/** The arguments are wrong. */
class CommandError extends Error {}

/** Runs one command. Resolves to the exit code: 0, 1 if the tracker failed, 2 for wrong arguments. */
export async function runTrackerCommand(
  args: readonly string[],
): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    write(Deno.stdout, USAGE);
    return 0;
  }
  try {
    write(Deno.stdout, JSON.stringify(await run(args)));
    return 0;
  } catch (error) {
    if (error instanceof CommandError) {
      write(Deno.stderr, `error: ${error.message}; ${USAGE}`);
      return 2;
    }
    if (!(error instanceof TrackerError)) throw error;
    write(
      Deno.stderr,
      `error: ${error.message}; check the URL and that the tracker runs`,
    );
    return 1;
  }
}

async function run(args: readonly string[]): Promise<unknown> {
  const [command, given, ...hashes] = args;
  if (given === undefined) throw new CommandError("arguments are missing");
  const url = readArgument(given, readUrl);
  const infoHashes = hashes.map((text) =>
    readArgument(text, (text) => infoHashFromHex(trimText(text)))
  );
  switch (command) {
    case "scrape":
      return { torrents: await scrape(url, infoHashes) };
    case "announce":
      if (infoHashes.length !== 1) {
        throw new CommandError("announce takes one info hash");
      }
      return await announceOnce(url, infoHashes[0]!);
    default:
      throw new CommandError(`unknown command ${JSON.stringify(command)}`);
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

/** Reads an argument. @throws {CommandError} With the reason. */
function readArgument<Value>(
  text: string,
  read: (text: string) => Value,
): Value {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CommandError(error.message, { cause: error });
  }
}

function write(stream: typeof Deno.stdout, text: string): void {
  let rest = new TextEncoder().encode(`${text}\n`);
  while (rest.length > 0) rest = rest.subarray(stream.writeSync(rest));
}
