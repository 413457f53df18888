/**
 * Torrents whose symbolic links would lead to something else than the torrent: the
 * programs refuse them, and nothing is on the disk.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { peer } from "../../cli/peer.ts";
import { show } from "../../cli/show.ts";
import { verify } from "../../cli/verify.ts";
import { type Encodable, encodeBencode } from "../../lib/bencode/encode.ts";
import { runJob } from "./run_job.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

const FILE = { length: 0, path: ["a"] };

/** Entries beside a file `a`, by what they try. */
const CASES: Readonly<Record<string, readonly Encodable[]>> = {
  "to the machine's root": [link(["l"], ["/etc"])],
  "up": [link(["l"], ["..", "..", "etc"])],
  "through a link": [link(["d"], ["e"]), link(["e"], ["a"])],
  "in a circle": [link(["d"], ["e"]), link(["e"], ["d"])],
  "to nothing": [link(["l"], ["later"])],
  "over a file": [link(["a"], ["a"])],
  "above a file": [link(["d"], ["a"]), { length: 0, path: ["d", "x"] }],
  "to its own folder": [link(["d", "l"], ["d"])],
  "to padding": [
    { length: 0, path: [".pad", "0"], attr: "p" },
    link(["l"], [".pad", "0"]),
  ],
};

function link(path: readonly string[], target: readonly string[]): Encodable {
  return { attr: "l", length: 0, path, "symlink path": target };
}

for (const [where, entries] of Object.entries(CASES)) {
  Deno.test(`a torrent with a link ${where} is refused, with the field`, async () => {
    await using folder = await temporaryFolder();
    const torrent = join(folder.path, "x.torrent");
    const info = {
      ...{ name: "n", files: [FILE, ...entries] },
      ...{ "piece length": 16_384, pieces: "" },
    };
    await Deno.writeFile(torrent, encodeBencode({ info }));
    const dir = join(folder.path, "copies");
    await Deno.mkdir(dir);
    const runs = [
      runJob(peer, [torrent, "--dir", dir, "--port=0", "--no-discovery"]),
      runJob(show, [torrent]),
      runJob(verify, [torrent, dir]),
    ];
    for (const { code, stderr } of await Promise.all(runs)) {
      assertEquals(code, 3, stderr);
      assertStringIncludes(stderr, "info.files[");
    }
    assertEquals(await listing(folder.path), ["x.torrent"]);
  });
}
