/**
 * The reports of the program `peer`: lines, JSON, its exit code, and the environment
 * of the command of `--on-complete`.
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { freePort } from "./machine.ts";
import {
  assertCopied,
  LocalSwarm,
  type PublishedTorrent,
  runPeer,
  spawnPeer,
} from "./local_swarm.ts";
import { peer } from "../../cli/peer.ts";
import { runTask } from "../../scripts/programs/tasks.ts";
import { runJob } from "./run_job.ts";

/** A program for `--on-complete` that records its arguments and environment, prints a line and exits with a code. */
const NOTE_PROGRAM = `
const [notes, code, ...words] = Deno.args;
const names = ["LANSWARM_NAME", "LANSWARM_PATH", "LANSWARM_INFO_HASH"];
const note = { words, values: names.map((name) => Deno.env.get(name)) };
Deno.writeTextFileSync(notes, JSON.stringify(note) + "\\n", { append: true });
console.log("the command was here");
Deno.exit(Number(code));
`;

/** The command and the file that it records its runs in. */
async function noteCommand(
  swarm: LocalSwarm,
  code: number,
): Promise<{ command: string; notes: string }> {
  const script = join(swarm.folder, "note calls.js");
  const notes = join(swarm.folder, "notes");
  await Deno.writeTextFile(script, NOTE_PROGRAM);
  await Deno.writeTextFile(notes, "");
  const command =
    `'${Deno.execPath()}' run -W -E "${script}" '${notes}' ${code} two\\ words "it's" $HOME;ls`;
  return { command, notes };
}

async function notesOf(path: string): Promise<unknown[]> {
  const text = await Deno.readTextFile(path);
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** Every line of text as JSON. */
function parseLines(text: string): Record<string, unknown>[] {
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

async function publishSmall(swarm: LocalSwarm): Promise<PublishedTorrent> {
  return await swarm.seed("a b.bin", { files: { "": 100_000 } });
}

Deno.test("--on-complete runs a command once per download, and not for content that was complete", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await publishSmall(swarm);
  const there = await swarm.publish("there.bin", { files: { "": 10 } });
  const { command, notes } = await noteCommand(swarm, 0);
  const dir = join(swarm.folder, "here");
  await Deno.mkdir(dir);
  await Deno.copyFile(join(there.source, "there.bin"), join(dir, "there.bin"));
  const args = [
    ...[shared.path, there.path, "--dir", dir, "--exit-when-complete"],
    ...["--on-complete", command],
  ];
  for (let round = 0; round < 2; round++) {
    const { code, stderr } = await runPeer(...args);
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await notesOf(notes), [{
      words: ["two words", "it's", "$HOME;ls"],
      values: [
        "a b.bin",
        join(dir, "a b.bin"),
        shared.torrent.infoHash,
      ],
    }]);
  }
});

Deno.test("--on-complete runs its command for each torrent", async () => {
  await using swarm = await LocalSwarm.open();
  const one = await publishSmall(swarm);
  const two = await swarm.seed("folder", { files: { a: 1, b: 200_000 } });
  const { command, notes } = await noteCommand(swarm, 0);
  const dir = join(swarm.folder, "here");
  const { code } = await runPeer(
    ...[one.path, two.path, "--dir", dir, "--exit-when-complete"],
    ...["--on-complete", command],
  );
  assertEquals(code, 0);
  assertEquals((await notesOf(notes)).length, 2);
});

Deno.test("peer exits with 1 and one line if the command of --on-complete fails", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await publishSmall(swarm);
  const { command } = await noteCommand(swarm, 7);
  const missing = join(swarm.folder, "no-such-program");
  const cases: [command: string, message: RegExp][] = [
    [command, /^error: [^\n]* failed with exit code 7; [^\n]*\n$/],
    [`'${missing}'`, /^error: [^\n]*no-such-program[^\n]*; [^\n]*\n$/],
  ];
  for (const [index, [onComplete, message]] of cases.entries()) {
    const dir = join(swarm.folder, `here${index}`);
    const { code, stderr } = await runPeer(
      ...[shared.path, "--dir", dir, "--exit-when-complete"],
      ...["--on-complete", onComplete],
    );
    assertEquals(code, 1);
    assertMatch(stderr, message);
    await assertCopied(shared, dir);
  }
});

Deno.test("--json prints only lines of JSON, even if a command prints something else", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await swarm.seed("a\u202e\x1b[2J.bin", {
    files: { "": 1_500_000 },
  });
  const { command } = await noteCommand(swarm, 0);
  const dir = join(swarm.folder, "here");
  const { code, stdout } = await runPeer(
    ...[shared.path, "--dir", dir, "--exit-when-complete", "--json"],
    // Slow enough for a status with peers.
    ...["--max-download", "400000", "--on-complete", command],
  );
  assertEquals(code, 0);
  const lines = parseLines(stdout);
  const types = lines.map(({ type }) => type);
  for (const { time } of lines) assert(!Number.isNaN(Date.parse(String(time))));
  assertEquals(types.slice(0, 3), ["listening", "verifying", "verified"]);
  assertEquals(lines[1]!.progress, 0);
  for (const type of ["announced", "peerConnected", "pieceVerified"]) {
    assert(types.includes(type), `${type} in ${types}`);
  }
  assertEquals(types.filter((type) => type === "completed").length, 1);
  const statuses = lines.filter(({ type }) => type === "status");
  // In the first one it may not be connected yet.
  const first = statuses.find(({ seeders }) => seeders !== 0)!;
  const last = statuses.at(-1)!;
  assertEquals(
    [first.state, first.name, first.infoHash],
    ["downloading", shared.torrent.name, shared.torrent.infoHash],
  );
  const [peer] = first.peers as Record<string, unknown>[];
  assertEquals([peer?.seeder, first.seeders], [true, 1]);
  for (const field of ["progress", "downloadRate", "uploadRate", "eta"]) {
    assertEquals(typeof first[field], "number", field);
  }
  assertEquals([last.state, last.progress], ["seeding", 1]);
});

Deno.test("--quiet prints nothing", async () => {
  await using swarm = await LocalSwarm.open();
  const shared = await publishSmall(swarm);
  const { code, stdout, stderr } = await runPeer(
    ...[shared.path, "--dir", join(swarm.folder, "here")],
    ...["--exit-when-complete", "--quiet"],
  );
  assertEquals([code, stdout, stderr], [0, "", ""]);
});

Deno.test("--quiet prints errors", async () => {
  const { code, stdout, stderr } = await runPeer("none.torrent", "--quiet");
  assertEquals([code, stdout], [1, ""]);
  assertMatch(stderr, /^error: [^\n]*none\.torrent[^\n]*\n$/);
});

Deno.test("peer reports once that a tracker refuses the connection, and announces to the next", async () => {
  await using swarm = await LocalSwarm.open();
  const dead = `http://127.0.0.1:${freePort()}/announce`;
  const shared = await swarm.seed("a.bin", {
    files: { "": 100_000 },
    announce: [dead, swarm.tracker.announceUrl],
  });
  const dir = join(swarm.folder, "here");
  const { code, stdout, stderr } = await runPeer(
    ...[shared.path, "--dir", dir, "--exit-when-complete"],
  );
  assertEquals([code, stderr], [0, ""]);
  const news = stdout.split("\n").filter((line) => line.includes(dead));
  assertEquals(news.length, 1, stdout);
  assertMatch(
    news[0]!,
    /refused[^\n]*; trying again, the transfer goes on without it$/,
  );
  await assertCopied(shared, dir);
});

Deno.test("peer reports once that its only tracker refuses the connection, and continues", async () => {
  await using swarm = await LocalSwarm.open();
  const announce = [`http://127.0.0.1:${freePort()}/announce`];
  const shared = await swarm.publish("a.bin", {
    files: { "": 10 },
    announce,
  });
  await using seeder = spawnPeer(shared.path, "--dir", shared.source);
  await seeder.stdout.waitFor(/the transfer goes on without it$/);
  // Longer than the time until the next announce.
  await delay(2_300);
  const { code, stdout, stderr } = await seeder.stop("SIGINT");
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.match(/refused/g)?.length, 1, stdout);
});

Deno.test("peer reports a failure in one line", async () => {
  await using swarm = await LocalSwarm.open();
  const { folder } = swarm;
  const older = join(folder, "older.torrent");
  const { path: good } = await swarm.publish("a.bin", { files: { "": 10 } });
  await Deno.rename(good, older);
  await swarm.publish("a.bin", { files: { "": 11 } });
  const copy = join(folder, "copy.torrent");
  await Deno.copyFile(good, copy);
  const broken = join(folder, "broken.torrent");
  await Deno.writeTextFile(
    broken,
    "d4:infod6:lengthi1e4:name1:a12:piece lengthi16384e6:pieces3:abcee",
  );
  const noise = join(folder, "noise.torrent");
  await Deno.writeTextFile(noise, "<html>404</html>");
  const escaping = join(folder, "escaping.torrent");
  await Deno.writeTextFile(
    escaping,
    "d4:infod6:lengthi0e4:name2:..12:piece lengthi16384e6:pieces0:ee",
  );
  const cases: [args: string[], code: number, message: RegExp][] = [
    [[], 2, /no TORRENT is given; see --help$/],
    [[good, "--speed=9"], 2, /unknown flag --speed/],
    [[good, "--port=70000"], 2, /--port: "70000" is not a whole number/],
    [[good, good], 2, /a\.bin\.torrent is given twice; /],
    [[good, copy], 2, / and \S+copy\.torrent are the same torrent; give it/],
    [[good, older], 2, /two torrents are stored as "a\.bin"; /],
    [[join(folder, "none.torrent")], 1, /none\.torrent: it does not exist; /],
    [
      [folder],
      1,
      /it is a folder; to share the folder: deno task share /,
    ],
    [[broken], 3, /info\.pieces/],
    [[good, broken], 3, /info\.pieces/],
    [[noise], 3, /it does not begin with "d" .*; get a fresh copy of the /],
    [[escaping], 3, /info\.name/],
    // No machine has this address: TEST-NET-1. [RFC 5737]
    [
      [good, "--host=192.0.2.1", "--retry-for=0"],
      4,
      /cannot listen on 192\.0\.2\.1, .*; choose another --host/,
    ],
  ];
  for (const [args, code, message] of cases) {
    // The first and the last one, which listens, in a process.
    const result = args.length === 0 || code === 4
      ? await runTask("peer", args, { cwd: folder })
      : await runJob(peer, args);
    assertEquals(result.stdout, "", `${args}`);
    assertMatch(result.stderr, /^error: cannot [^\n]+\n$/);
    assertMatch(result.stderr.trim(), message);
    assertEquals(result.code, code, `${args}`);
  }
});

Deno.test("peer create and peer show are create and show", async () => {
  await using swarm = await LocalSwarm.open();
  const { path, torrent } = await swarm.publish("a.bin", { files: { "": 10 } });
  const [shown, same, help] = await Promise.all([
    runTask("show", [path, "--json"]),
    runTask("peer", ["show", path, "--json"]),
    runTask("peer", ["create", "--help"]),
  ]);
  assertEquals(JSON.parse(same.stdout).infoHash, torrent.infoHash);
  assertEquals(same, shown);
  assertMatch(help.stdout, /create PATH ANNOUNCE_URL/);
});
