/**
 * Paths that are not what they were when they were checked, and other things that
 * somebody puts below the download folder to make a peer write elsewhere.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { Bitfield } from "../../lib/base/bitfield.ts";
import { StorageError } from "../../lib/base/errors.ts";
import { openFileStorage } from "../../lib/disk/file_storage.ts";
import { FileSystem, type Outcome } from "../../lib/files/file_system.ts";
import { GuardedFolder } from "../../lib/files/guarded_folder.ts";
import { publishFile } from "../../lib/files/publish_file.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { listing, openScene, type Scene } from "./temporary_folder.ts";
import { storePieces } from "./store_content.ts";

const PIECE_LENGTH = 16384;
const isWindows = Deno.build.os === "windows";

/** A call of the file system. */
type Call = "open" | "mkdir" | "link";

/** Swaps a folder and a link when a call of the file system begins and ends. */
class SwappingFileSystem extends FileSystem {
  readonly #swap: (call: Call) => void;

  constructor(swap: (call: Call) => void) {
    super();
    this.#swap = swap;
  }

  override open(
    ...args: Parameters<FileSystem["open"]>
  ): Promise<Deno.FsFile> {
    return this.#around("open", () => super.open(...args));
  }

  override link(...args: Parameters<FileSystem["link"]>): Promise<void> {
    return this.#around("link", () => super.link(...args));
  }

  override mkdir(...args: Parameters<FileSystem["mkdir"]>): Promise<void> {
    return this.#around("mkdir", () => super.mkdir(...args));
  }

  async #around<T>(call: Call, run: () => Outcome<T>): Promise<T> {
    this.#swap(call);
    try {
      return await run();
    } finally {
      this.#swap(call);
    }
  }
}

/**
 * The download folder, whose folder `top` a link to the outside replaces when the
 * first call begins. If it `returns`, it is back when a call ends.
 */
function exchangedFolder(
  { dir, outside }: Scene,
  { during, returns }: { readonly during: Call; readonly returns: boolean },
): GuardedFolder {
  const top = join(dir, "top");
  Deno.mkdirSync(top);
  let isLink = false;
  const fileSystem = new SwappingFileSystem((call) => {
    if (call !== during) return;
    if (!isLink) {
      Deno.renameSync(top, `${top}.kept`);
      Deno.symlinkSync(outside, top);
      isLink = true;
    } else if (returns) {
      Deno.removeSync(top);
      Deno.renameSync(`${top}.kept`, top);
      isLink = false;
    }
  });
  return new GuardedFolder(dir, { fileSystem });
}

for (const returns of [false, true]) {
  const until = returns ? "while a file is opened" : "before a file is opened";
  Deno.test({
    name: `a folder that a link replaces ${until} leads nowhere`,
    ignore: isWindows,
    fn: async () => {
      await using scene = await openScene();
      const { dir, outside } = scene;
      const folder = exchangedFolder(scene, { during: "open", returns });
      for (const name of ["new", "victim"]) {
        if (name === "victim") {
          await Deno.writeTextFile(join(outside, name), "precious");
          await Deno.writeTextFile(
            join(dir, returns ? "top" : "top.kept", name),
            "ours",
          );
        }
        await assertRejects(
          () => folder.open(["top", name], "write"),
          StorageError,
        );
      }
      assertEquals(
        await Deno.readTextFile(join(outside, "victim")),
        "precious",
      );
      // With the link gone again, the place of the empty file is unknown.
      if (!returns) assertEquals(await listing(outside), ["victim"]);
      else assertEquals((await Deno.stat(join(outside, "new"))).size, 0);
    },
  });
}

Deno.test({
  name: "a file that gets its name where a link led loses it again",
  ignore: isWindows,
  fn: async () => {
    await using scene = await openScene();
    const { dir, outside } = scene;
    const folder = exchangedFolder(scene, { during: "link", returns: false });
    const { file, stamp } = await folder.open(["part"], "create");
    await file.write(new TextEncoder().encode("content"));
    file.close();
    await assertRejects(
      () =>
        publishFile(folder, {
          from: ["part"],
          to: ["top", "f"],
          own: { ...stamp, size: 7 },
        }),
      StorageError,
      "it is a symbolic link",
    );
    assertEquals(await listing(outside), []);
    assertEquals(await Deno.readTextFile(join(dir, "part")), "content");
  },
});

Deno.test({
  name: "a file that got its name where a link led is emptied there",
  ignore: isWindows,
  fn: async () => {
    await using scene = await openScene();
    const { dir, outside } = scene;
    // With the link gone again, the further name is unknown.
    const folder = exchangedFolder(scene, { during: "link", returns: true });
    const { file, stamp } = await folder.open(["part"], "create");
    await file.write(new TextEncoder().encode("content"));
    file.close();
    const own = { ...stamp, size: 7 };
    await assertRejects(
      () => publishFile(folder, { from: ["part"], to: ["top", "f"], own }),
      StorageError,
      "it was replaced while being opened",
    );
    assertEquals((await Deno.stat(join(outside, "f"))).size, 0);
    assertEquals(await listing(join(dir, "top")), []);
  },
});

Deno.test({
  name: "a folder that is made where a link led is removed again",
  ignore: isWindows,
  fn: async () => {
    await using scene = await openScene();
    const folder = exchangedFolder(scene, { during: "mkdir", returns: false });
    await assertRejects(
      () => folder.open(["top", "deep", "f"], "write"),
      StorageError,
      "it is a symbolic link",
    );
    assertEquals(await Array.fromAsync(Deno.readDir(scene.outside)), []);
  },
});

Deno.test({
  name:
    "nothing is written outside while a program exchanges a folder and a link without a pause",
  ignore: isWindows,
  fn: async () => {
    await using scene = await openScene();
    const { dir, outside } = scene;
    const files = Array.from({ length: 200 }, (_, index) => (
      { path: ["top", `f${index}`], length: PIECE_LENGTH }
    ));
    const { torrent, content } = sampleTorrent(PIECE_LENGTH, files);
    await Deno.mkdir(join(dir, "top"));
    await Deno.chmod(dir, 0o777); // Else each file is confirmed once.
    const top = join(dir, "top");
    const stop = `${dir}.stop`;
    // A thread of its own, which never pauses.
    const attack = `
      const [top, outside, stop] = ${JSON.stringify([top, outside, stop])};
      postMessage("ready");
      for (let isStopped = false; !isStopped;) {
        // The peer makes the folder anew while it is away, which stops these.
        try { Deno.renameSync(top, top + ".kept"); } catch {}
        try { Deno.symlinkSync(outside, top); } catch {}
        try { if (Deno.lstatSync(top).isSymlink) Deno.removeSync(top); } catch {}
        try { Deno.renameSync(top + ".kept", top); } catch {
          try { Deno.removeSync(top + ".kept", { recursive: true }); } catch {}
        }
        try { Deno.removeSync(stop); isStopped = true; } catch {}
      }
      postMessage("stopped");`;
    const attacker = new Worker(
      `data:text/javascript,${encodeURIComponent(attack)}`,
      { type: "module" },
    );
    const nextMessage = (): Promise<unknown> =>
      new Promise((resolve) => attacker.onmessage = resolve);
    await nextMessage();
    let refusedCount = 0;
    const endMs = performance.now() + 20_000;
    while (refusedCount < 60 && performance.now() < endMs) {
      try {
        await using storage = await openFileStorage(torrent, { dir });
        await storePieces(storage, torrent, { content });
      } catch (error) {
        assert(error instanceof StorageError, String(error));
        refusedCount++;
      }
    }
    // Deno 2.4 sometimes panics if a busy worker is terminated.
    const stopped = nextMessage();
    await Deno.writeTextFile(stop, "");
    await stopped;
    attacker.terminate();
    assert(refusedCount > 0);
    for (const name of await listing(outside)) {
      assertEquals((await Deno.stat(join(outside, name))).size, 0, name);
    }
  },
});

Deno.test({
  name: "a hard link is read, and a copy of it written in its place",
  ignore: isWindows,
  fn: async () => {
    await using scene = await openScene();
    const { dir, outside } = scene;
    const { torrent, content } = sampleTorrent(PIECE_LENGTH, [
      { path: ["f"], length: 10 },
    ]);
    const victim = join(outside, "victim");
    await Deno.writeTextFile(victim, "0123456789");
    await Deno.link(victim, join(dir, "f"));
    await using storage = await openFileStorage(torrent, { dir });
    await storage.read(0, new Uint8Array(10));
    await Deno.chmod(victim, 0o640);
    const before = await Deno.stat(victim);
    await storage.begin(new Bitfield(1));
    await storage.write(0, content);
    await storage.named(0);
    assertEquals(await Deno.readFile(join(dir, "f")), content);
    // A user who may not read the other one may not read it either.
    assertEquals((await Deno.stat(join(dir, "f"))).mode! & 0o777, 0o640);
    assertEquals(await Deno.readTextFile(victim), "0123456789");
    const { ino, mode, mtime } = await Deno.stat(victim);
    assertEquals([ino, mode, mtime], [before.ino, before.mode, before.mtime]);
  },
});
