/**
 * The page of a share: the lines to copy, the files to download, on a phone and on
 * dark and light screens.
 */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import type { Page } from "playwright-core";
import {
  buildTorrent,
  ExecutableFolder,
  MemoryStorage,
  type ShareServer,
  type ShareServerOptions,
  startShareServer,
} from "../../lib/mod.ts";
import { parseTorrentFile } from "../../lib/disk/torrent_file.ts";
import { brightness, browserTest, overhang } from "./browser_test_case.ts";
import { temporaryFolder } from "../loopback/temporary_folder.ts";

const PIECE_LENGTH = 2 ** 20;
const CONTENT = Uint8Array.from(
  { length: 3_000_000 },
  (_, index) => index * 7 ^ index >> 8,
);
const NAMES = ["first part.bin", `${"long-name-".repeat(12)}.iso`];

/** A share called `photos` that is not ready. */
async function openShare(
  options: ShareServerOptions = {},
): Promise<ShareServer> {
  const server = await startShareServer({
    ...{ hostname: "127.0.0.1", port: 0, ...options },
  });
  server.add("photos");
  return server;
}

/** Offers two files, of a third and two thirds of the content. */
async function finish(server: ShareServer): Promise<void> {
  const bytes = buildTorrent({
    name: "photos",
    content: {
      type: "folder",
      files: NAMES.map((name, index) => (
        { path: [name], length: 1_000_000 * (index + 1) }
      )),
    },
    pieceLength: PIECE_LENGTH,
    pieceHashes: new Uint8Array(20 * Math.ceil(CONTENT.length / PIECE_LENGTH)),
    announce: [],
  });
  const torrent = await parseTorrentFile(bytes);
  const storage = new MemoryStorage(CONTENT);
  await server.offer("photos", { bytes, torrent, storage: () => storage });
}

function urlOf({ port }: ShareServer): string {
  return `http://127.0.0.1:${port}/`;
}

browserTest(
  "the page of a share shows its files as soon as they are hashed",
  async ({ page, complaints }) => {
    await using server = await openShare();
    await page.goto(urlOf(server));
    const card = page.locator("#shares");
    assert((await card.innerText()).includes("machines may join already"));
    await page.locator("#live.on").waitFor();
    await finish(server);
    await card.getByRole("link", { name: NAMES[0]! }).waitFor();
    assert((await card.innerText()).includes("2 files"));
    assertEquals(complaints, []);
  },
);

browserTest(
  "a button copies the line that joins a share",
  async ({ page }) => {
    await using folder = await temporaryFolder();
    for (
      const target of ["x86_64-apple-darwin", "x86_64-pc-windows-msvc.exe"]
    ) {
      await Deno.writeTextFile(join(folder.path, `lanswarm-${target}`), "");
    }
    const executables = new ExecutableFolder(join(folder.path, "none"));
    await using server = await openShare({ executables });
    await page.goto(urlOf(server));
    const buttons = page.locator("#shares button");
    const lines = [
      `lanswarm get 127.0.0.1:${server.port}`,
      `curl -fsS ${urlOf(server)}join | sh`,
      `irm ${urlOf(server)}join.ps1 | iex`,
    ];
    for (const [index, line] of lines.entries()) {
      await buttons.nth(index).click();
      const search = page.locator("input[name=q]");
      await search.fill("");
      await search.focus();
      await page.keyboard.press("Control+V");
      assertEquals(await search.inputValue(), line);
    }
  },
);

browserTest(
  "a browser downloads a file of a share, and resumes it",
  async ({ page }) => {
    await using server = await openShare();
    await finish(server);
    await page.goto(urlOf(server));
    const started = page.waitForEvent("download");
    await page.getByRole("link", { name: NAMES[0]! }).click();
    const download = await started;
    assertEquals(download.suggestedFilename(), NAMES[0]);
    const saved = await Deno.readFile(await download.path());
    assertEquals(saved, CONTENT.slice(0, 1_000_000));
    // The page shows 64 characters of a name.
    const shown = `${NAMES[1]!.slice(0, 63)}…`;
    const href = await page.getByRole("link", { name: shown })
      .getAttribute("href");
    const isWhole: boolean = await page.evaluate(`(async () => {
      const url = ${JSON.stringify(href)};
      // The connection ends within the file.
      const first = await fetch(url);
      const reader = first.body.getReader();
      const { value } = await reader.read();
      await reader.cancel();
      const rest = await fetch(url, { headers: {
        range: "bytes=" + value.length + "-",
        "if-range": first.headers.get("etag"),
      } });
      const tail = new Uint8Array(await rest.arrayBuffer());
      const all = new Uint8Array([...value, ...tail]);
      return rest.status === 206 && all.length === 2_000_000 &&
        all.every((byte, index) => {
          const offset = index + 1_000_000;
          return byte === ((offset * 7 ^ offset >> 8) & 255);
        });
    })()`);
    assert(isWhole);
  },
);

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(
    `the page of a share fits a phone with a ${colorScheme} screen`,
    async ({ page }) => {
      await using server = await openShare();
      await finish(server);
      await page.goto(urlOf(server));
      assertEquals(await overhang(page), []);
      const [background, text] = await brightness(page);
      assertEquals(background > text, colorScheme === "light");
      assertEquals(await codeColours(page), [
        "rgb(255, 255, 255)",
        "rgb(0, 0, 0)",
      ]);
    },
    { colorScheme, viewport: { width: 400, height: 800 } },
  );
}

/** The colours of the QR code's margin and modules. */
async function codeColours(page: Page): Promise<string[]> {
  return await page.evaluate(
    `Array.from(document.querySelectorAll("#shares .qr path"))
      .map((path) => getComputedStyle(path).fill)`,
  );
}
