/**
 * Benchmark `one-to-one`: one seeder, one leecher and our tracker, a file of
 * 512 MiB. The time runs from the leecher's start to its verified file; that the
 * copy is right is checked after the clock has stopped. The file was just
 * written, so it is read from the page cache. (Not from /dev/shm: Deno lets
 * nobody in there without all permissions.)
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import {
  carryTorrent,
  createTorrent,
  waitForCounts,
} from "../lan/sharing_steps.ts";
import { sha256Of, writeRandomFile } from "../programs/sample_file.ts";
import { type Contender, CONTENDERS } from "./contender.ts";
import { openNetwork } from "./network.ts";
import type { Measurement, Report } from "./report.ts";

const LENGTH = 512 * 1024 * 1024;
const FILE_NAME = "benchmark.bin";

/** Runs every contender in turn, `runCount` times; tells of each run. */
export async function benchmarkOneToOne(
  runCount: number,
  tell: (measurement: Measurement) => void,
): Promise<Report> {
  const folder = await Deno.makeTempDir({ prefix: "lanswarm-bench-" });
  try {
    const original = join(folder, FILE_NAME);
    await writeRandomFile(original, LENGTH);
    const sha256 = await sha256Of(original);
    const measurements: Measurement[] = [];
    for (let run = 0; run < runCount; run++) {
      for (const contender of CONTENDERS) {
        const seconds = await measure(contender, folder, sha256);
        measurements.push({ name: contender.name, seconds });
        tell({ name: contender.name, seconds });
      }
    }
    return { benchmark: "one-to-one", lengthBytes: LENGTH, measurements };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** One download, in seconds. */
async function measure(
  contender: Contender,
  folder: string,
  sha256: string,
): Promise<number> {
  await using network = await openNetwork(
    ["tracker", "seeder", "leecher"],
    folder,
  );
  const [seeder, leecher] = [network.host("seeder"), network.host("leecher")];
  await Deno.link(join(folder, FILE_NAME), seeder.path(FILE_NAME));
  const { address } = network.host("tracker");
  const tracker = network.host("tracker").spawnTask("tracker", [
    ...["0", "--host", address],
  ]);
  const [announceUrl] = await tracker.stdout.waitFor(/http\S+\/announce/);
  const torrent = await createTorrent(seeder, FILE_NAME, announceUrl);
  await contender.seed(seeder);
  await waitForCounts(leecher, torrent, { complete: 1, incomplete: 0 });
  await carryTorrent(torrent, leecher);

  const startMs = performance.now();
  await contender.download(leecher);
  const seconds = (performance.now() - startMs) / 1000;
  assertEquals(await sha256Of(leecher.path(FILE_NAME)), sha256);
  return seconds;
}
