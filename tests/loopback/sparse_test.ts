/** Sparse files, as images of disks are: what they hold and the room that they take. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { choosePieceLength } from "../../lib/metainfo/geometry.ts";
import { testUnless } from "../test_unless.ts";
import {
  foreignDiskUnavailableReason,
  mountForeignDisk,
} from "./foreign_disk.ts";
import { makeContent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";
import { copy, differences } from "./tree_copy.ts";

const MIB = 1024 * 1024;
/** Places of the data; none begins at a piece. */
const PLACES = [0, 0.13, 0.38, 0.39, 0.62, 0.77, 0.9];

/** Writes an image, a twentieth of which is data; it has a hole at its end. */
async function makeImage(path: string, length: number): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true });
  const size = Math.floor(length / 20 / PLACES.length);
  for (const place of PLACES) {
    await file.seek(Math.floor(place * length / 4096) * 4096, 0);
    const data = makeContent(`${place}`, size);
    for (let at = 0; at < size;) {
      at += await file.write(data.subarray(at));
    }
  }
  await file.truncate(length);
}

/** The room that a file takes on the disk, in bytes. */
async function room(path: string): Promise<number> {
  return (await Deno.stat(path)).blocks! * 512;
}

const isLinux = Deno.build.os === "linux";

Deno.test({
  name: "a sparse image takes the room of its data on each receiver",
  ignore: !isLinux,
  fn: async () => {
    await using folder = await temporaryFolder();
    const length = 256 * MIB;
    const source = join(folder.path, "images");
    await Deno.mkdir(source);
    await makeImage(join(source, "disk.img"), length);
    const copies = join(folder.path, "copies");
    await copy(source, copies);
    const copied = join(copies, "images");
    assertEquals(await differences(source, copied), []);
    const [before, after] = await Promise.all(
      [source, copied].map((path) => room(join(path, "disk.img"))),
    );
    // At both ends of each place, a piece may hold data in a part of it only.
    const rounding = 2 * PLACES.length * choosePieceLength(length);
    assert(
      after! >= before! - MIB && after! <= before! + rounding,
      `${before} became ${after}`,
    );
    assert(after! < length / 10, `${after}`);
  },
});

testUnless(
  await foreignDiskUnavailableReason(),
  "a sparse image is right on a disk of another kind",
  async () => {
    await using disk = await mountForeignDisk();
    await using folder = await temporaryFolder();
    await makeImage(join(folder.path, "disk.img"), 8 * MIB);
    await copy(join(folder.path, "disk.img"), disk.path);
    assertEquals(
      await Deno.readFile(join(disk.path, "disk.img")),
      await Deno.readFile(join(folder.path, "disk.img")),
    );
  },
);
