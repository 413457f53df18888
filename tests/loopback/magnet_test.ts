/**
 * The program `peer` with magnet links.
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { buildTorrentFile, formatMagnetLink, magnetLinkOf } from "../../mod.ts";
import { runTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
import { assertCopied, LocalSwarm, runPeer } from "./local_swarm.ts";
import { memoryTorrent } from "./memory_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

Deno.test("peer accepts magnet links, and torrent files beside them", async () => {
  await using swarm = await LocalSwarm.open();
  const far = await swarm.seed("far", { files: { x: 300_000, "y z": 7 } });
  const near = await swarm.seed("near.bin", { files: { "": 100_000 } });
  const dir = join(swarm.folder, "here");
  const { code, stdout, stderr } = await runPeer(
    ...[magnetLinkOf(far.torrent)!, near.path],
    ...["--dir", dir, "--exit-when-complete"],
  );
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(
    stdout,
    "far: asking peers for the torrent's metadata\n",
  );
  await assertCopied(far, dir);
  await assertCopied(near, dir);
});

Deno.test("peer keeps the torrent of a magnet link for the next start", async () => {
  await using folder = await temporaryFolder();
  const dir = join(folder.path, "here");
  let link: string;
  let saved: string;
  {
    await using swarm = await LocalSwarm.open();
    const far = await swarm.seed("far", { files: { x: 300_000 } });
    link = magnetLinkOf(far.torrent)!;
    saved = join(dir, ".lanswarm", `${far.torrent.infoHash}.torrent`);
    const args = [link, "--dir", dir, "--exit-when-complete"];
    assertEquals((await runPeer(...args)).code, 0);
  }
  // Nobody could send it now.
  const args = [link, "--dir", dir, "--exit-when-complete"];
  const { code, stdout } = await runPeer(...args, "--timeout", "20s");
  assertEquals([code, stdout.includes("asking peers")], [0, false]);
  // A torrent of another info hash, and what is no torrent, are not believed.
  const other = await memoryTorrent({ name: "other", length: 1 });
  const wrong = [
    buildTorrentFile(other.torrent, []),
    new TextEncoder().encode("de"),
  ];
  for (const bytes of wrong) {
    await Deno.writeFile(saved, bytes);
    const { code } = await runPeer(...args, "--timeout", "1s");
    assertEquals(code, 4);
  }
});

Deno.test("peer ends with 4 if no peer sends the metadata, and shares the other torrents all the same", async () => {
  await using swarm = await LocalSwarm.open();
  const near = await swarm.seed("near.bin", { files: { "": 100_000 } });
  const { torrent } = await swarm.publish("absent", { files: { x: 100 } });
  const tracker = `http://127.0.0.1:${freePort()}/announce`;
  const link = formatMagnetLink({
    ...{ infoHash: torrent.infoHash, name: "ab\u202esent" },
    ...{ trackers: [tracker], peers: [] },
  });
  const dir = join(swarm.folder, "here");
  const { code, stderr } = await runPeer(
    ...[link, near.path, "--dir", dir],
    ...["--exit-when-complete", "--retry-for", "1s"],
  );
  const [warning, error, ...rest] = stderr.split("\n");
  assertStringIncludes(warning!, `warning: cannot announce to ${tracker}: `);
  assertStringIncludes(
    error!,
    'error: cannot fetch "absent": no peer sent the torrent\'s metadata within ' +
      `10 s: cannot announce to ${tracker}: Connection refused`,
  );
  assertStringIncludes(error!, "; see --retry-for");
  assertEquals([code, rest], [4, [""]]);
  await assertCopied(near, dir);
});

Deno.test("peer --timeout ends the search for metadata with 4", async () => {
  await using folder = await temporaryFolder();
  const link = `magnet:?xt=urn:btih:${"ab".repeat(20)}`;
  const args = [link, "--timeout", "1s", "--json"];
  const { code, stdout, stderr } = await runPeer(...args, "--dir", folder.path);
  assertEquals(
    [code, stdout, stderr],
    [
      4,
      "",
      "error: cannot finish: --timeout of 1s is over; run again to continue\n",
    ],
  );
});

Deno.test("peer and show exit with 2 for a magnet link that they cannot use", async () => {
  const link = `magnet:?xt=urn:btih:${"ab".repeat(20)}`;
  const start = "error: cannot read the command line: ";
  const cases: ["peer" | "show", args: string[], line: string][] = [
    ["peer", ["magnet:?dn=a"], "TORRENT: magnet link: it names no torrent"],
    ["peer", [`${link}0`], "has no 40 hex or 32 base32 digits"],
    [
      "peer",
      [
        link,
        link.toUpperCase().replace(
          "MAGNET:?XT=URN:BTIH",
          "magnet:?xt=urn:btih",
        ),
      ],
      "two magnet links are the same torrent",
    ],
    ["show", [link], "a magnet link is no torrent file; give it to peer"],
  ];
  for (const [program, args, line] of cases) {
    const { code, stdout, stderr } = await runTask(program, args);
    assertStringIncludes(stderr, start);
    assertStringIncludes(stderr, line);
    assertEquals([code, stdout, stderr.split("\n").length], [2, "", 2]);
  }
});
