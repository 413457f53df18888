/**
 * The surroundings of the program `peer`: a tracker and a seeder in the test's own
 * process, with counts that a test can read, and a folder for everything.
 */
import { assert, assertEquals } from "@std/assert";
import { dirname, join } from "@std/path";
import {
  createTorrent,
  openFileStorage,
  type RunningTracker,
  saveTorrentFile,
  type ScrapeEntry,
  type Session,
  startTracker,
  type Torrent,
} from "../../mod.ts";
import { scrape } from "../../lib/mod.ts";
import { sha256Of } from "../../scripts/programs/sample_file.ts";
import { makeContent } from "./memory_torrent.ts";
import {
  type ProgramResult,
  type RunningProgram,
  startProgram,
} from "../../scripts/programs/running_program.ts";
import {
  runTask,
  spawnTask,
  taskArguments,
} from "../../scripts/programs/tasks.ts";
import { openLocalSession, Share } from "./share.ts";
import { until } from "../until.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** A torrent file on the disk, and its content elsewhere. */
export interface PublishedTorrent {
  readonly torrent: Torrent;
  readonly path: string;
  /** The folder that the content is seeded from. */
  readonly source: string;
}

export interface PublishOptions {
  /** Length of each file in bytes, by path below the torrent's name; "" is a single file. */
  readonly files: Readonly<Record<string, number>>;
  /** In bytes. @default {65536} */
  readonly pieceLength?: number;
  /** @default {the swarm's tracker} */
  readonly announce?: readonly string[];
}

export class LocalSwarm implements AsyncDisposable {
  /** An empty folder for what a test needs. */
  readonly folder: string;
  readonly tracker: RunningTracker;
  readonly #session: Session;
  readonly #resources: AsyncDisposableStack;
  readonly #seeders = new Map<PublishedTorrent, Share>();

  private constructor(
    folder: string,
    tracker: RunningTracker,
    resources: AsyncDisposableStack,
  ) {
    this.folder = folder;
    this.tracker = tracker;
    this.#resources = resources;
    this.#session = openLocalSession();
  }

  static async open(): Promise<LocalSwarm> {
    const resources = new AsyncDisposableStack();
    const { path } = resources.use(await temporaryFolder());
    const tracker = resources.use(
      await startTracker({ port: 0, hostname: "127.0.0.1" }),
    );
    return new LocalSwarm(path, tracker, resources);
  }

  /** Makes content and a torrent file of it. */
  async publish(
    name: string,
    options: PublishOptions,
  ): Promise<PublishedTorrent> {
    const source = join(this.folder, "source");
    for (const [file, length] of Object.entries(options.files)) {
      const path = join(source, name, file);
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeFile(path, makeContent(name + file, length));
    }
    const { bytes, torrent } = await createTorrent(join(source, name), {
      announce: options.announce ?? [this.tracker.announceUrl],
      pieceLength: options.pieceLength ?? 65_536,
    });
    const path = join(this.folder, `${name}.torrent`);
    await saveTorrentFile(path, bytes);
    return { torrent, path, source };
  }

  /** Publishes a torrent and seeds it until the end. */
  async seed(
    name: string,
    options: PublishOptions,
  ): Promise<PublishedTorrent> {
    const published = await this.publish(name, options);
    const { torrent, source } = published;
    const storage = await openFileStorage(torrent, { dir: source });
    this.#resources.use(storage);
    const content = new Uint8Array();
    const share = await Share.start(
      this.#session,
      { torrent, content },
      storage,
    );
    assert(share.transfer.isComplete);
    this.#seeders.set(published, share);
    return published;
  }

  /** Bytes of a torrent that the seeder has sent. */
  uploadedBytes(published: PublishedTorrent): number {
    return this.#seeders.get(published)!.transfer.snapshot().uploadedBytes;
  }

  /** Waits until the seeder has noticed that nobody is there. */
  async abandoned(published: PublishedTorrent): Promise<void> {
    const { transfer } = this.#seeders.get(published)!;
    await until(
      () => transfer.snapshot().peers.length === 0,
      "the seeder has no connection",
    );
  }

  async counts({ torrent }: PublishedTorrent): Promise<ScrapeEntry> {
    const { announceUrl } = this.tracker;
    const [entry] = await scrape(announceUrl, [torrent.infoHash]);
    return entry!;
  }

  /** Waits until the tracker counts so many seeders and leechers. */
  async untilCounts(
    published: PublishedTorrent,
    expected: readonly [complete: number, incomplete: number],
  ): Promise<void> {
    await until(async () => {
      const entry: ScrapeEntry | undefined = await this.counts(published);
      const { complete = 0, incomplete = 0 } = entry ?? {};
      return complete === expected[0] && incomplete === expected[1];
    }, `there are ${expected} seeders and leechers`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
    await this.#resources.disposeAsync();
  }
}

/** Listening where no other machine can call, on any free port. */
export const LOCAL_FLAGS = ["--host=127.0.0.1", "--port=0"];

export function spawnPeer(...args: string[]): RunningProgram {
  return spawnTask("peer", [...LOCAL_FLAGS, ...args]);
}

export async function runPeer(...args: string[]): Promise<ProgramResult> {
  return await runTask("peer", [...LOCAL_FLAGS, ...args]);
}

/** Throws unless every file of the torrent below `dir` equals its source. */
export async function assertCopied(
  { torrent, source }: PublishedTorrent,
  dir: string,
): Promise<void> {
  for (const { path } of torrent.files) {
    const copy = await sha256Of(join(dir, ...path));
    assert(copy === await sha256Of(join(source, ...path)), path.join("/"));
  }
}

/** Starts `peer` with at most `handleCount` file descriptors. */
export function spawnLimitedPeer(
  handleCount: number,
  ...args: string[]
): RunningProgram {
  return startProgram("peer", [
    ...["sh", "-c", `ulimit -n ${handleCount}; exec "$@"`, "sh"],
    ...[Deno.execPath(), ...taskArguments("peer"), ...LOCAL_FLAGS, ...args],
  ]);
}

/** Publishes or seeds torrents of one small file each. */
export async function smallTorrents(
  count: number,
  add: LocalSwarm["publish"],
): Promise<PublishedTorrent[]> {
  const torrents: PublishedTorrent[] = [];
  for (let index = 0; index < count; index++) {
    torrents.push(await add(`${index}.bin`, { files: { "": 20_000 + index } }));
  }
  return torrents;
}

/** Downloads the first and the last of the torrents to `dir`. */
export async function assertEndsAreServed(
  torrents: readonly PublishedTorrent[],
  dir: string,
): Promise<void> {
  const ends = [torrents[0]!, torrents.at(-1)!];
  const { code, stderr } = await runPeer(
    ...["--dir", dir, "--exit-when-complete"],
    ...ends.map(({ path }) => path),
  );
  assertEquals([code, stderr], [0, ""]);
  for (const end of ends) await assertCopied(end, dir);
}
