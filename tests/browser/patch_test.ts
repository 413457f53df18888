/**
 * The page's script in a real browser, while the view changes under the reader's
 * hands.
 */
import { assert, assertEquals } from "@std/assert";
import { decodeHex } from "@std/encoding/hex";
import type { Page } from "playwright-core";
import { infoHash, peerId } from "../core/announce/samples.ts";
import {
  sceneCatalogue,
  scenePeer,
  SceneStore,
  type SceneSwarm,
} from "../core/tracker/page/scene_store.ts";
import { browserTest } from "./browser_test_case.ts";
import { serveScene } from "./scene_tracker.ts";

const A = infoHash("a");

/** A swarm of hosts at 10.0.X.Y that have received nothing so far. */
function swarmOf(hostCount: number): SceneSwarm {
  const peers = Array.from({ length: hostCount }, (_, host) =>
    scenePeer({
      id: `${host}-`,
      hostname: `10.0.${host >> 8}.${host & 255}`,
    }));
  return { infoHash: A, contentLength: 1000, peers };
}

/** Completes one of the hosts, which then moves to the end of the table. */
function complete(swarm: SceneSwarm, host: number): void {
  swarm.peers = swarm.peers.map((peer, index) =>
    index === host
      ? { ...peer, isSeeder: true, progress: { ...peer.progress, left: 0 } }
      : peer
  );
}

/** The hosts of the table in their order, by the numbers in their ids. */
async function hostsOf(page: Page): Promise<number[]> {
  const keys: string[] = await page.evaluate(
    'Array.from(document.querySelectorAll("#hosts tr"), (row) => row.dataset.key)',
  );
  return keys.map((key) => parseInt(String.fromCharCode(...decodeHex(key))));
}

async function waitUntilLive(page: Page): Promise<void> {
  await page.locator("#live", { hasText: /^live$/ }).waitFor();
}

browserTest(
  "the reader's selection and focus stay while rows move around them",
  async ({ page, complaints }) => {
    const swarm = swarmOf(5);
    await using tracker = serveScene({ store: new SceneStore(swarm) });
    await page.goto(`${tracker.url}/?torrent=${A}`);
    await waitUntilLive(page);
    await page.getByRole("link", { name: "Client" }).focus();
    const row = page.locator(`#host-${peerId("1-")}`);
    await row.locator("th").selectText();
    const selected = await page.evaluate("getSelection().toString()");
    assertEquals(selected, "10.0.0.1:6881");

    // The selected row is overtaken by two others and then moves itself.
    for (const host of [0, 2, 1]) {
      complete(swarm, host);
      await page.locator(`#host-${peerId(`${host}-`)} .badge.done`).waitFor();
      assertEquals(await page.evaluate("getSelection().toString()"), selected);
    }
    assertEquals(await hostsOf(page), [3, 4, 0, 1, 2]);
    assertEquals(
      await page.evaluate("document.activeElement.textContent"),
      "Client",
    );
    assertEquals(complaints, []);
  },
);

browserTest(
  "a focused link in a row that moves keeps the focus, and open details stay open",
  async ({ page }) => {
    const other = {
      ...swarmOf(9),
      infoHash: infoHash("b"),
    };
    const swarm = swarmOf(3);
    const store = new SceneStore(other, swarm);
    const file = {
      ...{ infoHash: A, name: "image", length: 1000, fileCount: 1 },
      fileName: "image.torrent",
    };
    const catalogue = sceneCatalogue(file);
    await using tracker = serveScene({ store, catalogue });
    await page.goto(tracker.url);
    await waitUntilLive(page);
    const first = page.locator("#torrents tr").first();
    assertEquals(await first.getAttribute("data-key"), other.infoHash);
    await page.locator("summary").click();
    await page.locator("summary").focus();
    swarm.peers = swarmOf(20).peers;
    await page.locator(`#torrents tr:first-child[data-key="${A}"]`).waitFor();
    assert(await page.locator("details code").isVisible());
    assertEquals(
      await page.evaluate("document.activeElement.textContent"),
      "join",
    );
  },
);

browserTest(
  "rows come in pages of 100, and more of them on demand, without a jump",
  async ({ page, complaints }) => {
    const swarm = swarmOf(420);
    await using tracker = serveScene({ store: new SceneStore(swarm) });
    await page.goto(`${tracker.url}/?torrent=${A}`);
    await waitUntilLive(page);
    assertEquals((await hostsOf(page)).length, 300);
    await page.getByText("show the next 100").click();
    await page.locator(`#host-${peerId("399-")}`).waitFor();
    assertEquals((await hostsOf(page)).length, 400);
    assertEquals(
      new URL(page.url()).search,
      `?torrent=${A}&rows=400`,
    );
    await page.getByText("show the next 20").waitFor();
    const parts = tracker.asked.filter((path) => path.includes("&rows=400"));
    for (const number of [0, 1, 2, 3]) {
      assert(parts.some((path) => path.endsWith(`&page=${number}`)));
    }
    assert(!parts.some((path) => path.endsWith("&page=4")));

    const row = page.locator(`#host-${peerId("390-")}`);
    await row.scrollIntoViewIfNeeded();
    const { y } = (await row.boundingBox())!;
    complete(swarm, 395);
    await page.locator(`#host-${peerId("395-")}`).waitFor({
      state: "detached",
    });
    await page.getByText("1 of 420 hosts has it").waitFor();
    assertEquals((await hostsOf(page)).length, 400);
    assertEquals((await row.boundingBox())!.y, y);
    assertEquals(complaints, []);
  },
);
