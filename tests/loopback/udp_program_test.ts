/**
 * UDP in processes with no more permissions than users give them: `tracker --udp`,
 * the program of `lib/mod.ts`, and a script.
 */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { delay } from "@std/async/delay";
import { fromFileUrl } from "@std/path";
import { startTracker, TrackerStartError } from "../../lib/mod.ts";
import { openUdpSocket } from "../../lib/net/udp_socket.ts";
import {
  type ProgramResult,
  runCommand,
} from "../../scripts/programs/running_program.ts";
import { runTask, spawnTask } from "../../scripts/programs/tasks.ts";
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

Deno.test("tracker --udp prints its UDP URLs and answers there", async () => {
  await using program = spawnTask("tracker", ["0", "--udp", "--interval=60"]);
  await program.stdout.waitFor(/^announce +http:/);
  const [, url] = await program.stdout.waitFor(/^or +(udp:.+)$/);
  assertMatch(url!, /^udp:\/\/.+:\d+\/announce$/);
  const { code, stdout, stderr } = await runScript(
    ...[LIBRARY, "announce", url!, INFO_HASH],
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(JSON.parse(stdout), {
    infoHash: INFO_HASH,
    complete: 0,
    incomplete: 0,
    intervalSeconds: 60,
    minIntervalSeconds: 60,
    peers: [],
  });
  const [joined] = await program.stdout.waitFor(/ joined .*/);
  assertMatch(joined, / in 01234567… \(0 seeders, 1 leecher\)$/);
  await program.stdout.waitFor(/ left /);
  const end = await program.stop("SIGTERM");
  assertEquals([end.code, end.stderr], [0, ""]);
});

Deno.test("tracker listens on UDP only with --udp", async () => {
  await using program = spawnTask("tracker", ["0", "--host=127.0.0.1"]);
  const [, port] = await program.stdout.waitFor(/^announce .*:(\d+)\//);
  const socket = openUdpSocket({
    hostname: "127.0.0.1",
    port: Number(port),
    onDatagram: () => {},
    onError: reportError,
  });
  await socket.close();
});

Deno.test("tracker --udp says that the port is taken for UDP", async () => {
  // An address at which no other test takes the same port over TCP.
  const hostname = Deno.build.os === "linux" ? "127.0.0.77" : "127.0.0.1";
  await using socket = openUdpSocket({
    hostname,
    port: 0,
    onDatagram: () => {},
    onError: reportError,
  });
  const { code, stderr } = await runTask("tracker", [
    ...[`${socket.port}`, `--host=${hostname}`, "--udp"],
  ]);
  assertEquals(code, 1);
  assertEquals(
    stderr,
    `error: cannot listen on ${hostname}:${socket.port} over UDP: the port is taken; ` +
      "stop the program that uses it or choose another PORT\n",
  );
});

Deno.test("startTracker() opens no socket if it cannot open all", async () => {
  const socket = openUdpSocket({
    hostname: "127.0.0.1",
    port: freePort(),
    onDatagram: () => {},
    onError: reportError,
  });
  const options = { hostname: "127.0.0.1", port: socket.port, udp: true };
  await assertRejects(
    () => startTracker(options),
    TrackerStartError,
    `Cannot listen on 127.0.0.1:${socket.port} over UDP: the port is taken`,
  );
  await socket.close();
  await delay(0);
  await using tracker = await startTracker(options);
  assertEquals(
    tracker.udpAnnounceUrl,
    `udp://127.0.0.1:${socket.port}/announce`,
  );
});

Deno.test("lib/mod.ts ends with 1 and one line if a UDP tracker is silent or refuses", async () => {
  await using silent = openUdpSocket({
    hostname: "127.0.0.1",
    port: 0,
    onDatagram: () => {},
    onError: reportError,
  });
  const url = `udp://127.0.0.1:${silent.port}`;
  for (
    const [args, reason] of [
      [["announce", url, INFO_HASH], /no answer within \d+ ms; check/],
      [["scrape", url], /no info hash is given, .* over UDP; check/],
    ] as const
  ) {
    const { code, stdout, stderr } = await runScript(LIBRARY, ...args);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /^error: Cannot (announce to|scrape) udp:.*\n$/);
    assertMatch(stderr, reason);
  }
});

Deno.test("a script runs a UDP tracker and announces to it with the network permission alone", async () => {
  const script = `
    import { announce, createAnnounceKey, createPeerId, infoHashFromHex,
      scrape, startTracker } from "${LIBRARY}";
    await using tracker = await startTracker({ port: 0, udp: true });
    const infoHash = infoHashFromHex("${INFO_HASH}");
    for (const port of [6001, 6002]) {
      const { peers } = await announce(tracker.udpAnnounceUrl, {
        infoHash, peerId: createPeerId(Math.random), port, uploaded: 0,
        downloaded: 0, left: port - 6001, event: "started", numwant: 50,
        key: createAnnounceKey(Math.random), trackerId: undefined,
      });
      console.log(JSON.stringify(peers));
    }
    console.log(JSON.stringify(await scrape(tracker.udpAnnounceUrl, [infoHash])));
  `;
  const { stdout, stderr, code } = await runScript(
    `data:text/typescript,${encodeURIComponent(script)}`,
  );
  assertEquals([stderr, code], ["", 0]);
  assertEquals(stdout.trim().split("\n").map((line) => JSON.parse(line)), [
    [],
    [{ hostname: "127.0.0.1", port: 6001 }],
    [{ infoHash: INFO_HASH, complete: 1, incomplete: 1, downloaded: 0 }],
  ]);
});
