/**
 * The program `share`: hashes files and folders, tracks the machines that fetch
 * them, and seeds them until a signal ends it. Everything that another machine needs
 * to join is printed before the content is read.
 *
 * @module
 */
import { basename, resolve } from "@std/path";
import {
  checkSource,
  createAddressFilter,
  joinLines,
  joinSignals,
  type ListedShare,
  LockOwners,
  Machines,
  multicastRefusal,
  openStore,
  openWorkerHasher,
  PEER_TIMEOUT,
  type PeerStore,
  type PreparedShare,
  prepareShare,
  readShare,
  type ShareServer,
  startShareServer,
  type Torrent,
  type WorkerHasher,
} from "../mod.ts";
import { invocationOf } from "./command_words.ts";
import { findNameWarnings } from "./create.ts";
import { setHangupAction, untilAborted } from "./interrupt.ts";
import {
  isWildcard,
  listeningAddresses,
  NO_NETWORK,
  ownNames,
  urlHosts,
  watchAddresses,
} from "./lan_addresses.ts";
import { advertise, ownExecutables } from "./offer_share.ts";
import { openListeningSession, openSecret } from "./peer.ts";
import { createPeerDisplay } from "./peer_display.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import {
  EXIT_CODES,
  type ExitCode,
  ProgramError,
  reportError,
  UsageError,
} from "./program_error.ts";
import { createShareDisplay, type ShareDisplay } from "./share_display.ts";
import { parseShareJob, seederJob, type ShareJob } from "./share_job.ts";
import { describeNeed } from "./share_output.ts";
import { TorrentRun, type TorrentRunOptions } from "./torrent_run.ts";
import { explainStart } from "./tracker.ts";

/** The program `share`. */
export const share: Program = programOf(parseShareJob, runShare);

/** Something to share: hashed first, or a torrent file that exists. */
interface Item {
  readonly path: string;
  readonly name: string;
  readonly existing: PreparedShare | undefined;
}

/** Shares what the job names until a signal ends it, or enough machines are complete. */
export async function runShare(
  job: ShareJob,
  context: JobContext,
): Promise<ExitCode> {
  const { console, interrupt, permissions } = context;
  setHangupAction(job, interrupt);
  const recordSecret = await openSecret(job, console);
  await permissions.keepOnly("read", "write", "net", "sys");
  const items = await Promise.all(job.paths.map((path) => openItem(path, job)));
  checkNames(items);
  const machines = new Machines();
  const ending = new AbortController();
  using joined = joinSignals(context.signal, ending.signal);
  const { signal } = joined;
  await using store = await openStore("memory", {
    peerTimeoutMs: PEER_TIMEOUT,
    random: Math.random,
    onChange: ({ type, peerId, swarm }) => {
      if (type === "expired") machines.left(peerId, swarm.infoHash);
    },
  });
  const hostnames = listeningAddresses(job.host);
  await using server = await openServer(job, {
    ...{ console, store, machines, hostnames },
    onAnnounced: () => {
      const { complete } = machines.counts();
      if (complete >= (job.expect ?? Infinity)) ending.abort();
    },
  });
  using hasher = openWorkerHasher();
  const session = openListeningSession(seederJob(job), hasher);
  machines.own = session.peerId;
  server.setPeerPort(session.port);
  const runs: TorrentRun[] = [];
  using display = createShareDisplay(job, { console, machines, store, runs });
  const hosts = urlHosts(hostnames, server.port);
  display.started({
    names: items.map(({ name }) => name),
    hosts,
    peerPort: session.port,
    isDiscovered: !job.noDiscovery && multicastRefusal() === undefined,
    join: joinLines(`http://${hosts[0]}`, server.executableTargets),
  });
  if (hostnames.length === 0) console.warn(NO_NETWORK);
  using _watch = isWildcard(job.host)
    ? watchAddresses((fresh) => display.reached(urlHosts(fresh, server.port)))
    : undefined;
  // After the addresses: it takes a tenth of a second to load.
  await using advertiser = await advertise(job, console);
  if (interrupt !== undefined) {
    interrupt.staysOnce = () => stays(machines, { runs, console });
  }
  const update = (share: ListedShare): void => {
    const { id, name, sizeBytes = 0, path } = share;
    const { hostName, port } = server;
    advertiser?.set({ id, name, sizeBytes, path, hostName, port });
  };
  const parts: SharingParts = {
    ...{ job, server, session, machines, display, recordSecret, hasher },
    ...{ hosts, update },
    withdraw: ({ id }) => advertiser?.remove(id),
    context: { ...context, signal },
    locking: { lockOwners: new LockOwners() },
    onSettled: () => {
      if (items.length === runs.length && runs.every(isStopped)) ending.abort();
    },
  };
  const listed = items.map(({ name }) => server.add(name));
  listed.forEach(update);
  try {
    for (const [index, item] of items.entries()) {
      await shareItem(item, { ...parts, listed: listed[index]!, runs });
    }
    // The records of what was verified are the last files that it writes.
    await Promise.all(runs.map((run) => run.saveProgress()));
    await permissions.keepOnly("read", "net", "sys");
    await untilAborted(signal);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    display.leaving();
    await Promise.all(runs.map((run) => run.restarted()));
    await session[Symbol.asyncDispose]();
    await Promise.all(runs.map((run) => run.close()));
  }
  if (runs.some((run) => run.hasFailed)) return EXIT_CODES.failed;
  const { complete } = machines.counts();
  if (complete >= (job.expect ?? 0)) return EXIT_CODES.done;
  throw new ProgramError(
    `cannot finish: ${complete} of the ${job.expect} machines of --expect are complete; run again to continue`,
    { exitCode: EXIT_CODES.undone },
  );
}

function isStopped({ phase }: TorrentRun): boolean {
  return phase === "stopped";
}

/** The parts that all items use. */
interface SharingParts
  extends
    Pick<TorrentRunOptions, "context" | "session" | "onSettled" | "locking"> {
  readonly job: ShareJob;
  readonly server: ShareServer;
  readonly machines: Machines;
  readonly display: ShareDisplay;
  readonly recordSecret: Uint8Array | undefined;
  readonly hasher: WorkerHasher;
  /** Hosts and ports of the tracker for other machines. */
  readonly hosts: readonly string[];
  /** Called when a share's size is known. */
  readonly update: (share: ListedShare) => void;
  /** Called before a share gets another id. */
  readonly withdraw: (share: ListedShare) => void;
}

/** Hashes an item, if no earlier share has, then offers and seeds it. */
async function shareItem(
  item: Item,
  { listed, runs, ...parts }: SharingParts & {
    readonly listed: ListedShare;
    readonly runs: TorrentRun[];
  },
): Promise<void> {
  const { job, context, server, display, recordSecret } = parts;
  const { console, signal } = context;
  const prepared = item.existing ?? await prepareShare(item.path, {
    announce: parts.hosts.map((host) => `http://${host}/announce`),
    recordSecret: job.mustVerify ? undefined : recordSecret,
    isPrivate: job.isPrivate,
    name: item.name,
    creationDate: Math.floor(Date.now() / 1000),
    ...{ hasher: parts.hasher, signal },
    onPaths: (paths) =>
      findNameWarnings(paths).forEach((text) => console.warn(text)),
    onPlan: ({ geometry, fileCount }) => {
      parts.update(server.setSize(item.name, geometry.length));
      display.planned(item.name, { fileCount, length: geometry.length });
    },
    onProgress: (progress) => display.hashed(item.name, progress),
  });
  if (!prepared.isSaved) {
    console.warn(
      `nothing can be written in ${prepared.dir}: the next share hashes everything again`,
    );
  }
  parts.machines.shares.add(prepared.torrent.infoHash);
  // The pieces that this process has hashed need not be hashed again.
  const mustVerify = job.mustVerify && prepared.verified === undefined;
  const run = new TorrentRun(announcedHere(prepared.torrent, job, server), {
    ...parts,
    job: { ...seederJob(job), dir: prepared.dir, mustVerify },
    display: createPeerDisplay({ json: false, quiet: true }, console),
    stored: prepared.stored,
    ...prepared.verified && { verified: prepared.verified },
    seedOnlyAdvice: item.existing === undefined
      ? "run share again to hash what is there now"
      : "name the folder of its content with --dir, or share the content itself",
  });
  runs.push(run);
  await run.start();
  if (run.phase !== "settled") return;
  const offered = { ...prepared, storage: () => run.storage };
  const ready = await server.offer(item.name, offered);
  parts.withdraw(listed);
  parts.update(ready);
  display.ready(ready, prepared);
}

/** The torrent with the tracker of this process first. */
function announcedHere(
  torrent: Torrent,
  { host }: ShareJob,
  { port }: ShareServer,
): Torrent {
  const hostname = isWildcard(host) ? "127.0.0.1" : host!;
  const [own] = urlHosts([hostname], port);
  const others = torrent.announce.filter((tier) =>
    !tier.some((url) => URL.parse(url)?.port === `${port}`)
  );
  return { ...torrent, announce: [[`http://${own}/announce`], ...others] };
}

/** True at a Ctrl+C while other machines need this one, after a line that says so. */
function stays(
  machines: Machines,
  { runs, console }: {
    readonly runs: readonly TorrentRun[];
    readonly console: JobContext["console"];
  },
): boolean {
  const { fetching } = machines.counts();
  const transfers = runs.flatMap(({ transfer }) => transfer ?? []);
  if (fetching === 0 || transfers.length === 0) return false;
  const sum = (numbers: readonly number[]): number =>
    numbers.reduce((sum, number) => sum + number, 0);
  const unique = sum(transfers.map((transfer) => transfer.countUnique()));
  const all = sum(
    transfers.map(({ torrent }) => torrent.geometry.pieceCount),
  );
  console.warn(describeNeed(fetching, all === 0 ? 0 : unique / all));
  return true;
}

async function openItem(path: string, job: ShareJob): Promise<Item> {
  if (/\.torrent$/i.test(path)) {
    const existing = await readShare(path, job.dir);
    return { path, name: job.name ?? existing.torrent.name, existing };
  }
  await checkSource(path);
  const name = job.name ?? basename(resolve(path));
  return { path, name, existing: undefined };
}

/** @throws {UsageError} If two items have one name, as a torrent file may name anything. */
function checkNames(items: readonly Item[]): void {
  const names = items.map(({ name }) => name);
  const twice = items.find(({ name }, index) => names.indexOf(name) !== index);
  if (twice === undefined) return;
  throw new UsageError(
    `two PATHs are called ${
      JSON.stringify(twice.name)
    }; share one of them with another command`,
  );
}

interface ServerParts {
  readonly console: JobContext["console"];
  readonly store: PeerStore;
  readonly machines: Machines;
  readonly hostnames: readonly string[];
  readonly onAnnounced: () => void;
}

async function openServer(
  job: ShareJob,
  { console, store, machines, hostnames, onAnnounced }: ServerParts,
): Promise<ShareServer> {
  const [publicHostname = "127.0.0.1"] = hostnames;
  const names = ownNames();
  try {
    return await startShareServer({
      port: job.port,
      ...job.host !== undefined && { hostname: job.host },
      permits: createAddressFilter(job),
      peerCommand: invocationOf("peer"),
      executables: ownExecutables(),
      hostName: names[1] ?? "",
      publicHostname,
      pageNames: names,
      store,
      onAnnounce: ({ announce, outcome }) => {
        if (outcome.type === "refused") return;
        machines.announced(announce);
        onAnnounced();
      },
      onError: (cause) => {
        const text = `cannot answer a request: ${cause}; the share goes on`;
        reportError(console, new ProgramError(text, { cause }), job);
      },
    });
  } catch (error) {
    throw explainStart(error, "--port");
  }
}
