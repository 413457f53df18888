/**
 * Programs, symbolic links and empty files between our peer and stock clients, and
 * torrent files of libtorrent that have them.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "@std/path";
import { waitUntilComplete } from "../../scripts/clients/client.ts";
import { libtorrent } from "../../scripts/clients/stock_clients.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import {
  startPeer,
  TORRENT_NAME,
  waitForCounts,
} from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import {
  announceUrl,
  carryTorrent,
  createTorrent,
  startTracker,
} from "../sharing_steps.ts";
import { CLIENTS } from "./sample.ts";

/** Files with their mode, and links with their text. */
const TREE: readonly (readonly [path: string, what: number | string])[] = [
  ["tree/bin/run.sh", 0o755],
  ["tree/blobs/1", 0o644],
  ["tree/blobs/2", 0o644],
  ["tree/snapshots/r/config.json", "../../blobs/1"],
  ["tree/snapshots/r/model.bin", "../../blobs/2"],
  ["tree/start", "bin/run.sh"],
  ["tree/current", "snapshots/r"],
];

async function makeTree(host: Host): Promise<void> {
  for (const [path, what] of TREE) {
    const place = host.path(path);
    await Deno.mkdir(dirname(place), { recursive: true });
    if (typeof what === "string") await Deno.symlink(what, place);
    else {
      await writeRandomFile(place, 300_001);
      await Deno.chmod(place, what);
    }
  }
}

/** The tree as a host has it: `rwx` bits of the owner, or what a link says. */
async function kindsOn(host: Host): Promise<Record<string, string>> {
  const kinds: Record<string, string> = {};
  for (const [path] of TREE) {
    const place = host.path(path);
    const info = await Deno.lstat(place).catch(() => undefined);
    kinds[path.slice("tree/".length)] = info === undefined
      ? "nothing"
      : info.isSymlink
      ? `-> ${await Deno.readLink(place)}`
      : info.isDirectory
      ? "folder"
      : `${info.size} bytes${(info.mode ?? 0) & 0o100 ? ", program" : ""}`;
  }
  return kinds;
}

function linksAre(kind: string): Record<string, string> {
  const links = TREE.filter(([, what]) => typeof what === "string");
  return Object.fromEntries(
    links.map(([path]) => [path.slice("tree/".length), kind]),
  );
}

const FILES = {
  "bin/run.sh": "300001 bytes",
  "blobs/1": "300001 bytes",
  "blobs/2": "300001 bytes",
};
/** The tree as each client makes it: libtorrent alone knows links and programs. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  aria2: { ...FILES, ...linksAre("0 bytes") },
  transmission: { ...FILES, ...linksAre("nothing") },
  libtorrent: {
    ...{ ...FILES, "bin/run.sh": "300001 bytes, program" },
    "snapshots/r/config.json": "-> ../../blobs/1",
    "snapshots/r/model.bin": "-> ../../blobs/2",
    ...{ start: "-> bin/run.sh", current: "-> snapshots/r" },
  },
};

for (const client of CLIENTS) {
  const { name, missing } = client;

  lanTest(
    `${name} downloads a tree with programs and links from our peer`,
    async () => {
      await using lan = await createLan(["tracker", "seeder", "leecher"]);
      const tracker = lan.host("tracker");
      const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
      await startTracker(tracker);
      await makeTree(seeder);
      const torrent = await createTorrent(seeder, "tree", announceUrl(tracker));
      startPeer(seeder);
      await carryTorrent(torrent, leecher);
      const program = await client.start(leecher, TORRENT_NAME);
      await waitUntilComplete(leecher, program);
      await assertSameFiles(seeder, leecher);
      assertEquals(await kindsOn(leecher), EXPECTED[name]);
    },
    { missing },
  );
}

async function assertSameFiles(from: Host, to: Host): Promise<void> {
  for (const path of Object.keys(FILES)) {
    const [left, right] = [from, to].map((host) => host.path("tree", path));
    assertEquals(await sha256Of(right!), await sha256Of(left!), path);
  }
}

/** libtorrent's maker of torrent files, told to keep links. */
const MAKE = [
  "import sys, libtorrent as lt",
  "flags = lt.create_torrent.symlinks | lt.create_torrent.v1_only",
  "fs = lt.file_storage()",
  'lt.add_files(fs, "tree", lambda path: True, flags)',
  "ct = lt.create_torrent(fs, piece_size=32768, flags=flags)",
  "ct.add_tracker(sys.argv[1])",
  'lt.set_piece_hashes(ct, ".")',
  `open("${TORRENT_NAME}", "wb").write(lt.bencode(ct.generate()))`,
].join("\n");

async function makeWithLibtorrent(host: Host, url: string): Promise<void> {
  const made = await host.run("/usr/bin/python3", ["-c", MAKE, url]);
  assertEquals(made.code, 0, made.stderr);
}

lanTest(
  "our peer downloads programs and links of a torrent of libtorrent",
  async () => {
    await using lan = await createLan(["tracker", "seeder", "leecher"]);
    const tracker = lan.host("tracker");
    const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
    await startTracker(tracker);
    await makeTree(seeder);
    await Deno.remove(seeder.path("tree/snapshots/r/config.json"));
    await Deno.remove(seeder.path("tree/snapshots/r/model.bin"));
    await Deno.writeTextFile(seeder.path("tree/snapshots/r/a"), "a");
    const announce = announceUrl(tracker);
    await makeWithLibtorrent(seeder, announce);
    const shown = await seeder.runTask("show", [TORRENT_NAME, "--json"]);
    const torrent = {
      ...{ host: seeder, infoHash: JSON.parse(shown.stdout).infoHash },
      announceUrl: announce,
    };
    await carryTorrent(torrent, leecher);
    await libtorrent.start(seeder, TORRENT_NAME);
    await waitForCounts(tracker, torrent, { complete: 1, incomplete: 0 });
    const { code } = await startPeer(leecher, ["--exit-when-complete"]).result;
    assertEquals(code, 0);
    await assertSameFiles(seeder, leecher);
    const kinds = await kindsOn(leecher);
    assertEquals([kinds["bin/run.sh"], kinds.start, kinds.current], [
      ...["300001 bytes, program", "-> bin/run.sh", "-> snapshots/r"],
    ]);
  },
  { missing: libtorrent.missing },
);

lanTest(
  "links in subfolders, which libtorrent writes against BEP 47, are refused",
  async () => {
    await using lan = await createLan(["only"]);
    const host = lan.host("only");
    await makeTree(host);
    await makeWithLibtorrent(host, "http://10.77.0.1:8000/announce");
    const { code, stderr } = await host.runTask("show", [TORRENT_NAME]);
    assertEquals(code, 3);
    assertStringIncludes(stderr, 'symlink path: ".." contains ".."');
  },
  { missing: libtorrent.missing },
);

/** The folder into which a client writes padding, or nothing. */
const PADDING: Readonly<Record<string, string>> = {
  aria2: "folder",
  transmission: "folder",
  libtorrent: "nothing",
};

for (const { name, missing, start } of CLIENTS) {
  lanTest(
    `${name} downloads files that begin at pieces from our peer`,
    async () => {
      await using lan = await createLan(["tracker", "seeder", "leecher"]);
      const tracker = lan.host("tracker");
      const [seeder, leecher] = [lan.host("seeder"), lan.host("leecher")];
      await startTracker(tracker);
      await makeTree(seeder);
      const url = announceUrl(tracker);
      const torrent = await createTorrent(seeder, "tree", url, ["--align"]);
      const shown = await seeder.runTask("show", [TORRENT_NAME]);
      assertStringIncludes(shown.stdout, "Padding:");
      startPeer(seeder);
      await carryTorrent(torrent, leecher);
      const program = await start(leecher, TORRENT_NAME);
      await waitUntilComplete(leecher, program);
      await assertSameFiles(seeder, leecher);
      const pad = await Deno.lstat(leecher.path("tree/.pad"))
        .catch(() => undefined);
      assertEquals(pad === undefined ? "nothing" : "folder", PADDING[name]);
    },
    { missing },
  );
}
