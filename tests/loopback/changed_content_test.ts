/**
 * Files that another program modifies while `peer` shares them.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import {
  assertCopied,
  LocalSwarm,
  type PublishedTorrent,
  spawnPeer,
} from "./local_swarm.ts";
import { assertWhole, openLocalSession, Share } from "./share.ts";

const PIECE_LENGTH = 65_536;
const PIECE_COUNT = 64;

/** A seeder of its own copy beside the swarm's, and the file that it shares. */
interface Scene extends AsyncDisposable {
  readonly swarm: LocalSwarm;
  readonly shared: PublishedTorrent;
  readonly seeder: RunningProgram;
  readonly path: string;
  /** Port of the seeder. */
  readonly port: number;
}

async function openScene(): Promise<Scene> {
  const resources = new AsyncDisposableStack();
  const swarm = resources.use(await LocalSwarm.open());
  const shared = await swarm.seed("a.bin", {
    files: { "": PIECE_COUNT * PIECE_LENGTH },
  });
  const dir = join(swarm.folder, "second");
  await Deno.mkdir(dir);
  const path = join(dir, "a.bin");
  await Deno.copyFile(join(shared.source, "a.bin"), path);
  const seeder = resources.use(spawnPeer(shared.path, "--dir", dir));
  const [, port] = await seeder.stdout.waitFor(/^listening on port (\d+)$/);
  await seeder.stdout.waitFor(/seeding/);
  return {
    swarm,
    shared,
    seeder,
    path,
    port: Number(port),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** Checks that a leecher of this seeder alone gets valid content, and that the seeder has repaired its file. */
async function assertMended(
  { swarm, shared, seeder, port }: Scene,
  warning: RegExp,
): Promise<void> {
  await using session = openLocalSession();
  const torrent = { ...shared.torrent, announce: [] };
  const content = await Deno.readFile(join(shared.source, "a.bin"));
  const leecher = await Share.start(session, { torrent, content });
  leecher.transfer.addPeers([{ hostname: "127.0.0.1", port }]);
  await leecher.first("completed");
  await assertWhole(leecher, { torrent, content });
  assertEquals(leecher.count("pieceCorrupt"), 0);
  await seeder.stderr.waitFor(warning);
  await seeder.stdout.waitFor(
    /pieces on the disk are valid; downloading the rest/,
  );
  await seeder.stdout.waitFor(/complete and verified/);
  await assertCopied(shared, join(swarm.folder, "second"));
}

Deno.test("a file that is modified while it is shared is verified again, and its corrupt pieces are downloaded", async () => {
  await using scene = await openScene();
  {
    using file = await Deno.open(scene.path, { write: true });
    for (const piece of [3, 40]) {
      await file.seek(piece * PIECE_LENGTH + 5, Deno.SeekMode.Start);
      await file.write(new Uint8Array(7));
    }
  }
  // Later by more than the resolution of any file system's clock.
  await Deno.utime(scene.path, new Date(), new Date(Date.now() + 5_000));
  await assertMended(
    scene,
    /^warning: cannot keep sharing .*a\.bin: another program modified it; verifying it again$/m,
  );
});

Deno.test("a file that is truncated while it is shared is verified again, and the rest is downloaded", async () => {
  await using scene = await openScene();
  await Deno.truncate(scene.path, 10 * PIECE_LENGTH + 1);
  await assertMended(scene, /another program modified it/);
});

Deno.test("a file that is deleted during its download is downloaded again", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("b.bin", {
    files: { "": PIECE_COUNT * PIECE_LENGTH },
  });
  const dir = join(swarm.folder, "here");
  await using leecher = spawnPeer(
    ...[shared.path, "--dir", dir, "--json", "--exit-when-complete"],
    // So slow that it is not complete when the file is deleted.
    ...["--max-download", "600000"],
  );
  await leecher.stdout.waitFor(/"type":"pieceVerified"/);
  const parts = join(dir, ".lanswarm", "parts", shared.torrent.infoHash);
  await Deno.remove(join(parts, "0"));
  const { code, stderr } = await leecher.ended();
  assertEquals(code, 0, stderr);
  assertMatch(
    stderr,
    /^warning: cannot keep sharing \S*b\.bin: (it was deleted or moved away|another program changed its size); verifying it again$/m,
  );
  await assertCopied(shared, dir);
});
