import { assertEquals, assertLess, assertMatch } from "@std/assert";
import type { ExecutablePaths } from "../../scripts/compile/targets.ts";
import {
  bareHost,
  type ExecutableHost,
  NOBODY,
} from "../../scripts/lan/executable_host.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  type SharedTorrent,
  startPeer,
  TORRENT_NAME,
} from "../../scripts/lan/sharing_steps.ts";
import type {
  ProgramResult,
  RunningProgram,
} from "../../scripts/programs/running_program.ts";
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
} from "../sharing_steps.ts";
import { executableTest } from "./executable_test_case.ts";
import { mountMemoryDisk } from "../loopback/foreign_disk.ts";

const MIB = 1024 * 1024;
const NAME = "sample.bin";
const LENGTH = 6 * MIB + 4321;

/** A bare host with both executables, which run as nobody. */
async function ordinaryHost(
  host: Host,
  executables: ExecutablePaths,
): Promise<ExecutableHost> {
  const programs = ["tracker", "peer"] as const;
  return await bareHost(host, { executables, programs, user: NOBODY });
}

/** Creates a torrent on a host that tracks and seeds it. */
async function seedSample(seeder: Host): Promise<SharedTorrent> {
  await startTracker(seeder);
  await writeRandomFile(seeder.path(NAME), LENGTH);
  const torrent = await createTorrent(seeder, NAME, announceUrl(seeder));
  startPeer(seeder);
  return torrent;
}

/** Asserts that a program failed and gave the reason in one line. */
function assertFailed(result: ProgramResult, line: RegExp): void {
  assertEquals(result.code, 1, result.stdout + result.stderr);
  assertMatch(result.stderr, line);
  assertEquals(result.stderr.indexOf("\n"), result.stderr.length - 1);
}

executableTest(
  "a folder without write permission gives one line of advice",
  async (executables) => {
    await using lan = await createLan(["seeder", "leecher"]);
    const torrent = await seedSample(
      await ordinaryHost(lan.host("seeder"), executables),
    );
    const leecher = await ordinaryHost(lan.host("leecher"), executables);
    await carryTorrent(torrent, leecher);
    await Deno.mkdir(leecher.path("of-root"));
    const places: readonly (readonly [dir: string, advice: string])[] = [
      ["of-root", "permission denied; choose another folder or .*"],
      ["of-root/new", "permission denied; choose another folder or .*"],
      [
        "/proc",
        "Deno, which runs this program, blocks .*; choose another folder",
      ],
    ];
    for (const [dir, advice] of places) {
      const result = await leecher.run("peer", [TORRENT_NAME, "--dir", dir]);
      const line = new RegExp(`^error: cannot .* ${dir}\\S*: ${advice}\n$`);
      assertFailed(result, line);
    }
    const made = await leecher.run("peer", [
      ...["create", TORRENT_NAME, torrent.announceUrl, "of-root/new.torrent"],
    ]);
    assertFailed(
      made,
      /^error: cannot write of-root\/new\.torrent: permission /,
    );

    // Existing content is shared nevertheless.
    const copy = leecher.path("of-root", NAME);
    await Deno.copyFile(torrent.host.path(NAME), copy);
    const sharing = startPeer(leecher, ["--dir", "of-root"]);
    await sharing.stdout.waitFor(/"type":"verified".*"progress":1,/);
    await stopPeer(sharing);
  },
);

executableTest(
  "a read-only file system gives one line of advice",
  async (executables) => {
    await using lan = await createLan(["seeder", "leecher"]);
    const torrent = await seedSample(
      await ordinaryHost(lan.host("seeder"), executables),
    );
    const leecher = await bareHost(lan.host("leecher"), {
      executables,
      programs: ["peer"],
    });
    await carryTorrent(torrent, leecher);
    const advice = "the file system is read-only; choose a folder .*";
    for (const dir of ["/", "/new"]) {
      const result = await leecher.run("peer", [TORRENT_NAME, "--dir", dir]);
      const line = new RegExp(`^error: cannot .* ${dir}\\S*: ${advice}\n$`);
      assertFailed(result, line);
    }
    const made = await leecher.run("peer", [
      ...["create", TORRENT_NAME, torrent.announceUrl, "/new.torrent"],
    ]);
    assertFailed(made, new RegExp(`^error: cannot write /new.*: ${advice}\n$`));
  },
);

executableTest(
  "a full disk ends the peer, which continues once there is space",
  async (executables) => {
    await using lan = await createLan(["seeder", "leecher"]);
    const seeder = await ordinaryHost(lan.host("seeder"), executables);
    const torrent = await seedSample(seeder);
    const leecher = await ordinaryHost(lan.host("leecher"), executables);
    await carryTorrent(torrent, leecher);
    await Deno.mkdir(leecher.path("disk"));
    await using _disk = await mountMemoryDisk(
      leecher.path("disk"),
      `${8 * MIB}`,
    );
    await writeRandomFile(leecher.path("disk", "other.bin"), 4 * MIB);

    const first = startPeer(leecher, ["--dir", "disk"]);
    assertFailed(
      await first.ended(),
      /^error: cannot write disk\/sample\.bin: the disk is full; free some space /,
    );
    assertMatch(first.stdout.text, /"type":"pieceVerified"/);

    await Deno.remove(leecher.path("disk", "other.bin"));
    const second = startPeer(leecher, ["--dir=disk", "--exit-when-complete"]);
    const { code, stdout, stderr } = await second.ended();
    assertEquals([code, stderr], [0, ""]);
    const found = /"type":"verified".*"verified":(\d+)/.exec(stdout)?.[1];
    assertLess(2 * MIB, Number(found));
    assertLess(Number(found), LENGTH);
    const copy = await sha256Of(leecher.path("disk", NAME));
    assertEquals(copy, await sha256Of(seeder.path(NAME)));
  },
);

executableTest(
  "a tracker whose port is taken gives one line of advice",
  async (executables) => {
    await using lan = await createLan(["only"]);
    const host = await ordinaryHost(lan.host("only"), executables);
    await startTracker(host);
    assertFailed(
      await host.run("tracker", []),
      /^error: cannot listen on port 8000: the port is taken; .* choose another PORT\n$/,
    );
    assertFailed(
      await host.run("tracker", ["80"]),
      /^error: cannot listen on port 80: the system does not allow it; choose /,
    );
  },
);

executableTest(
  "a peer takes the next free port, or reports in one line that there is none",
  async (executables) => {
    await using lan = await createLan(["only"]);
    const host = await ordinaryHost(lan.host("only"), executables);
    await writeRandomFile(host.path(NAME), 1);
    await createTorrent(host, NAME, announceUrl(host));
    const peers: RunningProgram[] = [];
    const start = async (args: readonly string[], line: RegExp) => {
      // Two peers cannot share one folder.
      const dir = ["--dir", `copy ${peers.length}`];
      const peer = host.spawn("peer", [TORRENT_NAME, ...dir, ...args]);
      await peer.stdout.waitFor(line);
      peers.push(peer);
    };
    await start([], /^listening on port 6881$/);
    await start([], /^listening on port 6882 \(6881 is taken\)$/);
    await start(
      ["--port", "6882"],
      /^listening on port 6883 \(6882 is taken\)$/,
    );
    await start(["--port", "65535"], /^listening on port 65535$/);
    assertFailed(
      await host.run("peer", [TORRENT_NAME, "--port", "65535"]),
      /^error: cannot listen on port 65535: it is taken, .*; choose another --port\n$/,
    );
    assertFailed(
      await host.run("peer", [TORRENT_NAME, "--port", "80"]),
      /^error: cannot listen on port 80: .*; choose another --port or --host\n$/,
    );
    for (const peer of peers) {
      assertEquals((await peer.stop("SIGTERM")).code, 0);
    }
  },
);
