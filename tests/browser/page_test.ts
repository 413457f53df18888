/**
 * The tracker's page in a real browser, with its script.
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import type { Page } from "playwright-core";
import { infoHash, peerId } from "../core/announce/samples.ts";
import {
  sceneCatalogue,
  scenePeer,
  SceneStore,
} from "../core/tracker/page/scene_store.ts";
import { BROWSER_TIMEOUT_MS } from "../../scripts/clients/chromium.ts";
import { browserTest } from "./browser_test_case.ts";
import { serveScene } from "./scene_tracker.ts";

const [A, B, C] = [infoHash("a"), infoHash("b"), infoHash("c")];

/** Three swarms of 1, 2 and 3 hosts; the torrent of the smallest is the largest. */
function scene(): SceneStore {
  return new SceneStore(
    ...[A, B, C].map((infoHash, index) => ({
      infoHash,
      contentLength: 3000 - index * 1000,
      peers: Array.from(
        { length: index + 1 },
        (_, host) =>
          scenePeer({
            id: `${index}${host}`,
            hostname: `192.0.2.${host + 1}`,
            left: 500,
          }),
      ),
    })),
  );
}

// Scripts for the browser are texts, because the project has no types of a document.
const SHOWN =
  'Array.from(document.querySelectorAll("#torrents tr"), (row) => row.dataset.key[0]).join("")';
const MARK = "document.documentElement.dataset.mark";

/** The first digits of the torrents in the table, in their order. */
async function shown(page: Page): Promise<string> {
  return await page.evaluate(SHOWN);
}

/** Waits until the table shows the torrents with these first digits. */
async function waitForTorrents(page: Page, digits: string): Promise<void> {
  // The page's policy forbids the functions that Playwright would wait with.
  const endTime = Date.now() + BROWSER_TIMEOUT_MS;
  while (await shown(page) !== digits) {
    assert(Date.now() < endTime, `${await shown(page)} is not ${digits}`);
    await delay(20);
  }
}

/** Waits until the page is live, and marks its document. */
async function waitUntilLive(page: Page): Promise<void> {
  await page.locator("#live", { hasText: /^live$/ }).waitFor();
  await page.evaluate(`${MARK} = "same"`);
}

/** True if the document is the marked one, which was not loaded again. */
async function isSameDocument(page: Page): Promise<boolean> {
  return await page.evaluate(`${MARK} === "same"`);
}

/** The torrent file of the scene's first swarm. */
const IMAGE = {
  infoHash: A,
  name: "image",
  length: 3000,
  fileCount: 1,
  fileName: "image.torrent",
};

browserTest(
  "the page loads without an error and requests nothing but from its tracker",
  async ({ page, complaints, requests }) => {
    await using tracker = serveScene({ store: scene() });
    for (const path of ["/", "/stats", `/?torrent=${A}`, "/?q=a&sort=name"]) {
      await page.goto(tracker.url + path);
      await waitUntilLive(page);
    }
    assertEquals(complaints, []);
    for (const request of requests) {
      assert(
        request.startsWith(`${tracker.url}/`) || request.startsWith("data:"),
        request,
      );
    }
    assert(tracker.asked.includes("/events"));
  },
);

browserTest(
  "an open page shows changes",
  async ({ page, complaints }) => {
    const store = scene();
    await using tracker = serveScene({ store });
    await page.goto(tracker.url);
    await waitUntilLive(page);
    assertEquals(await shown(page), "cba");

    // One completes, one leaves, and one is new.
    const seeder = scenePeer({ id: "s", hostname: "192.0.2.9", left: 0 });
    store.scene[0]!.peers = [seeder];
    store.scene.splice(2, 1, { infoHash: infoHash("d"), peers: [seeder] });
    await waitForTorrents(page, "bad");
    const row = page.locator(`[data-key="${A}"]`);
    assertEquals(await row.locator(".badge").textContent(), "done");
    assertEquals(
      await page.locator(".totals .done dd").first().textContent(),
      "2",
    );
    assertEquals(await page.title(), "2 fetching, 2 done · lanswarm");
    assert(await isSameDocument(page));
    assertEquals(complaints, []);
  },
);

browserTest(
  "open details and the selection stay while other things change",
  async ({ page }) => {
    const store = scene();
    await using tracker = serveScene({
      store,
      catalogue: sceneCatalogue(IMAGE),
    });
    await page.goto(tracker.url);
    await waitUntilLive(page);
    await page.locator("summary").click();
    await page.locator("details code").selectText();
    store.scene[0]!.peers = [
      scenePeer({ id: "s", hostname: "192.0.2.9", left: 0 }),
    ];
    await page.locator(`[data-key="${A}"] .badge.done`).waitFor();
    assert(await page.locator("details code").isVisible());
    assertEquals(
      await page.evaluate("getSelection().toString()"),
      `peer ${tracker.url}/torrents/image.torrent`,
    );
  },
);

browserTest("the button copies the command that joins", async ({ page }) => {
  await using tracker = serveScene({
    store: scene(),
    catalogue: sceneCatalogue(IMAGE),
  });
  await page.goto(`${tracker.url}/?torrent=${A}`);
  await page.getByRole("button", { name: "Copy" }).click();
  await page.locator("input[name=q]").focus();
  await page.keyboard.press("Control+V");
  assertEquals(
    await page.locator("input[name=q]").inputValue(),
    `peer ${tracker.url}/torrents/image.torrent`,
  );
});

browserTest(
  "a click on a column sorts by it without a reload, and the address keeps the order",
  async ({ page }) => {
    await using tracker = serveScene({ store: scene() });
    await page.goto(tracker.url);
    await waitUntilLive(page);
    for (const [digits, sort] of [["abc", "-size"], ["cba", "size"]] as const) {
      await page.getByRole("link", { name: "Size" }).click();
      await waitForTorrents(page, digits);
      assertEquals(new URL(page.url()).search, `?sort=${sort}`);
    }
    assert(await isSameDocument(page));
    await waitUntilLive(page);
    assertEquals(await shown(page), "cba");
    await page.reload();
    assertEquals(await shown(page), "cba");
  },
);

browserTest(
  "a search finds any torrent while it is typed",
  async ({ page }) => {
    const store = scene();
    for (let number = 0; number < 400; number++) {
      store.scene.push({
        infoHash: infoHash("e"),
        peers: [
          scenePeer({ id: `${number}`, hostname: "192.0.2.1" }),
          ...store.scene[2]!.peers,
        ],
      });
    }
    await using tracker = serveScene({ store });
    await page.goto(tracker.url);
    await waitUntilLive(page);
    assertEquals((await shown(page)).length, 300);
    await page.getByText("and 103 more").waitFor();
    const search = page.getByRole("searchbox");
    await search.pressSequentially("aaaa");
    await waitForTorrents(page, "a");
    // One torrent matches "aaa" too.
    await page.waitForURL(/\?q=aaaa$/);
    assertEquals(await search.inputValue(), "aaaa");
    assert(await page.evaluate('document.activeElement.name === "q"'));
    await search.fill("nothing");
    await page.getByText("No torrent matches “nothing”.").waitFor();
    await search.fill("");
    await page.getByText("and 103 more").waitFor();
    await page.waitForURL(/\/$/);
    assert(await isSameDocument(page));
  },
);

browserTest(
  "the page of one torrent shows its hosts and follows them",
  async ({ page, complaints }) => {
    const store = scene();
    await using tracker = serveScene({ store });
    await page.goto(tracker.url);
    await page.locator(`a[href="/?torrent=${C}"]`).click();
    await waitUntilLive(page);
    await page.getByText("0 of 3 hosts have it").waitFor();
    store.scene[2]!.peers = store.scene[2]!.peers.map((peer, index) =>
      index === 0
        ? { ...peer, isSeeder: true, progress: { ...peer.progress, left: 0 } }
        : peer
    );
    await page.getByText("1 of 3 hosts has it").waitFor();
    const row = page.locator(`#host-${peerId("20")}`);
    assertEquals(await row.locator("progress").getAttribute("value"), "1000");
    // Hosts in trouble come first, complete ones last.
    assertEquals(
      await page.locator("#hosts tr").last().getAttribute("data-key"),
      peerId("20"),
    );
    await page.locator(".map .done a").click();
    assert(page.url().endsWith(`#host-${peerId("20")}`));
    assertEquals(complaints, []);
  },
);

browserTest(
  "the first page shows the hosts of an only torrent until there is another one",
  async ({ page }) => {
    const store = new SceneStore(scene().scene[2]!);
    await using tracker = serveScene({ store });
    await page.goto(tracker.url);
    await waitUntilLive(page);
    assertEquals(await page.locator("#hosts tr").count(), 3);
    store.scene.push(scene().scene[0]!);
    await page.locator("#hosts").waitFor({ state: "detached" });
    await waitForTorrents(page, "ca");
    assert(await isSameDocument(page));
  },
);

browserTest(
  "a page shows that its tracker is gone, and continues when it is back",
  async ({ page }) => {
    const store = scene();
    const tracker = serveScene({ store });
    await page.goto(tracker.url);
    await waitUntilLive(page);
    await tracker[Symbol.asyncDispose]();
    await page.locator("#live.off").waitFor();
    store.scene.pop();
    await using _again = serveScene({ store, port: tracker.port });
    await waitForTorrents(page, "ba");
    await page.locator("#live.on").waitFor();
    assert(await isSameDocument(page));
  },
);

browserTest(
  "a page beyond the limit of live pages fetches changes now and then",
  async ({ page }) => {
    const store = scene();
    await using tracker = serveScene({ store });
    // They are kept, because garbage collection closes a response and its stream.
    const listeners: Response[] = [];
    for (let count = 0; count < 20; count++) {
      listeners.push(await fetch(`${tracker.url}/events`));
    }
    await page.goto(tracker.url);
    await page.locator("#live", { hasText: "not live" }).waitFor();
    store.scene.pop();
    await waitForTorrents(page, "ba");
    for (const { body } of listeners) await body!.cancel();
    await page.locator("#live.on").waitFor();
  },
);
