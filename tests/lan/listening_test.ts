/**
 * The programs listen on the addresses and ports that their flags name, and on no others.
 */
import { assertEquals } from "@std/assert";
import { createLan } from "../../scripts/lan/lan.ts";
import type { LanHost } from "../../scripts/lan/lan.ts";
import { TORRENT_NAME } from "../../scripts/lan/sharing_steps.ts";
import {
  announceUrl,
  createTorrent,
  startTracker,
  udpAnnounceUrl,
} from "../sharing_steps.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { writeRandomFile } from "../../scripts/programs/sample_file.ts";
import { lanTest } from "./lan_test_case.ts";

/** Every socket of a host that a stranger may call: `tcp *:8000`, sorted. */
async function listeningAt(host: LanHost): Promise<string[]> {
  const { code, stdout, stderr } = await host.run("ss", [
    ...["--no-header", "--listening", "--tcp", "--udp", "--raw", "--packet"],
    "--numeric",
  ]);
  assertEquals(code, 0, stderr);
  return stdout.trim().split("\n").filter((line) => line !== "")
    .map((line) => {
      const [protocol, , , , address] = line.split(/\s+/);
      return `${protocol} ${address}`;
    }).sort();
}

async function assertListens(
  host: LanHost,
  program: RunningProgram,
  sockets: readonly string[],
): Promise<void> {
  assertEquals(await listeningAt(host), [...sockets].sort());
  assertEquals((await program.stop("SIGTERM")).code, 0);
  assertEquals(await listeningAt(host), []);
}

lanTest("tracker listens where its flags say and nowhere else", async () => {
  await using lan = await createLan(["only"]);
  const host = lan.host("only");
  const { address, address6 } = host;
  const cases: readonly (readonly [flags: string[], sockets: string[]])[] = [
    [[], ["tcp *:8000"]],
    [["--udp"], ["tcp *:8000", "udp *:8000"]],
    [[`--host=${address}`], [`tcp ${address}:8000`]],
    [[`--host=${address6}`, "--udp"], [
      `tcp [${address6}]:8000`,
      `udp [${address6}]:8000`,
    ]],
    [["--host=127.0.0.1", "--torrents=."], ["tcp 127.0.0.1:8000"]],
  ];
  for (const [flags, sockets] of cases) {
    await assertListens(host, await startTracker(host, flags), sockets);
  }
});

lanTest(
  "peer listens where its flags say and nowhere else, whatever its trackers speak",
  async () => {
    await using lan = await createLan(["tracker", "peer"]);
    const tracker = lan.host("tracker");
    const host = lan.host("peer");
    await startTracker(tracker, ["--udp"]);
    await writeRandomFile(host.path("a.bin"), 100_000);
    const discovery = [
      ...["udp 0.0.0.0:6771", "udp *:6771"],
      ...[`udp ${host.address}:6771`, `udp [${host.address6}]:6771`],
    ];
    const cases: readonly (readonly [flags: string[], sockets: string[]])[] = [
      [[], ["tcp *:6881", ...discovery]],
      [["--port=7000", "--no-discovery"], ["tcp *:7000"]],
      [["--host=127.0.0.1", "--port=7000"], ["tcp 127.0.0.1:7000"]],
    ];
    for (const url of [announceUrl(tracker), udpAnnounceUrl(tracker)]) {
      await createTorrent(host, "a.bin", url);
      for (const [flags, sockets] of cases) {
        const peer = host.spawnTask("peer", [TORRENT_NAME, "--json", ...flags]);
        await peer.stdout.waitFor(/"type":"announced"/);
        await assertListens(host, peer, sockets);
      }
      await Deno.remove(host.path(TORRENT_NAME));
    }
  },
);
