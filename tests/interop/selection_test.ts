/**
 * Peers of which each wants a part of a torrent: ours and stock clients, as seeders and
 * as leechers of one another. [BEP 21, 53]
 */
import { assertEquals } from "@std/assert";
import { waitUntilComplete } from "../../scripts/clients/client.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { createLan, type Lan } from "../../scripts/lan/lan.ts";
import {
  type SharedTorrent,
  startPeer,
  TORRENT_NAME,
  waitForCounts,
} from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import { listing } from "../loopback/temporary_folder.ts";
import {
  announceUrl,
  carryTorrent,
  createTorrent,
  startTracker,
  stopPeer,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { PART_CLIENTS, type PartClient } from "./stock_variants.ts";
import { CLIENTS } from "./sample.ts";

/** Files share pieces with their neighbours. */
const FILES = ["a.bin", "b.bin", "c.bin", "d.bin"] as const;
const LENGTH = 1_500_001;
const MAKING = ["--no-align", "--piece-length", "64KiB"];

/** Starts a tracker, and makes the files and their torrent on the host "seeder". */
async function shareSet<Name extends string>(
  lan: Lan<Name | "tracker" | "seeder">,
): Promise<SharedTorrent> {
  const [tracker, seeder] = [lan.host("tracker"), lan.host("seeder")];
  await startTracker(tracker);
  await Deno.mkdir(seeder.path("set"));
  for (const name of FILES) {
    await writeRandomFile(seeder.path("set", name), LENGTH);
  }
  return await createTorrent(seeder, "set", announceUrl(tracker), MAKING);
}

async function assertHas(
  host: Host,
  torrent: SharedTorrent,
  names: readonly string[],
): Promise<void> {
  for (const name of names) {
    const [copy, original] = await Promise.all(
      [host, torrent.host].map((at) => sha256Of(at.path("set", name))),
    );
    assertEquals(copy, original, `${name} on ${host.name}`);
  }
}

/** Asserts that our peer ends complete, with these files and no others. */
async function assertFetched(
  host: Host,
  torrent: SharedTorrent,
  { args, names }: {
    readonly args: readonly string[];
    readonly names: readonly string[];
  },
): Promise<void> {
  const dir = host.path("got");
  const { code, stderr } = await host.runTask("peer", [
    ...[...args, "--dir", dir, "--no-discovery", "--exit-when-complete"],
    ...["--timeout", "2m"],
  ]);
  assertEquals({ code, stderr }, { code: 0, stderr: "" });
  assertEquals(await listing(dir), names.map((name) => `set/${name}`));
  for (const name of names) {
    const copy = await sha256Of(`${dir}/set/${name}`);
    assertEquals(copy, await sha256Of(torrent.host.path("set", name)), name);
  }
}

for (const { name, missing, start } of CLIENTS) {
  lanTest(
    `our peer fetches a part from ${name}, and ends`,
    async () => {
      await using lan = await createLan(
        ["tracker", "seeder", "globs", "magnet"],
      );
      const torrent = await shareSet(lan);
      const shown = await torrent.host.runTask("show", [TORRENT_NAME]);
      const link = /magnet:\S+/.exec(shown.stdout)![0];
      await start(torrent.host, TORRENT_NAME);
      const tracker = lan.host("tracker");
      await waitForCounts(tracker, torrent, { complete: 1, incomplete: 0 });
      const globs = lan.host("globs");
      await carryTorrent(torrent, globs);
      await Promise.all([
        assertFetched(globs, torrent, {
          args: [TORRENT_NAME, "--only", "[bd].*"],
          names: ["b.bin", "d.bin"],
        }),
        assertFetched(lan.host("magnet"), torrent, {
          args: [`${link}&so=2`],
          names: ["c.bin"],
        }),
      ]);
    },
    { missing },
  );
}

for (const { name, missing, start } of PART_CLIENTS) {
  lanTest(`${name} fetches a part from our seeder`, async () => {
    await using lan = await createLan(["tracker", "seeder", "theirs"]);
    const torrent = await shareSet(lan);
    const theirs = lan.host("theirs");
    await carryTorrent(torrent, theirs);
    const seeder = startPeer(torrent.host);
    await fetchPart(torrent, theirs, { start, index: 2 });
    await stopPeer(seeder);
  }, { missing });

  lanTest(`${name} fetches a part from our peer that has a part`, async () => {
    await using lan = await createLan(["tracker", "seeder", "ours", "theirs"]);
    const torrent = await shareSet(lan);
    const [ours, theirs] = [lan.host("ours"), lan.host("theirs")];
    for (const host of [ours, theirs]) await carryTorrent(torrent, host);
    const seeder = startPeer(torrent.host);
    const part = startPeer(ours, ["--only", "a.bin", "--only", "b.bin"]);
    await waitUntilCompleted(part);
    await stopPeer(seeder);
    await fetchPart(torrent, theirs, { start, index: 1 });
    await stopPeer(part);
  }, { missing });
}

/** Fetches a file with a stock client, which goes on seeding. */
async function fetchPart(
  torrent: SharedTorrent,
  host: Host,
  { start, index }: Pick<PartClient, "start"> & { readonly index: number },
): Promise<void> {
  const client = await start(host, [index], FILES.length);
  await waitUntilComplete(host, client);
  await assertHas(host, torrent, [FILES[index]!]);
}

lanTest(
  "our peer and stock clients that have a part each have it all, when the seeder has left",
  async () => {
    const names = ["ours", ...PART_CLIENTS.map(({ name }) => name)];
    await using lan = await createLan(["tracker", "seeder", "late", ...names]);
    const torrent = await shareSet(lan);
    for (const name of [...names, "late"]) {
      await carryTorrent(torrent, lan.host(name));
    }
    const seeder = startPeer(torrent.host);
    const part = startPeer(lan.host("ours"), ["--only", FILES.at(-1)!]);
    await Promise.all([
      waitUntilCompleted(part),
      ...PART_CLIENTS.map(({ name, start }, index) =>
        fetchPart(torrent, lan.host(name), { start, index })
      ),
    ]);
    await stopPeer(seeder);
    await assertFetched(lan.host("late"), torrent, {
      args: [TORRENT_NAME],
      names: FILES,
    });
    await stopPeer(part);
  },
  { missing: PART_CLIENTS.find(({ missing }) => missing)?.missing },
);
