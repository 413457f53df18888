/**
 * The program `tracker`, with requests of clients, browsers and scripts.
 */
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
import { hasIpv6 } from "./machine.ts";

interface StartedTracker extends AsyncDisposable {
  readonly program: RunningProgram;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  readonly port: number;
}

/** Starts the program on a free port of 127.0.0.1. */
async function startTracker(...flags: string[]): Promise<StartedTracker> {
  const program = spawnTask("tracker", ["0", "--host=127.0.0.1", ...flags]);
  const [, url, port] = await program.stdout.waitFor(
    /(http:\/\/127\.0\.0\.1:(\d+))\/announce/,
  );
  return {
    program,
    url: url!,
    port: Number(port),
    [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
  };
}

/** An announce of the peer `name`, 1 letter, in the torrent `aa…aa`; "x" is on port 6881. */
async function announce(
  { url }: StartedTracker,
  name: string,
  rest = "",
): Promise<string> {
  const port = 6881 + name.charCodeAt(0) - "x".charCodeAt(0);
  return await getText(
    `${url}/announce?info_hash=${"%aa".repeat(20)}&peer_id=${
      name.repeat(20)
    }&port=${port}&left=1${rest}`,
  );
}

async function getText(url: string): Promise<string> {
  const response = await fetch(url);
  assertEquals(response.status, 200);
  // One character for each byte, because compact peers are not text.
  return String.fromCharCode(...await response.bytes());
}

async function stats({ url }: StartedTracker): Promise<{ peers: number }> {
  return await (await fetch(`${url}/stats.json`)).json();
}

Deno.test("tracker gives peers each other's addresses until they stop", async () => {
  await using tracker = await startTracker();
  assertMatch(await announce(tracker, "x", "&event=started"), /5:peers0:e$/);
  const second = await announce(tracker, "y", "&event=started");
  assertStringIncludes(second, "10:incompletei2e");
  assertStringIncludes(second, "5:peers6:\x7f\x00\x00\x01\x1a\xe1e");
  await announce(tracker, "x", "&event=stopped");
  assertMatch(await announce(tracker, "y"), /10:incompletei1e.*5:peers0:e$/);
});

Deno.test("tracker answers a scrape with the announced counts", async () => {
  await using tracker = await startTracker();
  await announce(tracker, "x", "&event=completed");
  assertEquals(
    await getText(`${tracker.url}/scrape?info_hash=${"%aa".repeat(20)}`),
    `d5:filesd20:${
      "\xaa".repeat(20)
    }d8:completei0e10:downloadedi1e10:incompletei1eeee`,
  );
});

Deno.test("tracker answers a malformed announce with a failure reason and status 200", async () => {
  await using tracker = await startTracker();
  assertEquals(
    await getText(`${tracker.url}/announce`),
    "d14:failure reason57:the client sent a malformed request: info_hash is missinge",
  );
  assertEquals(
    await announce(tracker, "x", "&numwant=-3"),
    "d14:failure reason66:the client sent a malformed request: numwant is not a whole numbere",
  );
  assertEquals(
    await announce(tracker, "x", "&key=%zz"),
    "d14:failure reason71:the client sent a malformed request: key has a % without two hex digitse",
  );
});

Deno.test("tracker --interval sets the interval of its replies", async () => {
  await using tracker = await startTracker("--interval=60");
  assertStringIncludes(
    await announce(tracker, "x"),
    "8:intervali60e12:min intervali5e",
  );
});

Deno.test("tracker shows the swarm to browsers and scripts", async () => {
  await using tracker = await startTracker();
  await announce(tracker, "x");
  const page = await getText(`${tracker.url}/`);
  assertStringIncludes(page, "lanswarm tracker");
  assertStringIncludes(page, "aa".repeat(20));
  assertEquals((await stats(tracker)).peers, 1);
  const missing = await fetch(`${tracker.url}/favicon.ico`);
  await missing.body?.cancel();
  assertEquals(missing.status, 404);
});

Deno.test("tracker forgets a peer that falls silent", async () => {
  await using tracker = await startTracker("--interval=1", "--peer-timeout=2");
  await announce(tracker, "x");
  await tracker.program.stdout.waitFor(/joined 127\.0\.0\.1:6881/);
  await tracker.program.stdout.waitFor(/expired 127\.0\.0\.1:6881/);
  assertEquals((await stats(tracker)).peers, 0);
});

Deno.test("tracker survives requests that are not HTTP and connections that end early", async () => {
  await using tracker = await startTracker();
  for (
    const request of [
      "\x13BitTorrent protocol",
      "GET /announce",
      "GET /announce?info_hash=\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
      `GET /${"x".repeat(100_000)} HTTP/1.1\r\n\r\n`,
    ]
  ) {
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: tracker.port,
    });
    await connection.write(
      Uint8Array.from(request, (character) => character.charCodeAt(0)),
    );
  }
  assertEquals((await stats(tracker)).peers, 0);
});

Deno.test("trackers run side by side with separate peers", async () => {
  await using first = await startTracker();
  await using second = await startTracker();
  await announce(first, "x");
  assertEquals((await stats(first)).peers, 1);
  assertEquals((await stats(second)).peers, 0);
});

Deno.test("tracker prints the LAN's URLs and serves IPv4 and IPv6", async () => {
  await using program = spawnTask("tracker", ["0"]);
  const [, announceUrl, port] = await program.stdout.waitFor(
    /^announce +(http:\/\/.+:(\d+)\/announce)$/,
  );
  const [, statsUrl] = await program.stdout.waitFor(/^stats +(http:.+)$/);
  await program.stdout.waitFor(/deno task create FILE http:/);
  assertEquals(statsUrl, announceUrl!.replace("announce", "stats"));
  await getText(`http://127.0.0.1:${port}/stats.json`);
  await getText(statsUrl!);
  if (hasIpv6()) await getText(`http://[::1]:${port}/stats.json`);
});

Deno.test("tracker --json prints one object per line", async () => {
  await using tracker = await startTracker("--json");
  await announce(tracker, "x", "&event=started");
  await announce(tracker, "x", "&event=stopped");
  await tracker.program.stdout.waitFor(/"left"/);
  const lines = tracker.program.stdout.lines.map((line) => JSON.parse(line));
  assertEquals(lines.map(({ type }) => type), ["listening", "joined", "left"]);
  assertEquals(lines[0].announce, [`${tracker.url}/announce`]);
  assertEquals(lines[1].infoHash, "aa".repeat(20));
  assertEquals([lines[1].leechers, lines[2].leechers], [1, 0]);
});

Deno.test("tracker --log prints one line for each announce", async () => {
  await using tracker = await startTracker("--log", "--quiet");
  await announce(tracker, "x", "&event=started");
  await announce(tracker, "y", "&event=stopped");
  await tracker.program.stdout.waitFor(/stopped/);
  const lines = tracker.program.stdout.lines.slice(2)
    .map((line) => line.replace(/^[\d:]{8} 127\.0\.0\.1:\d+ /, ""));
  assertEquals(lines, [
    "started aaaaaaaa… lacking 1 B: given 0 peers (0 seeders, 1 leecher)",
    "stopped aaaaaaaa… lacking 1 B: given 0 peers (0 seeders, 1 leecher)",
  ]);
});

Deno.test("tracker --log --json prints an object for each announce, and one for a peer that falls silent", async () => {
  await using tracker = await startTracker(
    ...["--log", "--json", "--interval=1", "--peer-timeout=1"],
  );
  await announce(tracker, "x", "&event=started");
  await tracker.program.stdout.waitFor(/"expired"/);
  const [, ...lines] = tracker.program.stdout.lines.map((line) =>
    JSON.parse(line)
  );
  assertEquals(lines.map(({ type }) => type), ["announce", "expired"]);
  assertEquals([lines[0].left, lines[0].leechers], [1, 1]);
});

Deno.test("tracker --trust-proxy takes an address from the headers of a proxy", async () => {
  await using tracker = await startTracker("--trust-proxy", "--log", "--quiet");
  const response = await fetch(
    `${tracker.url}/announce?info_hash=${"%aa".repeat(20)}&peer_id=${
      "x".repeat(20)
    }&port=7000&left=0`,
    { headers: { "x-forwarded-for": "6.6.6.6, 192.0.2.1" } },
  );
  await response.body?.cancel();
  await tracker.program.stdout.waitFor(/ 192\.0\.2\.1:7000 update /);
});

Deno.test("tracker --quiet prints only its URLs", async () => {
  await using tracker = await startTracker("--quiet");
  await announce(tracker, "x", "&event=started");
  const { stdout } = await tracker.program.stop();
  assertEquals(stdout.trim().split("\n").length, 2);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`tracker ends with 0 on ${signal}, even while connections are open`, async () => {
    await using tracker = await startTracker();
    await announce(tracker, "x"); // fetch keeps its connection open
    using _silent = await Deno.connect({
      hostname: "127.0.0.1",
      port: tracker.port,
    });
    const start = performance.now();
    const { code, stderr } = await tracker.program.stop(signal);
    assertEquals([code, stderr], [0, ""]);
    assert(performance.now() - start < 15_000);
  });
}

Deno.test("tracker says that its port is taken, on one address and on all", async () => {
  await using tracker = await startTracker();
  for (const flags of [["--host=127.0.0.1"], []]) {
    const { code, stderr } = await runTask("tracker", [
      `${tracker.port}`,
      ...flags,
    ]);
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^error: cannot listen on .*the port is taken; stop .* or choose another PORT\n$/,
    );
  }
});

Deno.test("tracker says that it cannot listen on another machine's address", async () => {
  const args = ["--host=192.0.2.99", "--retry-for=0"];
  const { code, stderr } = await runTask("tracker", args);
  assertEquals(code, 4);
  assertMatch(stderr, /^error: cannot listen .* no such address; .*\n$/);
});

Deno.test("tracker ends with 2 on a wrong command line", async () => {
  for (
    const args of [
      ["65536"],
      ["http"],
      ["8000", "8001"],
      ["--interval=0"],
      ["--peer-timeout=soon"],
      ["--hots=127.0.0.1"],
    ]
  ) {
    const { code, stdout, stderr } = await runTask("tracker", args);
    assertEquals([code, stdout], [2, ""], args.join(" "));
    assertMatch(stderr, /^error: .*\n$/);
  }
});

Deno.test("tracker warns of a timeout that is shorter than the interval", async () => {
  await using tracker = await startTracker("--peer-timeout=5");
  await tracker.program.stderr.waitFor(/^warning: .*--peer-timeout/);
});

Deno.test("tracker answers --help", async () => {
  const { code, stdout } = await runTask("tracker", ["--help"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^ +--interval SECONDS /m);
});
