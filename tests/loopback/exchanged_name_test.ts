/**
 * Final names of files where somebody puts a link in the place of a folder in step with
 * the checks, and on other file systems.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { StorageError } from "../../lib/base/errors.ts";
import { openFileStorage } from "../../lib/disk/file_storage.ts";
import { FileSystem } from "../../lib/files/file_system.ts";
import { GuardedFolder } from "../../lib/files/guarded_folder.ts";
import { publishFile } from "../../lib/files/publish_file.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { testUnless } from "../test_unless.ts";
import { listing, openScene } from "./temporary_folder.ts";
import { mountMemoryDisk, noMemoryDisk, unmount } from "./foreign_disk.ts";
import { storePieces } from "./store_content.ts";

const PIECE_LENGTH = 16384;
const isWindows = Deno.build.os === "windows";

/** A file that no link gives another name, as on another file system. */
class OtherDisk extends FileSystem {
  readonly #path: string;

  constructor(path: string) {
    super();
    this.#path = path;
  }

  override async link(from: string, to: string): Promise<void> {
    if (from !== this.#path) return await super.link(from, to);
    const error = new Error("Invalid cross-device link");
    throw Object.assign(error, { code: "EXDEV" });
  }
}

Deno.test({
  name:
    "a file that gets its name in step with some checks does not stay outside",
  ignore: isWindows,
  fn: async () => {
    await using scene = await openScene();
    const { dir, outside } = scene;
    const top = join(dir, "top");
    await Deno.mkdir(top);
    await Deno.chmod(dir, 0o777); // Else each file is confirmed once.
    let stepsLeft = 8;
    let isLink = false;
    class InStep extends FileSystem {
      override async lstat(path: string): Promise<Deno.FileInfo> {
        if (path !== top || stepsLeft === 0) return await super.lstat(path);
        stepsLeft--;
        if (isLink) {
          Deno.removeSync(top);
          Deno.renameSync(`${top}.kept`, top);
        }
        const info = await super.lstat(path);
        Deno.renameSync(top, `${top}.kept`);
        Deno.symlinkSync(outside, top);
        isLink = true;
        return info;
      }
    }
    const folder = new GuardedFolder(dir, { fileSystem: new InStep() });
    const { file, stamp } = await folder.open(["part"], "create");
    await file.write(new TextEncoder().encode("content"));
    file.close();
    const own = { ...stamp, size: 7 };
    await assertRejects(
      () => publishFile(folder, { from: ["part"], to: ["top", "f"], own }),
      StorageError,
      "it is a symbolic link",
    );
    assertEquals(await listing(outside), []);
  },
});

testUnless(
  noMemoryDisk,
  "no copy stays on another file system to which a link led",
  async () => {
    await using scene = await openScene();
    const { dir } = scene;
    await Deno.chmod(dir, 0o777);
    const outside = await Deno.makeTempDir();
    await mountMemoryDisk(outside);
    try {
      const files = ["a", "b"].map((name) => (
        { path: ["top", name], length: PIECE_LENGTH }
      ));
      const { torrent, content } = sampleTorrent(PIECE_LENGTH, files);
      await using storage = await openFileStorage(torrent, { dir });
      await storePieces(storage, torrent, { content, indexes: [0] });
      await Deno.rename(join(dir, "top"), join(dir, "away"));
      await Deno.symlink(outside, join(dir, "top"));
      await assertRejects(
        () => storePieces(storage, torrent, { content, indexes: [1] }),
        StorageError,
        "it is a symbolic link",
      );
      assertEquals(await listing(outside), []);
    } finally {
      await unmount(outside);
      await Deno.remove(outside);
    }
  },
);

Deno.test({
  name: "a file is copied to another file system below the folder",
  fn: async () => {
    await using scene = await openScene();
    {
      const part = join(scene.dir, "part");
      const text = "content".repeat(400_000);
      await Deno.writeTextFile(part, text);
      const other = new OtherDisk(part);
      const folder = new GuardedFolder(scene.dir, { fileSystem: other });
      const { stamp, file } = await folder.open(["part"], "read");
      file.close();
      const publication = { from: ["part"], to: ["top", "f"], own: stamp };
      const { size } = await publishFile(folder, publication);
      assertEquals(size, text.length);
      const path = join(scene.dir, "top", "f");
      assertEquals(await Deno.readTextFile(path), text);
      assertEquals(await listing(scene.dir), ["top/f"]);
      await Deno.writeTextFile(part, "more");
      await assertRejects(
        () =>
          publishFile(folder, {
            ...publication,
            own: { size: 4, modifiedMs: 0 },
          }),
        StorageError,
        "another program made it meanwhile",
      );
      assertEquals(await Deno.readTextFile(path), text);
      assertEquals((await listing(scene.dir)).sort(), ["part", "top/f"]);
    }
  },
});
