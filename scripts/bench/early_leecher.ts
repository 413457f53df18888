/**
 * Row `early-leecher`: a leecher starts before its seeder. The tracker has told it
 * that there are no peers, with the default announce interval of two minutes. The
 * time is from the seeder's start to the leecher's completion; a file of 4 MiB makes
 * that hardly more than the time to find each other.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { TORRENT_NAME, waitForCounts } from "../lan/sharing_steps.ts";
import { writeRandomFile } from "../programs/sample_file.ts";
import { Content } from "./content.ts";
import { type Contender, contendersOn } from "./contender.ts";
import { type NetworkKind, openNetwork } from "./network.ts";
import type { Participant, Row, RowOptions } from "./row.ts";
import { startTracker } from "./swarm_run.ts";
import { MEBIBYTE } from "./units.ts";

const FILE_NAME = "benchmark.bin";
const LENGTH = 4 * MEBIBYTE;
/** Time from the start of the leecher to that of the seeder, in milliseconds. */
const EARLY_MS = 5_000;
/** Half of the announce interval, in milliseconds: a longer time is that of waiting for it. */
const TIMEOUT_MS = 60_000;

/** The row. */
export const earlyLeecher: Row = {
  name: "early-leecher",
  work: "a leecher that came before its seeder has 4 MiB",
  metrics: [{ id: "seconds", label: "s after its start", decimals: 2 }],
  targets: [{
    metric: "seconds",
    text: "at most 3 s",
    limit: "at most",
    factor: 1,
    reference: { type: "constant", value: 3 },
  }],
  async prepare(
    { folder, network, size = LENGTH }: RowOptions,
  ): Promise<Participant[]> {
    await writeRandomFile(join(folder, FILE_NAME), size);
    const content = await Content.hash(folder, FILE_NAME);
    return contendersOn(network).map((contender) => ({
      name: contender.name,
      missing: contender.missing,
      measure: async () => ({
        seconds: await measure(contender, { content, kind: network, folder }),
      }),
    }));
  },
};

async function measure(
  contender: Contender,
  { content, kind, folder }: {
    readonly content: Content;
    readonly kind: NetworkKind;
    readonly folder: string;
  },
): Promise<number> {
  await using network = await openNetwork(
    ["tracker", "seeder", "leecher"],
    { kind, dir: folder },
  );
  const [seeder, leecher] = [network.host("seeder"), network.host("leecher")];
  const announceUrl = await startTracker(network.host("tracker"));
  for (const host of [seeder, leecher]) {
    await Deno.writeFile(
      host.path(TORRENT_NAME),
      content.torrentFor(announceUrl),
    );
  }
  await content.layInto(seeder);
  const running = await contender.start(leecher);
  await waitForCounts(
    leecher,
    {
      ...{ host: leecher, announceUrl },
      infoHash: content.torrent.infoHash,
    },
    { complete: 0, incomplete: 1 },
    { timeoutMs: TIMEOUT_MS },
  );
  await delay(EARLY_MS);

  const startMs = performance.now();
  await contender.start(seeder);
  await running.waitUntilComplete(TIMEOUT_MS);
  const seconds = (performance.now() - startMs) / 1000;
  await content.compareWith(leecher);
  return seconds;
}
