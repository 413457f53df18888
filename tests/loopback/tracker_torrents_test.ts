/**
 * The program `tracker` with a folder of torrent files.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import {
  announce,
  createAnnounceKey,
  createPeerId,
  type InfoHash,
  loadTorrentFile,
  scrape,
  type Torrent,
  TrackerError,
} from "../../mod.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { runPeer, spawnPeer } from "./local_swarm.ts";
import { makeContent } from "./memory_torrent.ts";
import { listing, temporaryFolder } from "./temporary_folder.ts";

interface Scene extends AsyncDisposable {
  readonly program: RunningProgram;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** A folder with `torrents`, which is served, and `there`, with content. */
  readonly folder: string;
  /** Creates a file of 300 kB, and its torrent file in a folder, by default the served one. */
  create(name: string, folder?: string): Promise<Torrent>;
}

/** Starts a tracker for an empty folder. */
async function openScene(...flags: string[]): Promise<Scene> {
  const { path, [Symbol.asyncDispose]: remove } = await temporaryFolder();
  for (const name of ["torrents", "there"]) await Deno.mkdir(join(path, name));
  const program = spawnTask("tracker", [
    ...["0", "--host=127.0.0.1", "--torrents", join(path, "torrents")],
    ...flags,
  ]);
  const [, url] = await program.stdout.waitFor(
    /(http:\/\/127\.0\.0\.1:\d+)\/announce/,
  );
  return {
    program,
    url: url!,
    folder: path,
    create: async (name, folder = "torrents") => {
      const source = join(path, "there", name);
      await Deno.writeFile(source, makeContent(name, 300_000));
      const torrentPath = join(path, folder, `${name}.torrent`);
      const announceUrl = `${url}/announce`;
      const args = [source, announceUrl, torrentPath];
      const { code, stderr } = await runTask("create", args);
      assertEquals(code, 0, stderr);
      return await loadTorrentFile(torrentPath);
    },
    [Symbol.asyncDispose]: async () => {
      await program[Symbol.asyncDispose]();
      await remove();
    },
  };
}

/** The outcomes of announces and scrapes over HTTP and UDP: `accepted`, or the failure reason. */
async function ask({ url }: Scene, infoHash: InfoHash): Promise<Set<string>> {
  const announceUrls = [
    `${url}/announce`,
    `${url.replace("http:", "udp:")}/announce`,
  ];
  const outcomes = announceUrls.flatMap((announceUrl) => [
    announce(announceUrl, {
      infoHash,
      peerId: createPeerId(Math.random),
      port: 6881,
      uploaded: 0,
      downloaded: 0,
      left: 1,
      event: "started",
      numwant: 50,
      key: createAnnounceKey(Math.random),
      trackerId: undefined,
    }),
    scrape(announceUrl, [infoHash]),
  ]);
  const answers = outcomes.map(async (outcome) => {
    try {
      await outcome;
      return "accepted";
    } catch (error) {
      if (!(error instanceof TrackerError)) throw error;
      return error.message.slice(error.message.lastIndexOf(": ") + 2);
    }
  });
  return new Set(await Promise.all(answers));
}

Deno.test("tracker --torrents serves a file that was added later, and peer joins by its URL", async () => {
  await using scene = await openScene();
  const name = "größe & (1).bin";
  const torrent = await scene.create(name);
  await scene.program.stdout.waitFor(/ listed größe & \(1\)\.bin\.torrent: /);
  await using seeder = spawnPeer(
    ...[join(scene.folder, "torrents", `${name}.torrent`)],
    ...["--dir", join(scene.folder, "there")],
  );
  await seeder.stdout.waitFor(/tracker http:\S+ answers$/);

  // The command on the page, as a user runs it on another machine.
  const page = await (await fetch(`${scene.url}/`)).text();
  const [, url] = /deno task peer (http:[^<\s]+)/.exec(page)!;
  assertEquals(
    url,
    `${scene.url}/torrents/gr%C3%B6%C3%9Fe%20%26%20%281%29.bin.torrent`,
  );
  assertStringIncludes(page, torrent.infoHash);
  const here = join(scene.folder, "here");
  const { code, stderr } = await runPeer(
    ...[url!, "--dir", here, "--exit-when-complete"],
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(await listing(here), [name]);
  assertEquals(
    await Deno.readFile(join(here, name)),
    makeContent(name, 300_000),
  );
});

Deno.test("tracker uses its own address in commands for a client without a host header", async () => {
  await using scene = await openScene("--quiet");
  await scene.create("a.bin");
  const { hostname, port } = new URL(scene.url);
  let page = "";
  // The torrent is listed after the next scan.
  const endTime = Date.now() + 30_000;
  while (!page.includes("a.bin")) {
    assert(Date.now() < endTime, page);
    await delay(50);
    const connection = await Deno.connect({ hostname, port: Number(port) });
    // HTTP/1.0 needs no host header.
    await connection.write(new TextEncoder().encode("GET / HTTP/1.0\r\n\r\n"));
    page = await new Response(connection.readable).text();
  }
  assertStringIncludes(page, `peer ${scene.url}/torrents/a.bin.torrent`);
});

Deno.test("tracker --torrents serves each file byte for byte, until it is gone", async () => {
  await using scene = await openScene("--json");
  await scene.create("a.bin");
  await scene.program.stdout.waitFor(/"type":"listed".*"a\.bin\.torrent"/);
  const url = `${scene.url}/torrents/a.bin.torrent`;
  const response = await fetch(url);
  assertEquals(
    response.headers.get("content-type"),
    "application/x-bittorrent",
  );
  assertStringIncludes(
    response.headers.get("content-disposition")!,
    'filename="a.bin.torrent"',
  );
  const path = join(scene.folder, "torrents/a.bin.torrent");
  assertEquals(await response.bytes(), await Deno.readFile(path));
  const head = await fetch(url, { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
  for (
    const name of [
      "b.torrent",
      "..%2fthere%2fa.bin",
      "%2e%2e/there/a.bin",
      "a.bin.torrent%00",
    ]
  ) {
    const missing = await fetch(`${scene.url}/torrents/${name}`);
    await missing.body?.cancel();
    assertEquals(missing.status, 404, name);
  }
  await Deno.remove(path);
  await scene.program.stdout.waitFor(/"type":"unlisted"/);
  const gone = await fetch(url);
  await gone.body?.cancel();
  assertEquals(gone.status, 404);
  const lines = scene.program.stdout.lines.map((line) => JSON.parse(line));
  assertEquals(lines.map(({ type }) => type), [
    "listening",
    "listed",
    "unlisted",
  ]);
  assertEquals([lines[0].torrents, lines[1].name], [0, "a.bin"]);
});

Deno.test("tracker --torrents warns once about a file that is not a torrent file", async () => {
  await using folder = await temporaryFolder();
  await Deno.writeTextFile(join(folder.path, "a.torrent"), "<html>");
  await Deno.utime(join(folder.path, "a.torrent"), 0, 0);
  await using program = spawnTask("tracker", [
    ...["0", "--host=127.0.0.1", "--torrents", folder.path],
  ]);
  await program.stdout.waitFor(/^torrents +0 in /);
  // Long enough for another scan.
  await Deno.writeTextFile(join(folder.path, "b.torrent"), "<html>");
  await Deno.utime(join(folder.path, "b.torrent"), 0, 0);
  await program.stderr.waitFor(/b\.torrent/);
  const { stderr } = await program.stop();
  const lines = stderr.trim().split("\n");
  assertEquals(lines.length, 2);
  assertMatch(
    lines[0]!,
    /^warning: not listed: cannot read .*a\.torrent: torrent: is not bencode/,
  );
});

Deno.test("tracker --only-listed refuses a torrent until it is listed", async () => {
  await using scene = await openScene("--only-listed", "--udp");
  const torrent = await scene.create("a.bin");
  await scene.program.stdout.waitFor(/ listed a\.bin\.torrent/);
  const accepted = new Set(["accepted"]);
  assertEquals(await ask(scene, torrent.infoHash), accepted);
  const path = join(scene.folder, "torrents/a.bin.torrent");
  await Deno.rename(path, `${path} away`);
  await scene.program.stdout.waitFor(/ unlisted a\.bin\.torrent/);
  const reason =
    "this tracker serves only the torrents that its page lists; use a torrent file from there";
  assertEquals(await ask(scene, torrent.infoHash), new Set([reason]));
  await Deno.rename(`${path} away`, join(scene.folder, "torrents/b.torrent"));
  await scene.program.stdout.waitFor(/ listed b\.torrent/);
  assertEquals(await ask(scene, torrent.infoHash), accepted);
});

Deno.test("tracker --only-listed tells a peer the reason", async () => {
  await using scene = await openScene("--only-listed", "--quiet");
  await scene.create("a.bin", "there");
  const there = join(scene.folder, "there");
  await using peer = spawnPeer(
    ...[join(there, "a.bin.torrent"), "--dir", there],
  );
  await peer.stdout.waitFor(
    /this tracker serves only the torrents that its page lists/,
  );
  assertEquals(scene.program.stdout.lines.length, 2);
});

Deno.test("tracker explains a missing folder, and that --only-listed needs one", async () => {
  await using folder = await temporaryFolder();
  const missing = join(folder.path, "missing");
  const absent = await runTask("tracker", ["0", "--torrents", missing]);
  assertEquals(
    [absent.code, absent.stdout, absent.stderr],
    [
      1,
      "",
      `error: cannot read ${missing}: it does not exist; check the path\n`,
    ],
  );
  const alone = await runTask("tracker", ["0", "--only-listed"]);
  assertEquals([alone.code, alone.stdout], [2, ""]);
  assert(/^error: .*--only-listed needs --torrents.*\n$/.test(alone.stderr));
});
