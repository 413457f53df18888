/**
 * The appearance of the tracker's page: without its script, on a phone, in the
 * dark, and with the names of strangers.
 */
import { assert, assertEquals } from "@std/assert";
import { infoHash } from "../core/announce/samples.ts";
import {
  sceneCatalogue,
  scenePeer,
  SceneStore,
} from "../core/tracker/page/scene_store.ts";
import { brightness, browserTest, overhang } from "./browser_test_case.ts";
import { type SceneTracker, serveScene } from "./scene_tracker.ts";

const [A, B] = [infoHash("a"), infoHash("b")];

const HOSTILE_NAME = `<img src=x onerror="alert(1)">${
  "no-break".repeat(20)
}</title><script>alert(2)</script>`;

/** Two torrents, one of 40 hosts with a name that contains markup. */
function serveLab(): { tracker: SceneTracker; store: SceneStore } {
  const store = new SceneStore({
    infoHash: A,
    contentLength: 5e9,
    downloaded: 123_456,
    peers: Array.from({ length: 40 }, (_, host) =>
      scenePeer({
        id: `-qB4520-${host}`,
        hostname: host % 7 === 0
          ? `2001:db8:1111:2222:3333:4444:5555:${host + 1000}`
          : `192.168.100.${host + 100}`,
        left: host % 3 === 0 ? 0 : 1e9 * (host / 10),
        downloaded: host % 2,
        bytesPerSecond: host % 4 === 0 ? 0 : 123_456_789,
      })),
  }, { infoHash: B, peers: [] });
  const file = {
    infoHash: A,
    name: HOSTILE_NAME,
    length: 5e9,
    fileCount: 1_234,
    fileName: `${HOSTILE_NAME.replaceAll("/", "_")}.torrent`,
  };
  const tracker = serveScene({ store, catalogue: sceneCatalogue(file) });
  return { tracker, store };
}

browserTest(
  "the page is a table that reloads itself without a script",
  async ({ page, complaints }) => {
    const { tracker, store } = serveLab();
    await using _ = tracker;
    await page.goto(tracker.url);
    assertEquals(await page.locator("#torrents tr").count(), 2);
    assertEquals(
      await page.locator("#torrents tr").first().locator("td").allInnerTexts(),
      [
        "14 of 40",
        "4.7 GiB",
        "14",
        "26",
        "123,456",
        "3.4 GiB/s",
        await page.locator("#torrents td").nth(6).innerText(),
      ],
    );
    store.scene.pop();
    await page.locator("#hosts tr").first().waitFor();
    assertEquals(await page.locator("#torrents tr").count(), 1);
    // The policy forbids nothing that the page uses.
    assertEquals(complaints, []);
    assert(!tracker.asked.some((path) => path.startsWith("/events")));
  },
  { javaScriptEnabled: false },
);

browserTest(
  "links sort and the form searches without a script",
  async ({ page }) => {
    await using tracker = serveLab().tracker;
    await page.goto(`${tracker.url}/?torrent=${A}`);
    await page.getByRole("link", { name: "Host", exact: true }).click();
    assertEquals(new URL(page.url()).search, `?torrent=${A}&sort=host`);
    assertEquals(
      await page.locator("#hosts th").first().innerText(),
      "192.168.100.101:6881",
    );
    await page.getByRole("searchbox").fill("100.102");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=100\.102/);
    assertEquals(
      new URL(page.url()).search,
      `?torrent=${A}&sort=host&q=100.102`,
    );
    assertEquals(await page.locator("#hosts tr").count(), 1);
  },
  { javaScriptEnabled: false },
);

browserTest(
  "a stranger's name is shown as text and has no effect",
  async ({ page, complaints, requests }) => {
    await using tracker = serveLab().tracker;
    await page.goto(tracker.url);
    await page.locator("#live.on").waitFor();
    const shown = HOSTILE_NAME.slice(0, 63);
    assertEquals(
      await page.locator(`[data-key="${A}"] .name`).innerText(),
      HOSTILE_NAME.length > 64 ? `${shown}…` : shown,
    );
    await page.goto(`${tracker.url}/?torrent=${A}`);
    await page.locator("#live.on").waitFor();
    assertEquals(await page.locator("h2 img, h2 script").count(), 0);
    assertEquals(await page.locator("img").count(), 0);
    assertEquals(await page.locator("script").count(), 1);
    assert((await page.title()).includes("<img src=x"));
    assertEquals(complaints, []);
    assert(!requests.some((url) => url.endsWith("/x")));
  },
);

for (const width of [360, 768, 1024, 1280]) {
  browserTest(
    `the page fits a window of ${width} pixels`,
    async ({ page }) => {
      await using tracker = serveLab().tracker;
      for (const path of ["/", `/?torrent=${A}`, "/?q=nothing"]) {
        await page.goto(tracker.url + path);
        await page.locator("#live.on").waitFor();
        assertEquals(await overhang(page), [], path);
        // No table scrolls within its card either.
        const hidden: string[] = await page.evaluate(
          `Array.from(document.querySelectorAll(".card"))
            .filter((card) => card.scrollWidth > card.clientWidth)
            .map((card) => card.outerHTML.slice(0, 2000))`,
        );
        assertEquals(hidden, [], path);
      }
    },
    { viewport: { width, height: 740 } },
  );
}

browserTest(
  "the page is dark if the system is",
  async ({ page }) => {
    await using tracker = serveLab().tracker;
    await page.goto(tracker.url);
    const [background, text] = await brightness(page);
    assert(background < 50 && text > 200, `${background} ${text}`);
    await page.emulateMedia({ colorScheme: "light" });
    const [lightGround, darkText] = await brightness(page);
    assert(lightGround > 200 && darkText < 50, `${lightGround} ${darkText}`);
  },
  { colorScheme: "dark" },
);
