/**
 * The page of a rollout: live, on a phone, of a thousand hosts, and as a table
 * without its script.
 */
import { assert, assertEquals } from "@std/assert";
import {
  buildTorrent,
  type PeerId,
  readExpectation,
  Rollout,
  type ShareServer,
  startShareServer,
} from "../../lib/mod.ts";
import { parseTorrentFile } from "../../lib/disk/torrent_file.ts";
import { browserTest, overhang } from "./browser_test_case.ts";

const LENGTH = 1_000_000;
const PIECE_LENGTH = 2 ** 14;
const TORRENT_FILE = buildTorrent({
  name: "images",
  content: { type: "file", length: LENGTH },
  pieceLength: PIECE_LENGTH,
  pieceHashes: new Uint8Array(20 * Math.ceil(LENGTH / PIECE_LENGTH)),
  announce: [],
});
const TORRENT = await parseTorrentFile(TORRENT_FILE);
const { infoHash: INFO_HASH } = TORRENT;

/** The page of a rollout that expects hosts. */
async function serveRollout(
  hosts: string,
): Promise<{ rollout: Rollout; server: ShareServer; url: string }> {
  const rollout = new Rollout({ expectation: readExpectation(hosts) });
  rollout.addShare(INFO_HASH, LENGTH, () => ({
    torrent: TORRENT,
    peerPieces: () => [],
    snapshot: () => ({ uploadBytesPerSecond: 50_000 }),
  }));
  const server = await startShareServer({
    ...{ hostname: "127.0.0.1", port: 0, rollout },
  });
  server.add("images");
  await server.offer("images", {
    ...{ bytes: TORRENT_FILE, torrent: TORRENT, storage: () => undefined },
  });
  return { rollout, server, url: `http://127.0.0.1:${server.port}/` };
}

/** Reports a host. */
function report(
  rollout: Rollout,
  number: number,
  state: "fetching" | "verified",
  { fraction = 0.5, nowMs = performance.now() } = {},
): void {
  rollout.reported(
    {
      infoHash: INFO_HASH,
      peerId: number.toString(16).padStart(40, "0") as PeerId,
      ...{ port: 6881, name: `lab${`${number}`.padStart(4, "0")}` },
      ...{ addresses: [], state, fraction, reason: undefined },
      ...{ downloadBytesPerSecond: 1_000_000, uploadBytesPerSecond: 0 },
      ...{ freeBytes: undefined, exitCode: undefined },
    },
    `10.0.${number >> 8}.${number & 255}`,
    nowMs,
  );
}

browserTest(
  "the page of a rollout follows its hosts and its light",
  async ({ page, complaints }) => {
    const { rollout, server, url } = await serveRollout("lab[0001-0003]");
    await using _ = server;
    await page.goto(url);
    await page.locator("#live.on").waitFor();
    await page.getByText("0 of 3 verified, 3 not").waitFor();
    await page.getByText("100% is only on this machine: leave it on").waitFor();
    report(rollout, 2, "verified");
    await page.getByText("1 of 3 verified, 2 not").waitFor();
    await page.getByText("A part is on one other machine only").waitFor();
    // Both again: a host whose reports are old does not count.
    report(rollout, 2, "verified");
    report(rollout, 3, "verified");
    await page.getByText("this one may be switched off").waitFor();
    assertEquals(await page.locator("#hosts tr th .name").allInnerTexts(), [
      ...["lab0001", "lab0002", "lab0003"],
    ]);
    assertEquals(complaints, []);
  },
);

browserTest(
  "the page of a rollout is a table without a script",
  async ({ page }) => {
    const { rollout, server, url } = await serveRollout("lab[0001-0002]");
    await using _ = server;
    report(rollout, 2, "fetching");
    await page.goto(url);
    const texts = await page.locator("#hosts tr").allInnerTexts();
    assertEquals(
      texts.map((text) => text.split(/\s+/).slice(0, 2)),
      [["lab0001", "missing"], ["lab0002", "10.0.0.2"]],
    );
    await page.getByRole("link", { name: "Progress" }).click();
    assertEquals(new URL(page.url()).search, "?sort=progress");
  },
  { javaScriptEnabled: false },
);

for (const width of [360, 1280]) {
  browserTest(
    `the page of a rollout of a thousand hosts fits a window of ${width} pixels, and shows more on request`,
    async ({ page }) => {
      const { rollout, server, url } = await serveRollout("lab[0001-1000]");
      await using _ = server;
      const nowMs = performance.now();
      for (let number = 11; number <= 1_000; number++) {
        report(rollout, number, "fetching", { nowMs: nowMs - 4_000 });
        report(rollout, number, "fetching", { nowMs, fraction: 0.6 });
      }
      await page.goto(url);
      await page.locator("#live.on").waitFor();
      const rows = page.locator("#hosts tr");
      assertEquals(await rows.count(), 300);
      const first = await page.locator("#hosts th .name").first().innerText();
      assertEquals(first, "lab0001");
      assertEquals(await overhang(page), []);
      const hidden: string[] = await page.evaluate(
        `Array.from(document.querySelectorAll(".card"))
          .filter((card) => card.scrollWidth > card.clientWidth)
          .map((card) => card.outerHTML.slice(0, 1000))`,
      );
      assertEquals(hidden, []);
      await page.getByRole("link", { name: "show the next 100" }).click();
      await page.locator("#hosts tr:nth-child(400)").waitFor();
      await page.getByRole("searchbox").fill("lab0777");
      await page.locator("#hosts tr:only-child").waitFor();
      assert((await rows.innerText()).includes("lab0777"));
    },
    { viewport: { width, height: 740 } },
  );
}
