/**
 * Peers that stop without closing their connections: stopped, not reading, half
 * closed. Other peers are served all the same.
 */
import { assertEquals, assertLess } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { SNUB_TIMEOUT_MS } from "../../lib/swarm/slow_peers.ts";
import { assertCopied, LocalSwarm, spawnPeer } from "./local_swarm.ts";
import { usedMemory } from "./machine.ts";
import { frame, uint32 } from "./raw_peer.ts";
import {
  acceptDial,
  assertServed,
  BLOCK,
  connect,
  ID,
  INTERESTED,
  PIECE,
  Scene,
} from "./wire_scene.ts";

const MIB = 1024 * 1024;

/** Only Unix has signals that stop a program and let it go on. */
const lacksSignals = Deno.build.os === "windows";

Deno.test({
  name:
    "a leecher that is stopped and goes on finishes over the same connection",
  ignore: lacksSignals,
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("frozen.bin", {
      files: { "": 8 * MIB + 99 },
    });
    const dir = join(swarm.folder, "copy");
    await using leecher = spawnPeer(
      ...[shared.path, "--dir", dir, "--json", "--max-download=2MiB"],
    );
    await leecher.stdout.waitFor(/"type":"pieceVerified"/);
    leecher.signal("SIGSTOP");
    // Longer than a peer may leave requests unanswered.
    await delay(SNUB_TIMEOUT_MS + 3_000);
    leecher.signal("SIGCONT");
    await leecher.stdout.waitFor(/"type":"completed"/, 120_000);
    await assertCopied(shared, dir);
    const { stdout } = await leecher.stop();
    assertEquals(stdout.match(/"type":"peerConnected"/g)?.length, 1);
  },
});

Deno.test({
  name: "leechers finish without one that is stopped for good",
  ignore: lacksSignals,
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const shared = await swarm.seed("lonely.bin", {
      files: { "": 8 * MIB + 99 },
    });
    const [first, second] = ["first", "second"].map((name) =>
      join(swarm.folder, name)
    ) as [string, string];
    await using stopped = spawnPeer(
      ...[shared.path, "--dir", first, "--json", "--max-download=1MiB"],
    );
    await stopped.stdout.waitFor(/"type":"pieceVerified"/);
    stopped.signal("SIGSTOP");
    await using other = spawnPeer(
      ...[shared.path, "--dir", second, "--json", "--exit-when-complete"],
    );
    await other.stdout.waitFor(/"type":"completed"/, 120_000);
    await assertCopied(shared, second);
    stopped.signal("SIGCONT");
  },
});

Deno.test("a peer that requests much and reads nothing costs little memory, and others are served", async () => {
  await using scene = await Scene.open();
  using peer = await connect(scene.session, 1);
  const before = usedMemory();
  await peer.write(
    INTERESTED,
    ...Array.from(
      { length: 1_900 },
      (_, at) =>
        frame(
          ID.request,
          uint32(at % 5, (at * BLOCK) % PIECE, BLOCK),
        ),
    ),
  );
  await delay(500);
  await scene.assertUnharmed();
  using next = await connect(scene.session, 2);
  await assertServed(next);
  assertLess(usedMemory() - before, 100 * MIB);
});

Deno.test("a session closes a connection that the peer has half closed", async () => {
  await using scene = await Scene.open();
  using inbound = await connect(scene.session, 1);
  using outbound = await acceptDial(scene, 2);
  for (const peer of [inbound, outbound]) {
    await peer.write(INTERESTED);
    await peer.finish();
    await peer.closed();
  }
  while (scene.share.transfer.snapshot().peers.length > 1) await delay(5);
  await scene.assertUnharmed();
});

Deno.test("a session closes a connection that the peer has reset", async () => {
  await using scene = await Scene.open();
  const peer = await connect(scene.session, 1);
  // Closing with unread bytes sends a reset.
  await peer.write(INTERESTED, frame(ID.request, uint32(0, 0, BLOCK)));
  await delay(50);
  peer[Symbol.dispose]();
  while (scene.share.transfer.snapshot().peers.length > 1) await delay(5);
  await scene.assertUnharmed();
});
