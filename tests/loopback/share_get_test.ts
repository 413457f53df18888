/**
 * The programs share and get on one machine, without multicast: get names the
 * machine.
 */
import { assertEquals, assertLess, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { sha256Of } from "../../scripts/programs/sample_file.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { freePort } from "./machine.ts";
import { makeContent } from "./memory_torrent.ts";
import {
  listing,
  type TemporaryFolder,
  temporaryFolder,
} from "./temporary_folder.ts";

const LOCAL = ["--host", "127.0.0.1", "--no-discovery"];

/** Starts share on a port of 127.0.0.1. */
function spawnShare(port: number, ...args: string[]): RunningProgram {
  const flags = ["--port", `${port}`, "--peer-port", "0", ...LOCAL];
  return spawnTask("share", [...args, ...flags]);
}

function getArguments(what: string, dir: string, ...args: string[]): string[] {
  return [what, "--dir", dir, "--port", "0", ...LOCAL, ...args];
}

/** Makes a file, and the path of a folder for its copy. */
async function sample(
  { path }: TemporaryFolder,
  length = 3_000_000,
): Promise<{ readonly file: string; readonly copies: string }> {
  const file = join(path, "source", "a.bin");
  await Deno.mkdir(join(path, "source"));
  await Deno.writeFile(file, makeContent("a.bin", length));
  return { file, copies: join(path, "copies") };
}

Deno.test("get fetches what share offers; a second share hashes nothing", async () => {
  await using folder = await temporaryFolder();
  const { file, copies } = await sample(folder);
  const port = freePort();
  {
    await using share = spawnShare(port, file);
    await share.stdout.waitFor(/^Sharing a\.bin on this network$/);
    await share.stdout.waitFor(new RegExp(`get 127.0.0.1:${port}$`));
    await share.stdout.waitFor(/^a\.bin: 1 file, 2\.9 MiB$/);
    const { code, stdout } = await runTask(
      "get",
      getArguments(`127.0.0.1:${port}`, copies, "--exit-when-complete"),
    );
    assertEquals(code, 0);
    assertMatch(stdout, /^a\.bin, 2\.9 MiB, from .*\(127\.0\.0\.1\)$/m);
    assertMatch(
      stdout,
      /^a\.bin is complete and verified: 2\.9 MiB in \d+ s$/m,
    );
    assertEquals(await sha256Of(join(copies, "a.bin")), await sha256Of(file));
    assertEquals((await share.stop("SIGTERM")).code, 0);
  }
  // Beside the source there is nothing new but the program's own folder.
  assertEquals(await listing(join(folder.path, "source")), ["a.bin"]);
  await using again = spawnShare(port, file, "--json");
  const ready = await again.stdout.waitFor(/"ready"/);
  assertEquals(JSON.parse(ready.input!).hashed, false);
  await again.stop();
  // Another content of the same size, at another time.
  await Deno.writeFile(file, makeContent("b.bin", 3_000_000));
  await using changed = spawnShare(port, file, "--json");
  const hashed = await changed.stdout.waitFor(/"ready"/);
  assertEquals(JSON.parse(hashed.input!).hashed, true);
});

Deno.test("a get that came before the share waits for it and for its hashes", async () => {
  await using folder = await temporaryFolder();
  const { file, copies } = await sample(folder);
  // A hole is hashed like anything else, and takes no room.
  await Deno.truncate(file, 100 * 2 ** 20);
  const port = freePort();
  const args = (name: string): string[] =>
    getArguments(
      `127.0.0.1:${port}`,
      join(copies, name),
      "--exit-when-complete",
    );
  await using early = spawnTask("get", args("early"));
  await early.stderr.waitFor(
    /^warning: cannot find a share .*; trying again for/,
  );
  await using share = spawnShare(port, file, "--json");
  await share.stdout.waitFor(/"sharing"/);
  await using during = spawnTask("get", args("during"));
  await share.stdout.waitFor(/"ready"/);
  for (const [get, name] of [[early, "early"], [during, "during"]] as const) {
    assertEquals((await get.ended()).code, 0);
    const copy = join(copies, name, "a.bin");
    assertEquals(await sha256Of(copy), await sha256Of(file));
  }
});

Deno.test("share ends with 0 as soon as --expect machines are complete, before with 4", async () => {
  await using folder = await temporaryFolder();
  const { file, copies } = await sample(folder);
  const port = freePort();
  await using share = spawnShare(port, file, "--expect", "2");
  const args = (number: number): string[] =>
    getArguments(`127.0.0.1:${port}`, join(copies, `${number}`));
  await using first = spawnTask("get", args(1));
  await first.stdout.waitFor(/Helping the others/);
  await using second = spawnTask("get", [...args(2), "--exit-when-complete"]);
  assertEquals((await second.ended()).code, 0);
  const ended = await share.ended();
  assertEquals(ended.code, 0);
  assertMatch(ended.stdout, /\n2 of 2 verified\n$/);
  assertEquals((await first.stop("SIGTERM")).code, 0);

  await using unmet = spawnShare(port, file, "--expect", "1");
  await unmet.stdout.waitFor(/is ready/);
  const { code, stderr } = await unmet.stop("SIGTERM");
  assertEquals(code, 4);
  assertMatch(
    stderr,
    /^error: cannot finish: 0 of the 1 machines of --expect/m,
  );
});

Deno.test("Ctrl+C says first that machines still need this one", async () => {
  await using folder = await temporaryFolder();
  const { file, copies } = await sample(folder);
  const port = freePort();
  await using share = spawnShare(port, file);
  await share.stdout.waitFor(/is ready/);
  const slow = ["--max-download", "50KiB"];
  await using get = spawnTask(
    "get",
    getArguments(`127.0.0.1:${port}`, copies, ...slow),
  );
  await share.stdout.waitFor(/^1 machine: 0 complete, 1 fetching/);
  share.signal("SIGINT");
  // From a terminal it arrives twice.
  share.signal("SIGINT");
  await share.stderr.waitFor(
    /^warning: 1 machine still fetches; (\d+% is only on this machine|others have everything); Ctrl\+C again to leave$/,
  );
  await delay(1_100);
  const startMs = performance.now();
  assertEquals((await share.stop("SIGINT")).code, 0);
  assertLess(performance.now() - startMs, 20_000);
  await get.stop();

  // Nobody is there: the first one ends it.
  await using alone = spawnShare(port, file);
  await alone.stdout.waitFor(/is ready/);
  assertEquals((await alone.stop("SIGINT")).code, 0);
});

Deno.test("several shares of one process: get lists them with 5, their URLs fetch them", async () => {
  await using folder = await temporaryFolder();
  const { file, copies } = await sample(folder);
  const other = join(folder.path, "source", "b c.bin");
  await Deno.writeFile(other, makeContent("b", 100_000));
  const port = freePort();
  await using share = spawnShare(port, file, other);
  await share.stdout.waitFor(/^b c\.bin is ready/);
  const host = `127.0.0.1:${port}`;
  const refused = await runTask("get", getArguments(host, copies));
  assertEquals(refused.code, 5);
  assertMatch(
    refused.stderr,
    /^error: cannot choose a share: 2 are offered; name one/,
  );
  assertMatch(refused.stderr, /^ {2}1 {2}a\.bin, 2\.9 MiB, from /m);
  assertMatch(refused.stderr, /^ {2}2 {2}b c\.bin, 97\.7 KiB, from /m);
  const url = `http://${host}/torrents/b%20c.bin.torrent`;
  const args = getArguments(url, copies, "--exit-when-complete");
  assertEquals((await runTask("get", args)).code, 0);
  assertEquals(await sha256Of(join(copies, "b c.bin")), await sha256Of(other));
});

Deno.test("share lists a share no longer that it cannot send", async () => {
  await using folder = await temporaryFolder();
  const { file } = await sample(folder);
  const other = join(folder.path, "source", "other.bin");
  await Deno.writeFile(other, makeContent("b", 100_000));
  await using first = spawnShare(freePort(), file);
  await first.stdout.waitFor(/^a\.bin is ready/);
  const port = freePort();
  await using second = spawnShare(port, other, file);
  await second.stderr.waitFor(/^error: cannot share a\.bin in /);
  const response = await fetch(`http://127.0.0.1:${port}/shares.json`);
  const { shares } = await response.json();
  assertEquals(
    shares.map(({ name }: { name: string }) => name),
    ["other.bin"],
  );
  assertEquals((await second.stop("SIGTERM")).code, 1);
});

Deno.test("share goes on with the others if a file changes while it is hashed", async () => {
  await using folder = await temporaryFolder();
  const { file, copies } = await sample(folder);
  const changing = join(folder.path, "source", "changing.bin");
  // Sparse: hashing it takes seconds.
  await Deno.writeFile(changing, new Uint8Array(1));
  await Deno.truncate(changing, 4 * 1024 ** 3);
  const port = freePort();
  await using share = spawnShare(port, file, changing, "--json");
  await share.stdout.waitFor(/"type":"planned",.*"name":"changing\.bin"/);
  await Deno.truncate(changing, 1);
  await share.stderr.waitFor(
    /^error: cannot read .*changing\.bin: it ends after/,
  );
  const args = getArguments(
    `127.0.0.1:${port}`,
    copies,
    "--exit-when-complete",
  );
  assertEquals((await runTask("get", args)).code, 0);
  assertEquals(await sha256Of(join(copies, "a.bin")), await sha256Of(file));
  assertEquals((await share.stop("SIGTERM")).code, 1);
});

Deno.test("share offers an existing torrent as it is, and a file under another name", async () => {
  await using folder = await temporaryFolder();
  const { file, copies } = await sample(folder);
  const torrent = join(folder.path, "x.torrent");
  const created = await runTask("create", [
    ...[file, "http://127.0.0.1:9/announce", torrent],
  ]);
  assertEquals(created.code, 0);
  const port = freePort();
  await using share = spawnShare(
    port,
    torrent,
    "--dir",
    join(folder.path, "source"),
  );
  await share.stdout.waitFor(/^a\.bin is ready/);
  const reply = await fetch(`http://127.0.0.1:${port}/torrents/a.bin.torrent`);
  assertEquals(
    new Uint8Array(await reply.arrayBuffer()),
    await Deno.readFile(torrent),
  );
  const args = getArguments(
    `127.0.0.1:${port}`,
    copies,
    "--exit-when-complete",
  );
  assertEquals((await runTask("get", args)).code, 0);
  await share.stop();

  const twice = await runTask("share", [torrent, file, ...LOCAL]);
  assertEquals(twice.code, 2);
  assertMatch(
    twice.stderr,
    /two PATHs are called "a\.bin"; share one of them with another command/,
  );

  await using renamed = spawnShare(port, file, "--name", "other.bin");
  await renamed.stdout.waitFor(/^other\.bin is ready/);
  assertEquals((await runTask("get", args)).code, 0);
  assertEquals(await sha256Of(join(copies, "other.bin")), await sha256Of(file));
});

Deno.test("get ends with 5 where nothing is shared, share with 1 for a wrong path", async () => {
  await using folder = await temporaryFolder();
  const copies = join(folder.path, "copies");
  const none = await runTask(
    "get",
    getArguments(`127.0.0.1:${freePort()}`, copies, "--retry-for", "0"),
  );
  assertEquals(none.code, 5);
  assertMatch(
    none.stderr,
    /^error: cannot find a share at 127\.0\.0\.1, port \d+: no answer; check/,
  );
  const empty = join(folder.path, "empty");
  await Deno.mkdir(empty);
  for (
    const [path, reason] of [
      [join(folder.path, "missing"), "does not exist"],
      [empty, "the folder holds no files"],
      ["/dev/null", "neither a file nor a folder"],
    ] as const
  ) {
    await using share = spawnShare(freePort(), path);
    const { code, stdout, stderr } = await share.ended();
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, new RegExp(`^error: cannot (share|read) .*${reason}`));
  }
});
