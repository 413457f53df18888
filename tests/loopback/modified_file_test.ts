/**
 * Links to old files, and files of other programs, between their verification and their
 * names.
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { peer } from "../../cli/peer.ts";
import { Bitfield } from "../../lib/base/bitfield.ts";
import { ContentChangedError, StorageError } from "../../lib/base/errors.ts";
import {
  openTorrentContent,
  TorrentContent,
} from "../../lib/disk/torrent_content.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { assertCopied, LocalSwarm } from "./local_swarm.ts";
import { runJob } from "./run_job.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const PIECE_LENGTH = 16_384;
const ignore = Deno.build.os === "windows";
const recordSecret = new Uint8Array(32).fill(7);
const LENGTH = 2 * PIECE_LENGTH;
const { torrent, content } = sampleTorrent(
  PIECE_LENGTH,
  ["a", "b"].map((name) => ({ path: ["new", name], length: LENGTH })),
);

Deno.test({
  name:
    "a file that is modified after it was verified gets no name and is not copied",
  ignore,
  fn: async () => {
    for (const place of ["linked", "copied", "named"]) {
      await using folder = await temporaryFolder();
      const [old, dir] = ["old", "dir"].map((name) =>
        join(folder.path, name)
      ) as [string, string];
      const path = place === "named" ? join(dir, "new", "a") : join(old, "a");
      await Deno.mkdir(old);
      await Deno.mkdir(join(dir, "new"), { recursive: true });
      const bytes = content.slice(0, LENGTH);
      if (place !== "linked") bytes[PIECE_LENGTH + 5]! ^= 1;
      await Deno.writeFile(path, bytes, { mode: 0o644 });
      const options = { dir, recordSecret, from: [old], mayLink: true };
      await using opened = await openTorrentContent(torrent, options);
      const have = await opened.verify();
      assert(have.has(0));
      bytes[0]! ^= 1;
      await Deno.writeFile(path, bytes);
      await Deno.utime(path, 1e9, 1e9);
      await assertRejects(
        () => opened.begin(have),
        ContentChangedError,
        `Cannot keep sharing ${join(dir, "new", "a")}: another program`,
      );
      const names = await listing(join(dir, "new"));
      assertEquals(names.includes("a"), place === "named");
      assertEquals(await Deno.readFile(path), bytes);
    }
  },
});

Deno.test({
  name: "an old file that is modified after it was verified is verified again",
  ignore,
  fn: async () => {
    await using swarm = await LocalSwarm.open();
    const files = { "a": LENGTH, "b": LENGTH };
    const shared = await swarm.seed("new", { files });
    const old = join(swarm.folder, "old");
    await Deno.mkdir(old);
    await Deno.copyFile(join(shared.source, "new", "a"), join(old, "a"));
    const dir = join(swarm.folder, "dir");
    const { verify } = TorrentContent.prototype;
    TorrentContent.prototype.verify = async function (
      ...args: Parameters<typeof verify>
    ): Promise<Bitfield> {
      TorrentContent.prototype.verify = verify;
      const have = await verify.apply(this, args);
      await Deno.writeFile(join(old, "a"), new Uint8Array(LENGTH));
      await Deno.utime(join(old, "a"), 1e9, 1e9);
      return have;
    };
    try {
      const flags = ["--port=0", "--no-discovery", "--exit-when-complete"];
      const { code, stderr } = await runJob(peer, [
        ...[shared.path, "--dir", dir, "--from", old, "--link", ...flags],
      ]);
      assertMatch(stderr, /another program modified it; verifying it again/);
      assertEquals(code, 0);
    } finally {
      TorrentContent.prototype.verify = verify;
    }
    await assertCopied(shared, dir);
    assertEquals(await Deno.readFile(join(old, "a")), new Uint8Array(LENGTH));
  },
});

Deno.test({
  name: "a link that cannot be replaced by a copy is an error of its file",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const [old, dir] = ["old", "dir"].map((name) =>
      join(folder.path, name)
    ) as [
      string,
      string,
    ];
    await Deno.mkdir(old);
    const bytes = content.slice(0, LENGTH);
    bytes[LENGTH - 1]! ^= 1;
    await Deno.writeFile(join(old, "a"), bytes, { mode: 0o644 });
    const options = { dir, recordSecret, from: [old], mayLink: true };
    await using opened = await openTorrentContent(torrent, options);
    const have = await opened.verify();
    const { copyFile } = Deno;
    Deno.copyFile = () =>
      Promise.reject(Object.assign(new Error("full"), { code: "ENOSPC" }));
    try {
      await assertRejects(
        () => opened.begin(have),
        StorageError,
        `Cannot write ${join(dir, "new", "a")}: the disk is full`,
      );
    } finally {
      Deno.copyFile = copyFile;
    }
    assertEquals(await Deno.readFile(join(old, "a")), bytes);
  },
});

Deno.test({
  name: "a link that waits for the files of --first is reported as one",
  ignore,
  fn: async () => {
    await using folder = await temporaryFolder();
    const old = join(folder.path, "old");
    await Deno.mkdir(old);
    const bytes = content.slice(0, LENGTH);
    await Deno.writeFile(join(old, "a"), bytes, { mode: 0o644 });
    let linked: readonly number[] | undefined;
    await using opened = await openTorrentContent(torrent, {
      ...{ dir: join(folder.path, "dir"), recordSecret, from: [old] },
      ...{ mayLink: true, onTaken: (taken) => linked = taken.linked },
      first: Bitfield.fromBytes(Uint8Array.of(0b0100_0000), 2),
    });
    await opened.begin(await opened.verify());
    assertEquals(linked, [0]);
  },
});

Deno.test("an old folder may be gone once no file is missing", async () => {
  await using folder = await temporaryFolder();
  const [old, dir] = ["old", "dir"].map((name) => join(folder.path, name)) as [
    string,
    string,
  ];
  await Deno.mkdir(old);
  for (const [index, name] of ["a", "b"].entries()) {
    const bytes = content.slice(index * LENGTH, (index + 1) * LENGTH);
    await Deno.writeFile(join(old, name), bytes);
  }
  for (const isThere of [true, false]) {
    if (!isThere) await Deno.remove(old, { recursive: true });
    const options = { dir, recordSecret, from: [old] };
    await using opened = await openTorrentContent(torrent, options);
    const have = await opened.verify();
    await opened.begin(have);
    assertEquals(have.isFull, true);
  }
});
