/**
 * Prints a tracker's counts of a torrent, and again whenever they change, until it is
 * ended. Arguments: announce URL, info hash.
 */
import { delay } from "@std/async/delay";
import { infoHashFromHex, scrape } from "../../lib/mod.ts";

const [announceUrl, infoHash] = Deno.args;
const encoder = new TextEncoder();
for (let last = "";;) {
  const [entry] = await scrape(announceUrl!, [infoHashFromHex(infoHash!)]);
  const { complete = 0, incomplete = 0 } = entry ?? {};
  const line = `complete ${complete}, incomplete ${incomplete}\n`;
  if (line !== last) await Deno.stdout.write(encoder.encode(line));
  last = line;
  await delay(100);
}
