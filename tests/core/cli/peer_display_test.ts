import { assertEquals } from "@std/assert";
import { Console, JobOutput } from "../../../cli/console.ts";
import {
  createPeerDisplay,
  type TorrentNews,
} from "../../../cli/peer_display.ts";
import type { Torrent } from "../../../mod.ts";
import { infoHash } from "../announce/samples.ts";

/** The lines of a log about some news, one after another. */
async function linesOf(news: readonly TorrentNews[]): Promise<string[]> {
  let text = "";
  const stream = {
    write: (bytes: Uint8Array): Promise<number> => {
      text += new TextDecoder().decode(bytes);
      return Promise.resolve(bytes.length);
    },
    isTerminal: (): boolean => false,
  };
  const console = new Console({
    stdout: stream,
    stderr: stream,
    size: () => ({ columns: 80, rows: 24 }),
    canMoveCursor: false,
  });
  const output = new JobOutput({ json: false, quiet: false }, console);
  const display = createPeerDisplay(output);
  const torrent = { name: "image.iso", infoHash: infoHash("a") } as Torrent;
  for (const item of news) display.news(torrent, item);
  await console.end();
  return text.split("\n").slice(0, -1)
    .map((line) => line.replace(/^.*?image\.iso: /, ""));
}

const url = "http://tracker/announce";
const announced: TorrentNews = { type: "announced", url } as TorrentNews;
const warning = (text: string): TorrentNews => ({
  type: "trackerWarning",
  url,
  text,
});
const failed: TorrentNews = {
  type: "announceFailed",
  url,
  reason: "Cannot announce to it: connection refused",
  retryInMs: 1_000,
} as TorrentNews;

Deno.test("a tracker that warns with each answer is one line, and so is its warning", async () => {
  const lines = await linesOf([
    ...[announced, warning("slow"), announced, warning("slow")],
    ...[announced, warning("other"), announced, warning("other")],
  ]);
  assertEquals(lines, [
    `tracker ${url} answers`,
    `warning from tracker ${url}: slow`,
    `warning from tracker ${url}: other`,
  ]);
});

Deno.test("a tracker that fails and answers in turns is a line each time it changes", async () => {
  const lines = await linesOf([
    announced,
    failed,
    failed,
    announced,
    announced,
  ]);
  assertEquals(lines.length, 3);
});
