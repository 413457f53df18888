/**
 * The program `share`: a peer that makes the torrents which it seeds, and tracks the
 * machines that fetch them. Everything that another machine needs to join is printed
 * before the content is read.
 */
import { basename, dirname, resolve } from "@std/path";
import { LockOwners } from "../lib/peers.ts";
import {
  joinLines,
  multicastRefusal,
  openFolderToken,
  type PreparedShare,
  prepareShare,
  readShare,
  type Rollout,
  type ShareServer,
} from "../lib/shares.ts";
import { checkSource } from "../lib/sources.ts";
import {
  joinSignals,
  openWorkerHasher,
  StorageError,
  type Torrent,
} from "../lib/torrents.ts";
import { openStore, PEER_TIMEOUT, type PeerStore } from "../lib/trackers.ts";
import { describeLost, findNameWarnings } from "./create.ts";
import { type Hints, readAlignment, readHints } from "./create_job.ts";
import {
  isWildcard,
  listeningAddresses,
  NO_NETWORK,
  urlHosts,
  watchAddresses,
} from "./lan_addresses.ts";
import { advertise, startServer } from "./offer_share.ts";
import { type LoadOptions, type PeerParts, runPeer } from "./run_peer.ts";
import { type JobContext, type Program, programOf } from "./program.ts";
import {
  describeError,
  type ExitCode,
  exitCodeOf,
  ProgramError,
  reportError,
  UsageError,
} from "./program_error.ts";
import { createShareDisplay, type ShareDisplay } from "./share_display.ts";
import {
  openShareRollout,
  parseShareJob,
  seederJob,
  type ShareJob,
} from "./share_job.ts";
import { countMachines, describeNeed } from "./share_output.ts";
import type { TorrentRun } from "./torrent_run.ts";
import { explainStart } from "./tracker.ts";

export const share: Program = programOf(parseShareJob, runShare);

/** Shares what the job names until a signal ends it, or enough machines are complete. */
export async function runShare(
  job: ShareJob,
  context: JobContext,
): Promise<ExitCode> {
  await using opened = new AsyncDisposableStack();
  const own = opened.use(await openShareRollout(job, context.console));
  const { rollout } = own;
  using joined = joinSignals(context.signal, own.met);
  const store = opened.use(
    await openStore("memory", {
      peerTimeoutMs: PEER_TIMEOUT,
      random: Math.random,
    }),
  );
  const { console } = context;
  const hints = await readHints(job, (text) => console.warn(text));
  const runs = new Map<string, TorrentRun>();
  rollout.control.listeners.add(() => {
    for (const run of runs.values()) obey(run, rollout);
  });
  const withdrawals = new Map<string, () => void>();
  let display: ShareDisplay;
  const peerContext = { ...context, signal: joined.signal };
  let code: ExitCode;
  try {
    code = await runPeer(seederJob(job), peerContext, {
      createDisplay: (output) =>
        display = createShareDisplay(output, { console, rollout, store }),
      load: (options) => {
        const parts = { context, display, rollout, opened, runs, store, hints };
        return load(job, { ...options, ...parts, withdrawals });
      },
      onSettled: (run) => {
        runs.set(run.torrent.infoHash, run);
        obey(run, rollout);
        if (run.phase === "stopped") withdrawals.get(run.torrent.infoHash)?.();
      },
    });
  } catch (error) {
    own.finish(exitCodeOf(error));
    throw error;
  }
  own.finish(code);
  return code;
}

interface ShareParts {
  readonly context: JobContext;
  readonly display: ShareDisplay;
  readonly rollout: Rollout;
  /** Holds what stays open until the end. */
  readonly opened: AsyncDisposableStack;
  readonly runs: ReadonlyMap<string, TorrentRun>;
  /** Called when one of them stops, by info hash. */
  readonly withdrawals: Map<string, () => void>;
  readonly store: PeerStore;
  readonly hints: Hints;
}

/** Starts the server, then makes and offers the torrents one after another. */
async function* load(
  job: ShareJob,
  { openSession, onFailed, recordSecret, signal, ...parts }:
    & LoadOptions
    & ShareParts,
): ReturnType<PeerParts["load"]> {
  const { context: { console, interrupt }, display, rollout, runs } = parts;
  const items = await Promise.all(job.paths.map((path) => openItem(path, job)));
  checkNames(items);
  const server = parts.opened.use(await openServer(job, parts));
  const session = await openSession();
  rollout.own = session.peerId;
  server.setPeerPort(session.port);
  const hosts = urlHosts(listeningAddresses(job.host), server.port);
  display.started({
    names: items.map(({ name }) => name),
    hosts,
    peerPort: session.port,
    isDiscovered: !job.noDiscovery && multicastRefusal() === undefined,
    join: joinLines(`http://${hosts[0]}`, server.executableTargets),
  });
  if (isWildcard(job.host)) {
    const watch = watchAddresses((fresh) =>
      display.reached(urlHosts(fresh, server.port))
    );
    if (parts.opened.use(watch).isLonely) console.warn(NO_NETWORK);
  }
  const dirs = items.map(({ path, existing }) =>
    existing?.dir ?? dirname(resolve(path))
  );
  await openTokens(dirs, { control: rollout.control, console, recordSecret });
  // After the addresses: it takes a tenth of a second to load.
  const advertiser = await advertise(job, { console, server });
  parts.opened.use(advertiser);
  if (interrupt !== undefined) {
    interrupt.staysOnce = () => stays(rollout, console);
  }
  const listed = items.map(({ name }) => server.add(name));
  listed.forEach(advertiser.set);
  using hasher = openWorkerHasher();
  const lockOwners = new LockOwners();
  const unwritable = new Set<string>();
  for (const [index, item] of items.entries()) {
    let current = listed[index]!;
    const withdraw = (): void => {
      server.remove(item.name);
      advertiser.remove(current);
    };
    let prepared: PreparedShare;
    try {
      prepared = item.existing ?? await prepareShare(item.path, {
        ...job,
        ...parts.hints,
        announce: hosts.map((host) => `http://${host}/announce`),
        recordSecret: job.mustVerify ? undefined : recordSecret,
        isAligned: readAlignment(job),
        name: item.name,
        creationDate: Math.floor(Date.now() / 1000),
        hasher,
        signal,
        onPaths: (paths) => console.warn(...findNameWarnings(paths)),
        onLost: (lost) => console.warn(...describeLost(lost)),
        onPlan: ({ fileLength, fileCount }) => {
          advertiser.set(server.setSize(item.name, fileLength));
          display.planned(item.name, { fileCount, length: fileLength });
        },
        onProgress: (progress) => display.hashed(item.name, progress),
      });
    } catch (error) {
      // The other shares go on.
      if (!(error instanceof StorageError)) throw error;
      onFailed(error);
      display.failed();
      withdraw();
      continue;
    }
    const { dir, stored, torrent, verified, isSaved } = prepared;
    if (!isSaved && !unwritable.has(dir)) {
      unwritable.add(dir);
      const consequence = rollout.control.tokens.size === 0
        ? "; pause, resume and limit need LANSWARM_TOKEN here"
        : "";
      console.warn(
        `nothing can be written in ${dir}: the next share hashes everything again${consequence}`,
      );
    }
    parts.withdrawals.set(torrent.infoHash, withdraw);
    rollout.addShare(
      torrent.infoHash,
      torrent.geometry.length,
      () => runs.get(torrent.infoHash)?.transfer,
    );
    // The pieces that this process has hashed need not be hashed again.
    const mustVerify = job.mustVerify && verified === undefined;
    yield [{
      torrent: announcedHere(torrent, job, server),
      options: {
        job: { ...seederJob(job), dir, mustVerify },
        ...{ stored, ...verified && { verified } },
        locking: { lockOwners },
        seedOnlyAdvice: item.existing === undefined
          ? "run share again to hash what is there now"
          : "name the folder of its content with --dir, or share the content itself",
      },
    }];
    const run = runs.get(torrent.infoHash);
    if (run?.phase !== "settled") continue;
    const offered = { ...prepared, storage: () => run.storage };
    const ready = await server.offer(item.name, offered);
    advertiser.remove(current);
    advertiser.set(current = ready);
    display.ready(ready, prepared);
  }
}

/** Pauses and limits a torrent here as its share is everywhere. */
function obey({ transfer, torrent }: TorrentRun, { control }: Rollout): void {
  const { isPaused, limit } = control.of(torrent.infoHash);
  const maxUploadBytesPerSecond = limit?.bytesPerSecond ?? 0;
  transfer?.control({ isPaused, maxUploadBytesPerSecond });
}

/** Makes the tokens of the folders that are shared from, unless the user named one. */
async function openTokens(
  dirs: readonly string[],
  { control: { tokens }, console, recordSecret }: {
    readonly control: Rollout["control"];
    readonly console: JobContext["console"];
    readonly recordSecret: Uint8Array | undefined;
  },
): Promise<void> {
  if (tokens.size > 0) return;
  for (const dir of new Set(dirs)) {
    try {
      const token = await openFolderToken(dir, recordSecret);
      if (token !== undefined) tokens.add(token);
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      console.warn(`pause, resume and limit are off: ${describeError(error)}`);
    }
  }
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
function stays(rollout: Rollout, console: JobContext["console"]): boolean {
  const nowMs = performance.now();
  const { fetching } = countMachines(rollout.hosts(nowMs));
  const light = rollout.light(nowMs);
  if (fetching === 0 || light === undefined) return false;
  console.warn(describeNeed(fetching, light.onlyHere));
  return true;
}

/** Something to share: hashed first, or a torrent file that exists. */
interface Item {
  readonly path: string;
  readonly name: string;
  readonly existing: PreparedShare | undefined;
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
  const called = `two PATHs are called ${JSON.stringify(twice.name)}`;
  throw new UsageError(`${called}; share one of them with another command`);
}

async function openServer(
  job: ShareJob,
  { context: { console }, rollout, store }: ShareParts,
): Promise<ShareServer> {
  return await startServer(job, {
    port: job.port,
    store,
    rollout,
    onAnnounce: ({ announce, outcome }) => {
      if (outcome.type === "refused") return;
      rollout.announced(announce, performance.now());
    },
    onError: (cause) => {
      const text = `cannot answer a request: ${cause}; the share goes on`;
      reportError(console, new ProgramError(text, { cause }), job);
    },
  }).catch((error) => {
    throw explainStart(error, "--port");
  });
}
