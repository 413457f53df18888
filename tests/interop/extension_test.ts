/**
 * That extensions of the protocol are really spoken with a stock client, as that
 * client's own log has it. [BEP 6, 10, 11]
 */
import { assertEquals } from "@std/assert";
import { waitUntilComplete } from "../../scripts/clients/client.ts";
import { libtorrent } from "../../scripts/clients/stock_clients.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { startPeer, TORRENT_NAME } from "../../scripts/lan/sharing_steps.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import {
  announceUrl,
  carryTorrent,
  createTorrent,
  startTracker,
  stopPeer,
  waitUntilCompleted,
} from "../sharing_steps.ts";
import { startTalkativeLibtorrent } from "./stock_variants.ts";

const MIB = 1024 * 1024;
const NAME = "sample.bin";

/** Lines that libtorrent logs of a connection with us, `<==` received and `==>` sent. */
const EXPECTED = [
  /<== EXTENSIONS \[ [01]{64} ext: FAST extension/,
  /<== EXTENDED_HANDSHAKE \[ \{.* 'm': \{ 'ut_metadata': 2, 'ut_pex': 1 \},.*'reqq': 2000,.*'v': 'lanswarm\//,
  // A seeder shows its pieces one by one, at first.
  /<== HAVE_(ALL|NONE)/,
  /==> HAVE_NONE/,
  /==> PEX_FULL/,
  /<== PEX \[ dropped: 0 added: [1-9]/,
];

lanTest(
  "libtorrent and our peers speak the fast extension, the extension protocol and peer exchange",
  async () => {
    await using lan = await createLan(["tracker", "seeder", "ours", "theirs"]);
    const [tracker, seeder] = [lan.host("tracker"), lan.host("seeder")];
    const [ours, theirs] = [lan.host("ours"), lan.host("theirs")];
    await startTracker(tracker);
    await writeRandomFile(seeder.path(NAME), 16 * MIB + 4321);
    const torrent = await createTorrent(seeder, NAME, announceUrl(tracker));
    // Slowly, so that there is time to tell of others.
    const slowly = ["--max-upload", `${2 * MIB}`];
    startPeer(seeder, slowly);
    for (const host of [ours, theirs]) await carryTorrent(torrent, host);
    const peer = startPeer(ours, slowly);
    const client = startTalkativeLibtorrent(theirs, TORRENT_NAME);
    await Promise.all([
      waitUntilCompleted(peer),
      waitUntilComplete(theirs, client),
    ]);
    const original = await sha256Of(seeder.path(NAME));
    for (const host of [ours, theirs]) {
      assertEquals(await sha256Of(host.path(NAME)), original, host.name);
    }
    for (const line of EXPECTED) {
      const isLogged = client.stdout.lines.some((text) => line.test(text));
      if (!isLogged) await client.stdout.waitFor(line);
    }
    await stopPeer(peer);
  },
  { missing: libtorrent.missing },
);
