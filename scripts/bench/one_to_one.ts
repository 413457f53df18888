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
import { type NetworkKind, openNetwork } from "./network.ts";
import type { BenchmarkOptions } from "./benchmark.ts";
import type { Measurement, Report } from "./report.ts";

const LENGTH = 512 * 1024 * 1024;
const FILE_NAME = "benchmark.bin";

/** Runs every contender in turn, again and again. */
export async function benchmarkOneToOne(
  { runCount, network, tell }: BenchmarkOptions,
): Promise<Report> {
  const folder = await Deno.makeTempDir({ prefix: "lanswarm-bench-" });
  try {
    const original = join(folder, FILE_NAME);
    await writeRandomFile(original, LENGTH);
    const sha256 = await sha256Of(original);
    const measurements: Measurement[] = [];
    for (let run = 0; run < runCount; run++) {
      for (const contender of CONTENDERS) {
        const seconds = await measure(contender, {
          network,
          folder,
          sha256,
        });
        measurements.push({ name: contender.name, seconds });
        tell({ name: contender.name, seconds });
      }
    }
    return { benchmark: "one-to-one", lengthBytes: LENGTH, measurements };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is measured. */
interface Setup {
  readonly network: NetworkKind;
  /** Where the file is. */
  readonly folder: string;
  /** The file's. */
  readonly sha256: string;
}

/** One download, in seconds. */
async function measure(contender: Contender, setup: Setup): Promise<number> {
  const { folder, sha256 } = setup;
  await using network = await openNetwork(
    ["tracker", "seeder", "leecher"],
    { kind: setup.network, dir: folder },
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
