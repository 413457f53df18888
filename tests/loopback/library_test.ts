/**
 * The library as scripts use it: a process of its own with the permission for
 * the network and no other.
 */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import {
  type ProgramResult,
  runCommand,
} from "../../scripts/programs/running_program.ts";
import { startTracker } from "../../lib/mod.ts";
import { freePort } from "./machine.ts";

const LIBRARY = new URL("../../lib/mod.ts", import.meta.url).href;
const CONFIGURATION = fromFileUrl(new URL("../../deno.json", import.meta.url));
const INFO_HASH = "0123456789abcdef0123456789abcdef01234567";

/** Runs `deno run -N` with these arguments, which may not prompt. */
async function runScript(...args: string[]): Promise<ProgramResult> {
  return await runCommand(Deno.execPath(), [
    ...["run", "--no-prompt", `--config=${CONFIGURATION}`, "-N", ...args],
  ]);
}

async function runLibrary(...args: string[]): Promise<ProgramResult> {
  return await runScript(LIBRARY, ...args);
}

Deno.test("lib/mod.ts announce prints the swarm and leaves no peer behind", async () => {
  const seen: string[] = [];
  await using tracker = await startTracker({
    hostname: "127.0.0.1",
    port: 0,
    onChange: ({ type }) => seen.push(type),
  });
  const { code, stdout, stderr } = await runLibrary(
    "announce",
    // Pasted with a line end and a byte order mark.
    `${tracker.announceUrl}\r\n`,
    `\ufeff${INFO_HASH.toUpperCase()} `,
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout), {
    infoHash: INFO_HASH,
    complete: 0,
    incomplete: 0,
    intervalSeconds: 10,
    minIntervalSeconds: 5,
    peers: [],
  });
  assertEquals(seen, ["joined", "left"]);
});

Deno.test("lib/mod.ts scrape prints the named torrents, or all", async () => {
  await using tracker = await startTracker({ hostname: "127.0.0.1", port: 0 });
  const url = `${tracker.announceUrl}?info_hash=${"%41".repeat(20)}&peer_id=${
    "x".repeat(20)
  }&port=1&left=0&event=completed`;
  await (await fetch(url)).body?.cancel();
  const torrent = {
    infoHash: "41".repeat(20),
    complete: 1,
    incomplete: 0,
    downloaded: 1,
  };
  for (
    const [hashes, torrents] of [
      [[], [torrent]],
      [[torrent.infoHash], [torrent]],
      [[INFO_HASH], []],
    ] as const
  ) {
    const { code, stdout } = await runLibrary(
      "scrape",
      tracker.announceUrl,
      ...hashes,
    );
    assertEquals([code, JSON.parse(stdout)], [0, { torrents }]);
  }
});

Deno.test("lib/mod.ts ends with 1 and one line if the tracker fails", async () => {
  const port = freePort();
  for (const command of ["scrape", "announce"]) {
    const { code, stdout, stderr } = await runLibrary(
      command,
      `http://127.0.0.1:${port}/announce`,
      INFO_HASH,
    );
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^error: Cannot .*Connection refused.*; check .*\n$/);
  }
});

Deno.test("lib/mod.ts ends with 2 and one line on arguments that make no sense", async () => {
  for (
    const args of [
      [],
      ["scrape"],
      ["steal", "http://127.0.0.1/announce"],
      ["announce", "http://127.0.0.1/announce"],
      ["announce", "http://127.0.0.1/announce", INFO_HASH, INFO_HASH],
      ["announce", "http://127.0.0.1/announce", "xyz"],
      ["announce", "http://127.0.0.1/ann\u200bounce", INFO_HASH],
    ]
  ) {
    const { code, stdout, stderr } = await runLibrary(...args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^error: .*; usage: .*\n$/);
  }
});

Deno.test("a script runs a tracker, announces and scrapes with the network alone", async () => {
  const script = `
    import { announce, createAnnounceKey, createPeerId, infoHashFromHex,
      scrape, startTracker } from "${LIBRARY}";
    await using tracker = await startTracker({ hostname: "127.0.0.1", port: 0 });
    const infoHash = infoHashFromHex("${INFO_HASH}");
    for (const port of [6881, 6882]) {
      const { peers } = await announce(tracker.announceUrl, {
        infoHash, peerId: createPeerId(Math.random), port, uploaded: 0,
        downloaded: 0, left: port - 6881, event: "started", numwant: 50,
        key: createAnnounceKey(Math.random), trackerId: undefined,
      });
      console.log(JSON.stringify(peers));
    }
    console.log(JSON.stringify(await scrape(tracker.announceUrl, [infoHash])));
  `;
  const { stdout, stderr, code } = await runScript(
    `data:text/typescript,${encodeURIComponent(script)}`,
  );
  assertEquals([stderr, code], ["", 0]);
  assertEquals(stdout.trim().split("\n").map((line) => JSON.parse(line)), [
    [],
    [{ hostname: "127.0.0.1", port: 6881 }],
    [{ infoHash: INFO_HASH, complete: 1, incomplete: 1, downloaded: 0 }],
  ]);
});

Deno.test("a script offers torrent files and fetches them with the network alone", async () => {
  const script = `
    import { buildTorrent, fetchTorrent, MemoryCatalogue, PIECE_LENGTH, scrape,
      startTracker, torrentPath } from "${LIBRARY}";
    const catalogue = new MemoryCatalogue();
    await using tracker = await startTracker({
      hostname: "127.0.0.1", port: 0, catalogue, onlyListed: true,
    });
    await catalogue.add("a & b.torrent", buildTorrent({
      name: "a", content: { type: "file", length: 1 },
      pieceLength: PIECE_LENGTH, pieceHashes: new Uint8Array(20),
      announce: [tracker.announceUrl],
    }));
    const url = new URL(torrentPath("a & b.torrent"), tracker.announceUrl);
    const { name, infoHash } = await fetchTorrent(url.href);
    const known = await scrape(tracker.announceUrl, [infoHash]);
    const unknown = await scrape(tracker.announceUrl, ["${INFO_HASH}"])
      .catch(({ name }) => name);
    console.log(JSON.stringify([name, known, unknown]));
  `;
  const { stdout, stderr, code } = await runScript(
    `data:text/typescript,${encodeURIComponent(script)}`,
  );
  assertEquals([stderr, code], ["", 0]);
  assertEquals(JSON.parse(stdout), ["a", [], "TrackerError"]);
});

Deno.test("startTracker() refuses to serve listed torrents alone without a list", async () => {
  await assertRejects(
    () => startTracker({ port: 0, onlyListed: true }),
    TypeError,
  );
});
