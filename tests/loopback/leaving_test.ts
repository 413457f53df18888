/**
 * Signals while the disk or the machine stands still: the exit code says whether the
 * work was done, not how fast the disk is.
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { fromFileUrl, join } from "@std/path";
import { magnetLinkOf } from "../../mod.ts";
import {
  type RunningProgram,
  startProgram,
} from "../../scripts/programs/running_program.ts";
import { taskParts } from "../../scripts/programs/tasks.ts";
import { assertCopied, LocalSwarm, runPeer } from "./local_swarm.ts";
import { SilentTracker } from "./silent_tracker.ts";

const STUCK_DISK_PEER = fromFileUrl(
  new URL("stuck_disk_peer.ts", import.meta.url),
);

/** Longer than a program has to leave, in milliseconds. */
const STANDSTILL_MS = 2_200;

/** Starts `peer` on a disk that does not sync the content. */
function spawnOnStuckDisk(...args: readonly string[]): RunningProgram {
  const command = [Deno.execPath(), "run", ...taskParts("peer").flags];
  return startProgram("peer", [
    ...[...command, STUCK_DISK_PEER, "--host=127.0.0.1", "--port=0"],
    ...["--json", ...args],
  ]);
}

for (
  const { kind, sourceOf, files } of [
    {
      kind: "a torrent file",
      sourceOf: ({ path }) => path,
      files: { "": 1_200_000 },
    },
    {
      kind: "a magnet link",
      sourceOf: ({ torrent }) => magnetLinkOf(torrent)!,
      files: { x: 1_200_000, y: 7, z: 1_000_000 },
    },
  ] satisfies {
    kind: string;
    sourceOf: (
      shared: Awaited<ReturnType<LocalSwarm["seed"]>>,
    ) => string;
    files: Record<string, number>;
  }[]
) {
  Deno.test(`a peer of ${kind} that has everything ends with 0 on SIGTERM while the disk syncs`, async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("content", { files });
    const dir = join(swarm.folder, "copy");
    await using peer = spawnOnStuckDisk(sourceOf(shared), "--dir", dir);
    await peer.stdout.waitFor(/"progress":1,/);
    const { code, stdout, stderr } = await peer.stop("SIGTERM");
    assertEquals([code, stderr], [0, ""]);
    // A file that was not synced has no name, until the next start.
    assertEquals(stdout.includes('"type":"completed"'), false);
    const again = await runPeer(
      ...[sourceOf(shared), "--dir", dir, "--exit-when-complete"],
    );
    assertEquals(again.code, 0);
    assertEquals(swarm.uploadedBytes(shared), shared.torrent.geometry.length);
    await assertCopied(shared, dir);
  });
}

Deno.test("a peer ends with 0 although the machine stands still while it leaves", async () => {
  await using swarm = await LocalSwarm.open();
  using silent = new SilentTracker();
  await using seeder = await silent.spawnSeeder(swarm);
  seeder.signal("SIGTERM");
  // It announces that it stops, and waits for the answer.
  await silent.connected();
  seeder.signal("SIGSTOP");
  await delay(STANDSTILL_MS);
  seeder.signal("SIGCONT");
  const { code, stderr } = await seeder.ended();
  assertEquals([code, stderr], [0, ""]);
});
