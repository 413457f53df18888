/**
 * Torrents and their counts in a file of SQLite: they survive a restart and a
 * crash, and a file that is of no use is one line of advice.
 */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { join } from "@std/path";
// @ts-types="../../lib/types/node_sqlite.d.ts"
import { DatabaseSync } from "node:sqlite";
import { StoreError } from "../../lib/base/errors.ts";
import { type InfoHash, infoHashFromHex } from "../../lib/base/identifier.ts";
import {
  runCommand,
  type RunningProgram,
} from "../../scripts/programs/running_program.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { infoHash } from "../core/announce/samples.ts";
import { listing, temporaryFolder } from "../loopback/temporary_folder.ts";
import { accept, counts, open } from "./scene.ts";
import { until } from "../until.ts";

/** A header and a page of the log, which is what SQLite writes first. */
const LEAST_LOG_LENGTH = 32 + 24 + 4096;

/** Waits until something of a store is in its file's log. */
async function untilWritten(path: string): Promise<void> {
  await until(
    async () => (await Deno.stat(`${path}-wal`)).size >= LEAST_LOG_LENGTH,
    "it is written",
  );
}

Deno.test("SQLite's store remembers torrents and their downloads, and no peers", async () => {
  await using folder = await temporaryFolder();
  const text = `sqlite:${join(folder.path, "tracker.db")}`;
  {
    await using store = await open(text);
    accept(store, "x", {
      event: "completed",
      isSeeder: true,
      progress: { uploaded: 0, downloaded: 0, left: 0 },
    });
    accept(store, "y", {
      progress: { uploaded: 0, downloaded: 0, left: 12_345 },
    });
    accept(store, "z", { infoHash: infoHash("b") });
    accept(store, "q", { infoHash: infoHash("c"), event: "stopped" });
  }
  // One file, without a log beside it.
  assertEquals(await listing(folder.path), ["tracker.db"]);
  for (let restart = 0; restart < 2; restart++) {
    await using store = await open(text);
    assertEquals(counts(store), `0 0 ${1 + restart}`);
    assertEquals(counts(store, infoHash("b")), "0 0 0");
    assertEquals(counts(store, infoHash("c")), "unknown");
    const [first] = [...store.swarms()]
      .filter((swarm) => swarm.infoHash === infoHash("a"));
    assertEquals(first?.contentLength, 12_345);
    assertEquals(store.totals().downloadCount, 1 + restart);
    assertEquals(store.totals().activeSwarmCount, 0);
    const back = accept(store, "w", {
      event: "completed",
      isSeeder: true,
    });
    assertEquals([back.swarm.complete, back.swarm.downloaded], [
      1,
      2 + restart,
    ]);
  }
});

Deno.test("SQLite's store writes what changed by itself", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "tracker.db");
  await using store = await open(`sqlite:${path}`);
  accept(store, "x", { event: "completed", isSeeder: true });
  await untilWritten(path);
});

/** Starts the program and its announce URL. */
async function startTracker(
  store: string,
): Promise<{ program: RunningProgram; url: string }> {
  const program = spawnTask("tracker", [
    ...["0", "--host=127.0.0.1", "--quiet", "--store", store],
  ]);
  const [, url] = await program.stdout.waitFor(
    /(http:\/\/127\.0\.0\.1:\d+)\/announce/,
  );
  return { program, url: url! };
}

async function get(url: string): Promise<string> {
  return String.fromCharCode(...await (await fetch(url)).bytes());
}

Deno.test("a tracker that crashes has lost at most its last second", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "tracker.db");
  const query = `info_hash=${"%aa".repeat(20)}`;
  {
    const { program, url } = await startTracker(`sqlite:${path}`);
    await using _program = program;
    await get(
      `${url}/announce?${query}&peer_id=${
        "x".repeat(20)
      }&port=6881&left=0&event=completed`,
    );
    await untilWritten(path);
    await program.stop("SIGKILL");
  }
  const { program, url } = await startTracker(`sqlite:${path}`);
  await using _program = program;
  assertMatch(
    await get(`${url}/scrape?${query}`),
    /8:completei0e10:downloadedi1e10:incompletei0e/,
  );
});

Deno.test("a tracker gives up reading and writing files once its store is open", async () => {
  await using folder = await temporaryFolder();
  const script = join(folder.path, "probe.ts");
  const moduleUrl = (path: string): string =>
    JSON.stringify(new URL(`../../${path}`, import.meta.url).href);
  // The program itself, and then a look at what is left.
  await Deno.writeTextFile(
    script,
    `import { runProgram } from ${moduleUrl("cli/program.ts")};
     import { tracker } from ${moduleUrl("cli/tracker.ts")};
     const names = ["read", "write", "run"] as const;
     setInterval(() => {
       const states = names.map((name) =>
         Deno.permissions.querySync({ name }).state
       );
       // Otherwise it goes on until the test's time is over.
       if (states.some((state) => state === "granted")) return;
       names.forEach((name, index) => console.log(name, states[index]));
       Deno.exit(0);
     }, 50);
     await runProgram(tracker, { args: [
       "0", "--host=127.0.0.1", "--store", "sqlite:" + Deno.args[0],
     ] });`,
  );
  const { stdout, stderr } = await runCommand(Deno.execPath(), [
    ...["run", "--no-check", "--no-prompt", "-N", "-R", "-W"],
    "--config",
    new URL("../../deno.json", import.meta.url).pathname,
    "--allow-sys=networkInterfaces",
    script,
    join(folder.path, "tracker.db"),
  ]);
  // Its own lines may come in between.
  const lines = stdout.split("\n")
    .filter((line) => /^(read|write|run) /.test(line));
  assertEquals(
    lines,
    ["read prompt", "write prompt", "run prompt"],
    stderr,
  );
});

Deno.test("a file that is of no use is one line of advice", async () => {
  await using folder = await temporaryFolder();
  const at = (name: string): string => join(folder.path, name);
  await Deno.writeTextFile(at("text"), "hello ".repeat(1_000));
  const other = new DatabaseSync(at("other.db"));
  other.exec("CREATE TABLE a (b)");
  other.close();
  const otherBytes = await Deno.readFile(at("other.db"));
  {
    await using _store = await open(`sqlite:${at("newer.db")}`);
  }
  const newer = new DatabaseSync(at("newer.db"));
  newer.exec("PRAGMA user_version = 2");
  newer.close();
  await using _store = await open(`sqlite:${at("used.db")}`);
  const cases: readonly (readonly [name: string, reason: RegExp])[] = [
    ["text", /it is no database of SQLite; choose another file/],
    ["other.db", /it is a database of another program; choose another file/],
    ["newer.db", /its layout is 2 and not 1, as of another version of/],
    ["used.db", /another tracker or program uses it; stop that one or/],
    ["missing/x.db", /its folder does not exist; create it or choose another/],
    ["", /a folder stands there; give the path of a file/],
  ];
  for (const [name, reason] of cases) {
    const error = await assertRejects(
      () => open(`sqlite:${at(name)}`),
      StoreError,
    );
    assertMatch(error.message, reason);
    assert(error.message.startsWith(`Cannot open ${at(name)}: `));
  }
  // The database of another program is not modified.
  assertEquals(await Deno.readFile(at("other.db")), otherBytes);
});

Deno.test("tracker ends with one line where its file is of no use", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "text");
  await Deno.writeTextFile(path, "hello ".repeat(1_000));
  const result = await runTask("tracker", ["0", "--store", `sqlite:${path}`]);
  assertEquals(result, {
    code: 1,
    stdout: "",
    stderr:
      `error: cannot open ${path}: it is no database of SQLite; choose another file\n`,
  });
});

Deno.test("a damaged file is told of and left as it is", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "tracker.db");
  {
    await using _store = await open(`sqlite:${path}`);
  }
  const database = new DatabaseSync(path);
  database.exec(`WITH RECURSIVE n (i) AS (
    SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1999
  ) INSERT INTO torrent SELECT randomblob(20), 1, 0, i FROM n`);
  database.close();
  const bytes = await Deno.readFile(path);
  bytes.fill(0xff, 8_192, bytes.length - 4_096);
  await Deno.writeFile(path, bytes);
  const error = await assertRejects(() => open(`sqlite:${path}`), StoreError);
  assertMatch(error.message, /it is damaged; move it away, or put a copy/);
  assertEquals(await Deno.readFile(path), bytes);
});

Deno.test("of too many torrents the least recently seen are forgotten", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "tracker.db");
  {
    await using _store = await open(`sqlite:${path}`);
  }
  const database = new DatabaseSync(path);
  database.exec(`WITH RECURSIVE n (i) AS (
    SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000
  ) INSERT INTO torrent SELECT unhex(format('%040x', i)), 1, 0, i FROM n`);
  database.close();
  {
    await using store = await open(`sqlite:${path}`);
    accept(store, "x");
  }
  await using store = await open(`sqlite:${path}`);
  const nameOf = (number: number): InfoHash =>
    infoHashFromHex(number.toString(16).padStart(40, "0"));
  assertEquals(counts(store, nameOf(1)), "unknown");
  assertEquals(counts(store, nameOf(2)), "0 0 1");
  assertEquals(counts(store), "0 0 0");
});
