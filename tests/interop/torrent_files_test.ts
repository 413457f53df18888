/**
 * Torrent files that other tools make, of one folder: what ours says of them, and
 * whether it finds their content right.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { createLan } from "../../scripts/lan/lan.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { writeRandomFile } from "../../scripts/programs/sample_file.ts";
import { lanTest } from "../lan/lan_test_case.ts";

const PYTHON = "/usr/bin/python3";
const ANNOUNCE = "http://10.77.0.1:8000/announce";
const FILES: readonly (readonly [name: string, length: number])[] = [
  ["a/long.bin", 300_001],
  ["b.bin", 65_536],
  ["c.bin", 7],
  ["фото.jpg", 40_000],
];

/** libtorrent's maker of torrent files; its flags are its own names for them. */
function libtorrentScript(flags: string): string {
  return [
    "import libtorrent as lt",
    "fs = lt.file_storage()",
    'lt.add_files(fs, "folder")',
    `ct = lt.create_torrent(fs, piece_size=32768, flags=${flags})`,
    `ct.add_tracker("${ANNOUNCE}")`,
    'lt.set_piece_hashes(ct, ".")',
    'open("x.torrent", "wb").write(lt.bencode(ct.generate()))',
  ].join("\n");
}

/** Tools, what they are run with in the folder's place, and what they make. */
const TOOLS: readonly {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
}[] = [
  {
    name: "mktorrent",
    program: "mktorrent",
    args: ["-l", "15", "-a", ANNOUNCE, "-o", "x.torrent", "folder"],
  },
  {
    name: "transmission-create",
    program: "transmission-create",
    args: ["-t", ANNOUNCE, "-o", "x.torrent", "folder"],
  },
  {
    name: "libtorrent, version 1",
    program: PYTHON,
    args: ["-c", libtorrentScript("lt.create_torrent.v1_only")],
  },
  {
    name: "libtorrent, a hybrid with padding files",
    program: PYTHON,
    args: ["-c", libtorrentScript("0")],
  },
];

/** A file as `show --json` tells it. */
interface ShownFile {
  readonly path: readonly string[];
  readonly length: number;
}

async function makeFolder(host: Host): Promise<void> {
  for (const [name, length] of FILES) {
    const path = host.path("folder", name);
    await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
    await writeRandomFile(path, length);
  }
}

for (const { name, program, args } of TOOLS) {
  lanTest(
    `a torrent file of ${name} is read, and its content found right`,
    async () => {
      await using lan = await createLan(["only"]);
      const host = lan.host("only");
      await makeFolder(host);
      const made = await host.run(program, args, {
        env: { LC_ALL: "C.UTF-8" },
      });
      assertEquals(made.code, 0, made.stderr);
      const shown = await host.runTask("show", ["x.torrent", "--json"]);
      assertEquals(shown.code, 0, shown.stderr);
      const { files, announce } = JSON.parse(shown.stdout);
      const shownFiles = (files as ShownFile[])
        .map(({ path, length }) => [path.join("/"), length] as const)
        .filter(([path]) => !path.startsWith(".pad/"));
      assertEquals(shownFiles.sort(), [...FILES].sort());
      assertEquals(announce.flat(), [ANNOUNCE]);
      const peer = host.spawnTask("peer", ["x.torrent"]);
      await peer.stdout.waitFor(/verified and complete; seeding/);
      await peer.stop("SIGTERM");
    },
  );
}

lanTest("a torrent file of version 2 alone is refused by name", async () => {
  await using lan = await createLan(["only"]);
  const host = lan.host("only");
  await makeFolder(host);
  const script = libtorrentScript("lt.create_torrent.v2_only");
  const made = await host.run(PYTHON, ["-c", script]);
  assertEquals(made.code, 0, made.stderr);
  const { code, stderr } = await host.runTask("peer", ["x.torrent"]);
  assertEquals(code, 3);
  assertMatch(stderr, /^error: [^\n]*version 2[^\n]*\n$/);
});
