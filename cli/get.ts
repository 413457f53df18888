/**
 * The program `get`: finds a share and fetches it as `peer` does. Then this machine offers
 * it as well, so that others find it when the first one is gone.
 */
import { abortable } from "@std/async/abortable";
import { measureRoom, shareTrackers } from "../lib/shares.ts";
import {
  displayName,
  sizeOfFiles,
  StorageError,
  type Torrent,
  withoutBrackets,
} from "../lib/torrents.ts";
import { invocationOf } from "./command_words.ts";
import {
  describeCandidate,
  findCandidates,
  readWhat,
  untilReady,
  type What,
} from "./find_share.ts";
import { flag, type FlagValues, parseCommandLine } from "./flags.ts";
import { createGetDisplay, type GetDisplay } from "./get_display.ts";
import { loadTorrents } from "./load_torrent.ts";
import { selectionOf } from "./file_choice.ts";
import { offerShare } from "./offer_share.ts";
import { type LoadOptions, type PeerParts, runPeer } from "./run_peer.ts";
import { checkOutput, FLAGS as PEER_FLAGS, type PeerJob } from "./peer_job.ts";
import { printable, shown } from "./printable.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import {
  EXIT_CODES,
  type ExitCode,
  NoShareError,
  ProgramError,
  UsageError,
} from "./program_error.ts";
import { formatSize, readDuration } from "./quantity.ts";
import { reportFailure, reportHost } from "./report_host.ts";
import type { Candidate } from "./share_search.ts";

/** Shares to choose from: any host can invent some. */
const MAX_LISTED = 40;

const HELP = `
Fetches what another machine of the network shares, and helps the others to it.

Usage: ${invocationOf("get")} [WHAT]

  WHAT    a share, by its name; the machine that shares, as NAME, ADDRESS,
          HOST:PORT or the URL of its page; a torrent file or its URL; a magnet
          link; or an info hash (default: the only share on the network)

Options:

Every piece is verified before it is stored. Ctrl+C ends get; to continue, run
it again. Without --exit-when-complete it goes on sending to the other machines.
`;

const { seedOnly: _, watch: __, retryForMs: ___, ...SHARED_FLAGS } = PEER_FLAGS;

export const FLAGS = {
  ...SHARED_FLAGS,
  ignoreSpace: flag(
    "--ignore-space  start even if the disk has not enough room for everything",
    { group: "Where it goes" },
  ),
  noDiscovery: flag(
    "--no-discovery  send no multicast: look for nothing on the network, and offer nothing",
    { group: "The network" },
  ),
  givenRetryForMs: flag(
    "--retry-for TIME  how long to wait for a share or its machine that is not up yet: 90s, 10m, 2h or forever (default: 60s; without WHAT, 3s)",
    { read: readDuration, group: "When it ends" },
  ),
} as const;

export interface GetJob extends FlagValues<typeof FLAGS>, PeerJob {
  readonly what: What;
}

export function parseGetJob(args: readonly string[]): GetJob {
  const { flags, positionals } = parseCommandLine(args, {
    flags: FLAGS,
    help: HELP,
    takes: { name: "WHAT", max: 1 },
  });
  checkOutput(flags);
  const what = readWhat(positionals[0]);
  if (what.type === "any" && flags.noDiscovery) {
    throw new UsageError(
      "--no-discovery: the network is not searched, so give WHAT",
    );
  }
  const retryForMs = flags.givenRetryForMs ??
    (what.type === "any" ? 3_000 : 60_000);
  const fixed = { seedOnly: false, watch: undefined, torrents: [] };
  return { ...flags, what, retryForMs, ...fixed };
}

export const get: Program = programOf(parseGetJob, runGet);

export async function runGet(
  job: GetJob,
  context: JobContext,
): Promise<ExitCode> {
  const { console } = context;
  const isShare = job.what.type !== "torrent";
  let display: GetDisplay;
  let isOffered = false;
  let isComplete = false;
  await using opened = new AsyncDisposableStack();
  const code = await runPeer(job, context, {
    createDisplay: (output) => display = createGetDisplay(job, output),
    load: (options) => load(job, { ...options, display }),
    onStarted: (run, session) => {
      if (isShare) opened.use(reportHost(run, { session, job }));
    },
    onSettled: (run, { port: peerPort }) => {
      if (run.phase !== "settled") return;
      isComplete = true;
      const isPublic = isShare && !run.torrent.isPrivate && !run.isPart;
      const mayOffer = isPublic && !job.exitWhenComplete && !job.noDiscovery;
      if (!mayOffer || isOffered) return;
      isOffered = true;
      const offer = offerShare(run, { job, console, peerPort });
      opened.defer(async () => await (await offer)[Symbol.asyncDispose]());
    },
  });
  // Unlike a peer, it was to fetch something.
  if (code === EXIT_CODES.done && !isComplete) context.signal.throwIfAborted();
  return code;
}

/** Finds the torrent of the job, and checks that there is room for it. */
async function* load(
  job: GetJob,
  { display, ...options }: LoadOptions & { readonly display: GetDisplay },
): ReturnType<PeerParts["load"]> {
  const { what } = job;
  const { console, signal } = options;
  if (what.type === "torrent") {
    for await (const group of loadTorrents([what.source], options)) {
      for (const { torrent } of group) await requireRoom(torrent, job);
      yield group;
    }
    return;
  }
  display.searching();
  const found = await findCandidates(job, { console, signal });
  const candidate = await choose(found, job, { console, display, signal });
  display.found(candidate);
  const { share, listing, host } = await untilReady(candidate, {
    ...{ job, console, signal },
    onWait: () => display.waiting(candidate),
  });
  const source = `http://${host}${share.path}`;
  for await (const [loaded] of loadTorrents([source], options)) {
    const { isPrivate } = loaded!.torrent;
    const announce = shareTrackers(loaded!.torrent.announce, {
      host,
      isSource: share.isSource,
    });
    const torrent = { ...loaded!.torrent, announce };
    requireExpected(torrent, { candidate, what, source });
    try {
      await requireRoom(torrent, job);
    } catch (error) {
      if (error instanceof StorageError) await reportFailure(torrent, error);
      throw error;
    }
    const { peerPort } = listing;
    const hostname = withoutBrackets(new URL(source).hostname);
    const peers = isPrivate || peerPort === undefined
      ? []
      : [{ hostname, port: peerPort }];
    yield [{ torrent, peers }];
  }
}

/** The only share, or the one that the user chooses at the terminal. */
async function choose(
  candidates: readonly Candidate[],
  { json, quiet }: GetJob,
  { console, display, signal }: Pick<JobContext, "console" | "signal"> & {
    readonly display: GetDisplay;
  },
): Promise<Candidate> {
  const [first, ...others] = candidates;
  if (others.length === 0) return first!;
  const list = candidates.slice(0, MAX_LISTED).map((candidate, index) =>
    `${index + 1}  ${describeCandidate(candidate)}`
  );
  const mayAsk = !json && !quiet && Deno.stdin.isTerminal() &&
    Deno.stderr.isTerminal();
  if (!mayAsk) {
    const get = invocationOf("get");
    const reason = `${candidates.length} are offered; name one: ${get} NAME, ` +
      `or ${get} http://${first!.hosts[0]}/torrents/NAME.torrent`;
    throw new NoShareError(`cannot choose a share: ${reason}`, list);
  }
  display.asking();
  for (const line of list) console.writeErrorLine(printable(`  ${line}`));
  for (;;) {
    console.writeErrorLine(`Which one? Type 1 to ${list.length} and Enter:`);
    const answer = await abortable(readLine(), signal);
    if (answer === undefined) {
      throw new NoShareError("cannot choose a share: the input has ended");
    }
    const chosen = candidates.slice(0, MAX_LISTED)[Number(answer) - 1];
    if (chosen !== undefined) return chosen;
  }
}

/** One line that the user types; `undefined` at the end of the input. */
async function readLine(): Promise<string | undefined> {
  const bytes = new Uint8Array(256);
  const length = await Deno.stdin.read(bytes);
  if (length === null) return undefined;
  return new TextDecoder().decode(bytes.subarray(0, length)).trim();
}

/**
 * Checks that a torrent is what the user saw before it was fetched, as any host can
 * offer a share: its name and length, and that a hidden file or folder, which may
 * hold settings of programs, was named by the user.
 * @throws {ProgramError} If it is not.
 */
function requireExpected(
  { name, files }: Torrent,
  { candidate, what, source }: {
    readonly candidate: Candidate;
    readonly what: What;
    /** The URL of its torrent file. */
    readonly source: string;
  },
): void {
  const { fileLength: length } = sizeOfFiles(files);
  const { sizeBytes = length } = candidate;
  const isNamed = what.type === "name" && what.name === name;
  const [has, said] = [formatSize(length), formatSize(sizeBytes)];
  const reason = displayName(name) !== displayName(candidate.name)
    ? `its torrent is called ${shown(name)}`
    : length !== sizeBytes
    ? `its torrent has ${has} instead of ${said}`
    : name.startsWith(".") && !isNamed
    ? "a hidden name may stand for settings of your programs"
    : undefined;
  if (reason === undefined) return;
  const fetched = `${shown(candidate.name)} from ${new URL(source).host}`;
  throw new ProgramError(
    `cannot fetch ${fetched}: ${reason}; if that is meant, give the URL of its torrent file`,
  );
}

/** @throws {StorageError} If the folder cannot be written or has not enough room. */
async function requireRoom(torrent: Torrent, job: GetJob): Promise<void> {
  const { wanted } = selectionOf(torrent, job);
  const room = await measureRoom(torrent, job.dir, wanted);
  const { path, neededLength, freeLength = Infinity } = room;
  if (neededLength <= freeLength || job.ignoreSpace) return;
  const [needed, free] = [formatSize(neededLength), formatSize(freeLength)];
  throw new StorageError(
    `Cannot fetch ${
      shown(torrent.name)
    }: it needs ${needed}, ${free} free on ${path}; make room, choose another --dir, or start all the same with --ignore-space`,
    // For the report of it.
    { cause: "ENOSPC" },
  );
}
