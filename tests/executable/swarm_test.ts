import { assertEquals } from "@std/assert";
import { waitUntilComplete } from "../../scripts/clients/client.ts";
import { aria2 } from "../../scripts/clients/stock_clients.ts";
import type { ExecutablePaths } from "../../scripts/compile/targets.ts";
import { bareHost, NOBODY } from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan, type Lan } from "../../scripts/lan/lan.ts";
import {
  type SharedTorrent,
  startPeer,
  TORRENT_NAME,
  waitForCounts,
} from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import {
  announceUrl,
  carryTorrent,
  createTorrent,
  startTracker,
  stopPeer,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { executableTest } from "./executable_test_case.ts";

const MIB = 1024 * 1024;
const NAME = "sample.bin";
/** Not a multiple of a piece or a block. */
const LENGTH = 12 * MIB + 4321;

/** A running tracker and a torrent, both of executables on bare hosts. */
interface Share {
  readonly seeder: Host;
  readonly torrent: SharedTorrent;
  readonly sha256: string;
  /** Ends the tracker as a user does, and asserts that it ends without error. */
  stopTracker(): Promise<void>;
}

async function shareSample<Name extends string>(
  lan: Lan<Name | "tracker" | "seeder">,
  options: { readonly executables: ExecutablePaths; readonly user?: number },
): Promise<Share> {
  const tracker = await bareHost(lan.host("tracker"), {
    ...options,
    programs: ["tracker"],
  });
  const seeder = await bareHost(lan.host("seeder"), {
    ...options,
    programs: ["peer"],
  });
  const trackerProgram = await startTracker(tracker);
  await writeRandomFile(seeder.path(NAME), LENGTH);
  return {
    seeder,
    torrent: await createTorrent(seeder, NAME, announceUrl(tracker)),
    sha256: await sha256Of(seeder.path(NAME)),
    stopTracker: async () => {
      const { code, stderr } = await trackerProgram.stop("SIGTERM");
      assertEquals({ code, stderr }, { code: 0, stderr: "" });
    },
  };
}

/** Two leechers download from a seeder, are counted and leave; all are executables. */
async function shareBetweenBareHosts(
  options: { readonly executables: ExecutablePaths; readonly user?: number },
): Promise<void> {
  await using lan = await createLan(["tracker", "seeder", "l1", "l2"]);
  const share = await shareSample(lan, options);
  const { seeder, torrent, sha256 } = share;
  const leechers = await Promise.all(
    (["l1", "l2"] as const).map((name) =>
      bareHost(lan.host(name), { ...options, programs: ["peer"] })
    ),
  );
  const peers = [startPeer(seeder)];
  for (const leecher of leechers) {
    await carryTorrent(torrent, leecher);
    peers.push(startPeer(leecher));
  }
  await Promise.all(peers.slice(1).map(waitUntilCompleted));
  for (const leecher of leechers) {
    assertEquals(await sha256Of(leecher.path(NAME)), sha256, leecher.name);
  }

  const asker = lan.host("tracker");
  // The count drops at once, long before the tracker would drop a silent peer.
  for (let complete = peers.length; complete > 0; complete--) {
    await waitForCounts(asker, torrent, { complete, incomplete: 0 });
    await stopPeer(peers.pop()!);
  }
  await waitForCounts(asker, torrent, { complete: 0, incomplete: 0 });
  await share.stopTracker();
}

executableTest(
  "machines with only an executable and a writable folder share a file",
  (executables) => shareBetweenBareHosts({ executables }),
);

executableTest(
  "machines share a file as the user nobody",
  (executables) => shareBetweenBareHosts({ executables, user: NOBODY }),
);

executableTest(
  "executables, the source and aria2 make one swarm",
  async (executables) => {
    await using lan = await createLan([
      ...["tracker", "seeder", "executable", "source", "aria2"] as const,
    ]);
    const { seeder, torrent, sha256 } = await shareSample(lan, { executables });
    const leecher = await bareHost(lan.host("executable"), {
      executables,
      programs: ["peer"],
    });
    const source = lan.host("source");
    const stock = lan.host("aria2");
    const leechers = [leecher, source, stock];
    for (const host of leechers) await carryTorrent(torrent, host);
    // The seeder is slow: the leechers have to serve each other.
    startPeer(seeder, ["--max-upload", `${4 * MIB}`]);
    await Promise.all([
      waitUntilCompleted(startPeer(leecher)),
      waitUntilCompleted(startPeer(source)),
      waitUntilComplete(stock, await aria2.start(stock, TORRENT_NAME)),
    ]);
    for (const host of leechers) {
      assertEquals(await sha256Of(host.path(NAME)), sha256, host.name);
    }
    const asker = lan.host("tracker");
    await waitForCounts(asker, torrent, { complete: 4, incomplete: 0 });
  },
  { missing: aria2.missing },
);
