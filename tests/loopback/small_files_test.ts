/**
 * Files that lie in one piece each: they are stored with one open, and are no less safe.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { StorageError } from "../../lib/base/errors.ts";
import {
  openTorrentContent,
  type TorrentContent,
} from "../../lib/disk/torrent_content.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const PIECE_LENGTH = 16384;
/** Eight to a piece. */
const FILES = 64;
const recordSecret = new Uint8Array(32).fill(7);
const { torrent, content } = sampleTorrent(
  PIECE_LENGTH,
  Array.from({ length: FILES }, (_, index) => (
    { path: ["set", `${index % 3}`, `${index}`], length: PIECE_LENGTH / 8 }
  )),
);
const bytesOf = (index: number): Uint8Array =>
  content.slice(index * PIECE_LENGTH / 8, (index + 1) * PIECE_LENGTH / 8);

async function open(dir: string): Promise<TorrentContent> {
  const opened = await openTorrentContent(torrent, { dir, recordSecret });
  await opened.begin(await opened.verify());
  return opened;
}

async function store(
  { storage }: TorrentContent,
  index: number,
): Promise<readonly number[]> {
  const start = index * PIECE_LENGTH;
  await storage.write(start, content.subarray(start, start + PIECE_LENGTH));
  return await storage.named(index);
}

/** Counts the files among the parts that are opened synchronously. */
function countOpens(): Disposable & { count: number } {
  const { openSync } = Deno;
  const opens = {
    count: 0,
    [Symbol.dispose]: () => void (Deno.openSync = openSync),
  };
  Deno.openSync = (path, options) => {
    if (/parts[\\/][\da-f]{40}[\\/]\d+$/.test(String(path))) opens.count++;
    return openSync(path, options);
  };
  return opens;
}

Deno.test({
  name: "each of many small files is opened once",
  // Windows has no bits that show that nobody else can write to a folder.
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await temporaryFolder();
    const dir = folder.path;
    await using opened = await open(dir);
    using opens = countOpens();
    for (let index = 0; index < FILES / 8; index++) {
      const files = await store(opened, index);
      assertEquals(files, [...Array(8).keys()].map((at) => 8 * index + at));
    }
    // Slow calls make the next ones asynchronous, which are not counted. The folder
    // is confirmed with one file each second.
    assertEquals(opens.count <= FILES + 8, true, `${opens.count} opens`);
    for (const [index, { path }] of torrent.files.entries()) {
      const bytes = await Deno.readFile(join(dir, ...path));
      assertEquals(bytes, bytesOf(index), path.join("/"));
    }
    assertEquals((await listing(dir)).length, FILES);
  },
});

Deno.test("another program's file stays where a small file was to get its name", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  await using opened = await open(dir);
  await store(opened, 0);
  const path = join(dir, ...torrent.files[9]!.path);
  await Deno.writeTextFile(path, "precious");
  await assertRejects(() => store(opened, 1), StorageError, path);
  assertEquals(await Deno.readTextFile(path), "precious");
  // The others of the piece have theirs.
  assertEquals((await listing(dir)).length, 16);
});

Deno.test("a small file that is exchanged among the parts is not taken for ours", async () => {
  await using folder = await temporaryFolder();
  const dir = folder.path;
  await using opened = await open(dir);
  await store(opened, 0);
  const { storage } = opened;
  const part = join(dir, ".lanswarm", "parts", torrent.infoHash, "9");
  const publish = storage.places.publish.bind(storage.places);
  storage.places.publish = async (indexes) => {
    storage.places.publish = publish;
    // Made beside it: a file that follows a removed one may have its number.
    await Deno.writeFile(`${part}.other`, bytesOf(8));
    await Deno.rename(`${part}.other`, part);
    return await publish(indexes);
  };
  await assertRejects(() => store(opened, 1), StorageError, "it was replaced");
});
