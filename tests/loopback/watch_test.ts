/** `peer --watch`: torrent files that come and go while it runs. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { makeContent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

const URL = "http://127.0.0.1:9/announce";

/** A watched folder, and content with torrent files beside it. */
async function openScene(names: readonly string[]): Promise<
  AsyncDisposable & {
    readonly path: string;
    readonly torrents: string;
    /** Copies a torrent file into the watched folder. */
    readonly add: (name: string) => Promise<void>;
  }
> {
  const folder = await temporaryFolder();
  const { path } = folder;
  const torrents = join(path, "torrents");
  await Deno.mkdir(torrents);
  for (const name of names) {
    await Deno.writeFile(join(path, name), makeContent(name, 300_000));
    const { code } = await runTask("create", [
      ...[join(path, name), URL, join(path, `${name}.torrent`)],
    ]);
    assertEquals(code, 0);
  }
  return {
    ...{ path, torrents },
    add: (name) =>
      Deno.copyFile(
        join(path, `${name}.torrent`),
        join(torrents, `${name}.torrent`),
      ),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

Deno.test("peer --watch shares torrent files that come, and lets go those that are removed", async () => {
  await using scene = await openScene(["a.bin", "b.bin"]);
  await scene.add("a.bin");
  await Deno.writeTextFile(join(scene.torrents, "bad.torrent"), "no torrent");
  await using peer = spawnTask("peer", [
    ...["--watch", scene.torrents, "--dir", scene.path],
    ...["--port", "0", "--host", "127.0.0.1", "--no-discovery"],
  ]);
  await peer.stdout.waitFor(/^a\.bin: .*seeding/);
  await scene.add("b.bin");
  await peer.stdout.waitFor(/^b\.bin: .*seeding/);
  await Deno.remove(join(scene.torrents, "a.bin.torrent"));
  await peer.stdout.waitFor(/^a\.bin: let go, as its torrent file was removed/);
  await scene.add("a.bin");
  await peer.stdout.waitFor(/^a\.bin: .*seeding/);
  const { code, stderr } = await peer.stop("SIGTERM");
  assertEquals(code, 0);
  // One warning, however often the folder is scanned.
  assertEquals(
    stderr.match(/^warning: not shared: .*bad\.torrent/gm)?.length,
    1,
  );
});

Deno.test("peer --watch starts with an empty folder, and skips a torrent of the same name while there is another", async () => {
  await using scene = await openScene(["a.bin"]);
  await using peer = spawnTask("peer", [
    ...["--watch", scene.torrents, "--dir", scene.path],
    ...["--port", "0", "--host", "127.0.0.1", "--no-discovery"],
  ]);
  await peer.stdout.waitFor(/^listening on port/);
  await scene.add("a.bin");
  await peer.stdout.waitFor(/^a\.bin: .*seeding/);
  const other = join(scene.path, "other");
  await Deno.mkdir(other);
  await Deno.writeFile(join(other, "a.bin"), makeContent("other", 1_000));
  await runTask("create", [
    ...[join(other, "a.bin"), URL, join(scene.torrents, "z.torrent")],
  ]);
  await peer.stderr.waitFor(
    /^warning: not shared: .*z\.torrent is stored as a\.bin, and so is/,
  );
  // Once its name is free, it is started.
  await Deno.remove(join(scene.torrents, "a.bin.torrent"));
  await Deno.copyFile(join(other, "a.bin"), join(scene.path, "a.bin"));
  await peer.stdout.waitFor(/^a\.bin: let go, as its torrent file was removed/);
  await peer.stdout.waitFor(/^a\.bin: .*seeding/);
  const { code } = await peer.stop("SIGTERM");
  assertEquals(code, 0);
});

Deno.test("peer --watch takes no torrents, and does not end when all is complete", async () => {
  const mistakes: [readonly string[], RegExp][] = [
    [["a.torrent", "--watch", "."], /TORRENT and --watch are both given/],
    [["--watch", ".", "--exit-when-complete"], /more torrents may come/],
    [[], /no TORRENT is given/],
  ];
  for (const [args, message] of mistakes) {
    const { code, stderr } = await runTask("peer", args);
    assertEquals(code, 2);
    assertMatch(stderr, message);
  }
});
