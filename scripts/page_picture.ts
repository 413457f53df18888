/**
 * `deno task picture`: takes the README's picture of the tracker's page. The
 * program `tracker` serves a torrent to hosts that announce their progress for a
 * minute; then Chromium takes `docs/page.png`. The task has all permissions, because
 * Playwright reads a file of `/proc` that Deno allows only with all.
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { launchChromium } from "./clients/chromium.ts";
import { findProgram } from "./clients/client.ts";
import { REPOSITORY, runTask, spawnTask } from "./programs/tasks.ts";

const FILE_NAME = "classroom-image.iso";
const FILE_LENGTH = 1024 ** 3;
const HOST_COUNT = 12;
const INTERVAL_MS = 3_000;
/** Announces of each host; the picture is taken after the last one. */
const ANNOUNCE_COUNT = 20;
/** The tracker's address in the picture. */
const SHOWN_ADDRESS = "192.168.1.100:8000";

/** Announces a host: one has the file, and one receives nothing after a while. */
async function announce(
  trackerUrl: string,
  infoHash: string,
  { host, round }: { readonly host: number; readonly round: number },
): Promise<void> {
  const rounds = host === 5 ? Math.min(round, 7) : round;
  const speed = 0.03 + 0.004 * (host * 5 % 9);
  const share = host === 0 ? 1 : Math.min(1, rounds * speed);
  const downloaded = host === 0 ? 0 : Math.floor(share * FILE_LENGTH);
  const left = Math.ceil((1 - share) * FILE_LENGTH);
  const client = ["-LS0001-", "-LS0001-", "-qB5010-", "-TR4060-"][host % 4];
  const parameters = new URLSearchParams({
    peer_id: `${client}${host}`.padEnd(20, "-"),
    port: "6881",
    uploaded: "0",
    downloaded: `${downloaded}`,
    left: `${left}`,
    ...(round === 0 && { event: "started" }),
    ...(left === 0 && host !== 0 && { event: "completed" }),
  });
  const binary = infoHash.replace(/../g, "%$&");
  const response = await fetch(
    `${trackerUrl}/announce?info_hash=${binary}&${parameters}`,
    { headers: { "x-forwarded-for": `192.168.1.${host + 101}` } },
  );
  await response.body?.cancel();
}

async function main(): Promise<void> {
  const chromiumPath = await findProgram("chromium");
  if (chromiumPath === undefined) throw new Error("chromium is not installed");
  const folder = await Deno.makeTempDir({ prefix: "lanswarm-picture-" });
  try {
    await using file = await Deno.create(join(folder, FILE_NAME));
    await file.truncate(FILE_LENGTH);
    const torrent = `${FILE_NAME}.torrent`;
    const announceUrl = `http://${SHOWN_ADDRESS}/announce`;
    const { stderr } = await runTask(
      "create",
      [FILE_NAME, announceUrl, torrent],
      { cwd: folder },
    );
    if (stderr !== "") throw new Error(stderr);
    await using tracker = spawnTask("tracker", [
      ...["0", "--host", "127.0.0.1", "--trust-proxy", "--torrents", folder],
    ]);
    const [, trackerUrl, port] = await tracker.stdout.waitFor(
      /(http:\/\/127\.0\.0\.1:(\d+))\/announce/,
    );
    const stats = await (await fetch(`${trackerUrl}/stats.json`)).json();
    const { infoHash } = stats.torrents[0];
    for (let round = 0; round < ANNOUNCE_COUNT; round++) {
      if (round > 0) await delay(INTERVAL_MS);
      for (let host = 0; host < HOST_COUNT; host++) {
        await announce(trackerUrl!, infoHash, { host, round });
      }
    }
    const browser = await launchChromium(chromiumPath, [
      `--host-resolver-rules=MAP ${SHOWN_ADDRESS} 127.0.0.1:${port}`,
    ]);
    const page = await browser.newPage({
      viewport: { width: 1130, height: 632 },
      deviceScaleFactor: 0.75,
    });
    await page.goto(`http://${SHOWN_ADDRESS}/`);
    await page.locator("#live.on").waitFor();
    await page.screenshot({ path: join(REPOSITORY, "docs/page.png") });
    await browser.close();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) await main();
