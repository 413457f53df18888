/**
 * Peers that fetch a part of a torrent: the files that are selected, and no others.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import {
  Bitfield,
  magnetLinkOf,
  MemoryStorage,
  piecesOf,
  selectFiles,
} from "../../mod.ts";
import { assertCopied, LocalSwarm, runPeer, spawnPeer } from "./local_swarm.ts";
import { memoryTorrent } from "./memory_torrent.ts";
import { openLocalSession } from "./share.ts";
import { listing } from "./temporary_folder.ts";

const KIB = 1024;

/** Pieces of 64 KiB lie in up to three of them. */
const FILES: Record<string, number> = {
  "a/one": 200 * KIB,
  "a/two": 70 * KIB,
  "b/empty": 0,
  "b/small": 5,
  "b/three": 300 * KIB + 1,
  "index": 10 * KIB,
};

async function assertSame(
  source: string,
  dir: string,
  paths: readonly string[],
): Promise<void> {
  for (const path of paths) {
    const [content, copy] = await Promise.all(
      [source, dir].map((folder) => Deno.readFile(join(folder, path))),
    );
    assertEquals(copy, content, path);
  }
}

Deno.test("peer --only fetches these files, serves them, and goes on with more", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("set", { files: FILES });
  const dir = join(swarm.folder, "here");
  const run = (...flags: string[]): ReturnType<typeof runPeer> =>
    runPeer(
      ...[shared.path, "--dir", dir, "--json", "--exit-when-complete"],
      ...flags,
    );
  const first = await run("--only", "a/two");
  assertEquals([first.code, first.stderr], [0, ""]);
  assertEquals(await listing(dir), ["set/a/two"]);
  await assertSame(shared.source, dir, ["set/a/two"]);
  assertStringIncludes(first.stdout, '"path":["set","a","two"]');
  // Two pieces hold it.
  const sent = swarm.uploadedBytes(shared);
  assertEquals(sent, 2 * 64 * KIB);

  const second = await run("--only", "a/two", "--only", "b", "--not", "three");
  assertEquals([second.code, second.stderr], [0, ""]);
  assertEquals(await listing(dir), ["set/a/two", "set/b/empty", "set/b/small"]);
  await assertSame(shared.source, dir, ["set/a/two", "set/b/small"]);
  // The piece of the small file is there already.
  assertEquals(swarm.uploadedBytes(shared), sent);

  const third = await run();
  assertEquals([third.code, third.stderr], [0, ""]);
  await assertCopied(shared, dir);
  assertEquals(
    swarm.uploadedBytes(shared),
    shared.torrent.geometry.length,
  );
});

Deno.test("a peer leaves a file alone that it does not want, whatever holds its name", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("set", { files: FILES });
  const dir = join(swarm.folder, "here");
  await Deno.mkdir(join(dir, "set/a"), { recursive: true });
  await Deno.writeTextFile(join(dir, "set/a/one"), "precious");
  const { code, stderr } = await runPeer(
    ...[shared.path, "--dir", dir, "--exit-when-complete", "--only", "two"],
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(await Deno.readTextFile(join(dir, "set/a/one")), "precious");
  await assertSame(shared.source, dir, ["set/a/two"]);
});

Deno.test("peer fetches what a magnet link selects, and nothing where nothing is selected", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("set", { files: FILES });
  const dir = join(swarm.folder, "here");
  const { files } = shared.torrent;
  const index = files.findIndex(({ path }) => path.at(-1) === "index");
  const { code, stderr } = await runPeer(
    ...[`${magnetLinkOf(shared.torrent)}&so=${index}`, "--dir", dir],
    "--exit-when-complete",
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(await listing(dir), ["set/index"]);
  await assertSame(shared.source, dir, ["set/index"]);
  const none = await runPeer(
    ...[shared.path, "--dir", dir, "--exit-when-complete", "--only", "nothing"],
  );
  assertEquals(none.code, 1);
  assertStringIncludes(none.stderr, "it has no file that is selected");
});

Deno.test("peer --first names an index before its shards, and runs --on-file for each file", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("set", {
    files: { "0": 3072 * KIB, "1": 3072 * KIB, "index": 320 * KIB },
    pieceLength: 16_384,
  });
  const dir = join(swarm.folder, "here");
  const [log, script] = ["log", "script.ts"].map((name) =>
    join(swarm.folder, name)
  );
  await Deno.writeTextFile(
    script!,
    `Deno.writeTextFileSync(${
      JSON.stringify(log)
    }, Deno.env.get("LANSWARM_FILE") + "\\n", { append: true });`,
  );
  const onFile =
    `${Deno.execPath()} run -W --allow-env=LANSWARM_FILE ${script}`;
  await using peer = spawnPeer(
    ...[shared.path, "--dir", dir, "--json", "--exit-when-complete"],
    ...["--first", "index", "--on-file", onFile, "--max-download", "4MiB"],
  );
  const { code, stderr, stdout } = await peer.ended();
  assertEquals([code, stderr], [0, ""]);
  const named = [...stdout.matchAll(/"path":\["set","(\w+)"\]/g)]
    .map(([, name]) => name);
  assertEquals(named[0], "index");
  assertEquals(named.length, 3);
  const commands = (await Deno.readTextFile(log!)).trim().split("\n");
  assertEquals(commands, named.map((name) => join(dir, "set", name!)));
});

Deno.test("peers of which none wants everything get what they want, if together they have it all", async () => {
  const sample = await memoryTorrent({ length: 90 * 16_384 + 5 });
  const { torrent, content } = sample;
  const { geometry } = torrent;
  await using sessions = new AsyncDisposableStack();
  const PEERS = 3;
  const third = (peer: number, index: number): boolean =>
    index % PEERS === peer % PEERS;
  const done: Promise<void>[] = [];
  const transfers = [];
  for (let peer = 0; peer < PEERS; peer++) {
    const storage = new MemoryStorage(geometry.length);
    const have = new Bitfield(geometry.pieceCount);
    const wanted = new Bitfield(geometry.pieceCount);
    for (let index = 0; index < geometry.pieceCount; index++) {
      if (third(peer, index) || third(peer + 1, index)) wanted.add(index);
      if (!third(peer, index)) continue;
      have.add(index);
      const start = geometry.pieceOffset(index);
      const end = start + geometry.pieceLengthAt(index);
      await storage.write(start, content.subarray(start, end));
    }
    const completed = Promise.withResolvers<void>();
    done.push(completed.promise);
    const session = sessions.use(openLocalSession());
    const transfer = session.addTorrent(torrent, {
      ...{ storage, have, wanted },
      onEvent: ({ type }) => {
        if (type === "completed") completed.resolve();
      },
    });
    transfer.addPeers(
      transfers.map(({ port }) => ({ hostname: "127.0.0.1", port })),
    );
    transfers.push({ transfer, port: session.port, wanted, storage });
  }
  await Promise.all(done);
  for (const { transfer, wanted, storage } of transfers) {
    assert(transfer.isComplete);
    assert(!transfer.have.isFull);
    assertEquals(transfer.snapshot().state, "seeding");
    for (const index of wanted.indexes()) {
      const start = geometry.pieceOffset(index);
      const end = start + geometry.pieceLengthAt(index);
      assertEquals(
        storage.content.subarray(start, end),
        content.subarray(start, end),
      );
    }
  }
});

Deno.test("piecesOf() and selectFiles() are exported for the library", async () => {
  const { torrent } = await memoryTorrent({ length: 5 });
  assertEquals(piecesOf(torrent, selectFiles(torrent, {})).count, 1);
});
