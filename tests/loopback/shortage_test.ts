/**
 * Peers with fewer file descriptors than they have files and connections.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Torrent } from "../../lib/mod.ts";
import { RunningProgram } from "../../scripts/programs/running_program.ts";
import { taskArguments } from "../../scripts/programs/tasks.ts";
import { assertCopied, LocalSwarm } from "./local_swarm.ts";
import { openLocalSession, Share } from "./share.ts";

/** Deno itself needs about 25. */
const HANDLE_COUNT = 64;
const FILE_COUNT = 300;
const MANY_FILES = Object.fromEntries(
  Array.from({ length: FILE_COUNT }, (_, index) => [`${index}.bin`, 20_011]),
);
const COMPLETED_TIMEOUT_MS = 120_000;

/** Starts `peer` with a low limit of open files. */
function spawnLimitedPeer(...args: string[]): RunningProgram {
  const command = new Deno.Command("sh", {
    args: [
      ...["-c", `ulimit -n ${HANDLE_COUNT}; exec "$@"`, "sh"],
      ...[Deno.execPath(), ...taskArguments("peer")],
      ...["--host=127.0.0.1", "--port=0", ...args],
    ],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
  return new RunningProgram("peer", command.spawn());
}

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
    await using seeder = spawnLimitedPeer(shared.path, "--dir", shared.source);
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
      ...[shared.path, "--dir", dir, "--exit-when-complete"],
    );
    const { code, stdout, stderr } = await leecher.result;
    assertEquals([code, stderr], [0, ""]);
    assert(stdout.includes("complete and verified"), stdout);
    await assertCopied(shared, dir);
  },
});
