/**
 * Things in the place of the program's own files.
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { join } from "@std/path";
import { StorageError } from "../../lib/base/errors.ts";
import { openTorrentContent } from "../../lib/disk/torrent_content.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { listing, openScene } from "./temporary_folder.ts";

const PIECE_LENGTH = 16384;
const isWindows = Deno.build.os === "windows";

const { torrent, content } = sampleTorrent(PIECE_LENGTH, [
  { path: ["f"], length: 2 * PIECE_LENGTH },
]);

/** Things in the place of the program's own files, and how a start answers. */
const PLANTED: readonly {
  readonly what: string;
  readonly plant: (own: string, outside: string) => Promise<void>;
  readonly refusal?: RegExp;
}[] = [
  {
    what: "a link in the place of a record's temporary file",
    plant: (own, outside) =>
      Deno.symlink(
        join(outside, "victim"),
        join(own, `${torrent.infoHash}.resume.part`),
      ),
  },
  {
    what: "a record of a gigabyte",
    plant: async (own) => {
      const path = join(own, `${torrent.infoHash}.resume`);
      await Deno.writeTextFile(path, "");
      await Deno.truncate(path, 2 ** 30);
    },
  },
  {
    what: "a link in the place of a record",
    plant: (own, outside) =>
      Deno.symlink(
        join(outside, "victim"),
        join(own, `${torrent.infoHash}.resume`),
      ),
    refusal: /\.resume: it is a symbolic link/,
  },
  {
    what: "a named pipe in the place of a record",
    plant: (own) => makePipe(join(own, `${torrent.infoHash}.resume`)),
    refusal: /\.resume: a pipe, socket or device/,
  },
  {
    what: "a named pipe in the place of the lock",
    plant: async (own) => makePipe(await removeLock(own)),
    refusal: /\.lock: a pipe, socket or device/,
  },
  {
    what: "a folder in the place of a record",
    plant: (own) => Deno.mkdir(join(own, `${torrent.infoHash}.resume`)),
    refusal: /\.resume: a folder stands where a file must be/,
  },
  {
    what: "a folder in the place of the lock",
    plant: async (own) => Deno.mkdir(await removeLock(own)),
    refusal: /\.lock: a folder stands where a file must be/,
  },
  {
    what: "a file in the place of the folder",
    plant: async (own) => {
      await Deno.remove(own, { recursive: true });
      await Deno.writeTextFile(own, "");
    },
    refusal: /\.lanswarm: a file stands where a folder must be/,
  },
  {
    what: "a link in the place of the folder",
    plant: async (own, outside) => {
      await Deno.remove(own, { recursive: true });
      await Deno.symlink(outside, own);
    },
    refusal: /\.lanswarm: it is a symbolic link/,
  },
];

/** Removes the torrent's lock file; its path. */
async function removeLock(own: string): Promise<string> {
  const names = await Array.fromAsync(Deno.readDir(own), ({ name }) => name);
  const lock = join(own, names.find((name) => name.endsWith(".lock"))!);
  await Deno.remove(lock);
  return lock;
}

async function makePipe(path: string): Promise<void> {
  const { success } = await new Deno.Command("mkfifo", { args: [path] })
    .output();
  assert(success);
}

for (const { what, plant, refusal } of PLANTED) {
  Deno.test({
    name: `${what} is ${refusal ? "refused by name" : "harmless"}`,
    ignore: isWindows,
    fn: async () => {
      await using scene = await openScene();
      const { dir, outside } = scene;
      await Deno.writeTextFile(join(outside, "victim"), "precious");
      await Deno.writeFile(join(dir, "f"), content);
      const start = async (): Promise<void> => {
        await using opened = await openTorrentContent(torrent, { dir });
        const have = await opened.verify();
        assert(have.isFull);
        await opened.save(() => have);
      };
      await start();
      await Deno.remove(join(dir, ".lanswarm", `${torrent.infoHash}.resume`));
      await plant(join(dir, ".lanswarm"), outside);
      const started = deadline(start(), 60_000);
      if (refusal === undefined) await started;
      else {
        const { message } = await assertRejects(() => started, StorageError);
        assert(refusal.test(message), message);
      }
      assertEquals(
        await Deno.readTextFile(join(outside, "victim")),
        "precious",
      );
      assertEquals(await listing(outside), ["victim"]);
    },
  });
}
