/**
 * Peers with fewer file descriptors than they have files and connections.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Torrent } from "../../lib/mod.ts";
import { runCommand } from "../../scripts/programs/running_program.ts";
import {
  assertCopied,
  assertEndsAreServed,
  LocalSwarm,
  smallTorrents,
  spawnLimitedPeer,
} from "./local_swarm.ts";
import { openLocalSession, Share } from "./share.ts";

/** Deno itself needs about 25. */
const HANDLE_COUNT = 64;
const FILE_COUNT = 300;
const MANY_FILES = Object.fromEntries(
  Array.from({ length: FILE_COUNT }, (_, index) => [`${index}.bin`, 20_011]),
);
const COMPLETED_TIMEOUT_MS = 120_000;

/** Downloads a torrent from the peer at `port` alone. */
async function fetchFrom(port: number, torrent: Torrent): Promise<void> {
  await using session = openLocalSession();
  // Without a tracker and peer exchange it learns of no other peer.
  const alone: Torrent = { ...torrent, announce: [], isPrivate: true };
  const content = new Uint8Array();
  const share = await Share.start(session, { torrent: alone, content });
  share.transfer.addPeers([{ hostname: "127.0.0.1", port }]);
  await share.first("completed", COMPLETED_TIMEOUT_MS);
}

Deno.test({
  name:
    "a peer shares more files than it may open, with more peers than it has descriptors for",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.publish("many", { files: MANY_FILES });
    await using seeder = spawnLimitedPeer(
      HANDLE_COUNT,
      ...[shared.path, "--dir", shared.source],
    );
    const [, port] = await seeder.stdout.waitFor(/listening on port (\d+)/);
    await seeder.stdout.waitFor(/verified and complete; seeding/);
    await Promise.all(
      Array.from({ length: 40 }, () => fetchFrom(Number(port), shared.torrent)),
    );
    const { code, stderr } = await seeder.stop("SIGTERM");
    assertEquals([code, stderr], [0, ""]);
  },
});

Deno.test({
  name: "a peer downloads more files than it may open",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("many", { files: MANY_FILES });
    const dir = join(swarm.folder, "here");
    await using leecher = spawnLimitedPeer(
      HANDLE_COUNT,
      ...[shared.path, "--dir", dir, "--exit-when-complete"],
    );
    const { code, stdout, stderr } = await leecher.ended();
    assertEquals([code, stderr], [0, ""]);
    assert(stdout.includes("complete and verified"), stdout);
    await assertCopied(shared, dir);
  },
});

Deno.test({
  name: "a peer shares more torrents than it may open files",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await smallTorrents(
      2 * HANDLE_COUNT,
      (...options) => swarm.publish(...options),
    );
    await using seeder = spawnLimitedPeer(
      HANDLE_COUNT,
      ...["--dir", shared[0]!.source, ...shared.map(({ path }) => path)],
    );
    await seeder.stdout.waitFor(
      new RegExp(`${shared.length - 1}.bin: verified and complete; seeding`),
    );
    await assertEndsAreServed(shared, join(swarm.folder, "here"));
    const { code, stderr } = await seeder.stop("SIGTERM");
    assertEquals([code, stderr], [0, ""]);
  },
});

Deno.test({
  name: "a peer downloads more torrents than it may open files",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await smallTorrents(
      2 * HANDLE_COUNT,
      (...options) => swarm.seed(...options),
    );
    const dir = join(swarm.folder, "here");
    await using leecher = spawnLimitedPeer(
      HANDLE_COUNT,
      ...["--dir", dir, "--exit-when-complete"],
      ...shared.map(({ path }) => path),
    );
    const { code, stderr } = await leecher.ended();
    assertEquals([code, stderr], [0, ""]);
    for (const one of shared) await assertCopied(one, dir);
  },
});

Deno.test({
  name:
    "the command of --on-complete runs in a process with no descriptor left, once idle ones are closed",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const script = new URL("full_process.ts", import.meta.url).href;
    const { code, stdout, stderr } = await runCommand("sh", [
      ...["-c", `ulimit -n ${HANDLE_COUNT}; exec "$@"`, "sh"],
      ...[Deno.execPath(), "run", "--no-check", "-R", "--allow-run", script],
      ...["echo", "it ran"],
    ]);
    assertEquals([code, stdout, stderr], [0, "it ran\n", ""]);
  },
});
