/**
 * A torrent whose content seems to change at every read.
 */
import { assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { parsePeerJob } from "../../cli/peer_job.ts";
import type { PeerDisplay } from "../../cli/peer_display.ts";
import type { JobContext } from "../../cli/program.ts";
import { TorrentRun } from "../../cli/torrent_run.ts";
import {
  ContentChangedError,
  type Session,
  type TorrentSessionOptions,
} from "../../mod.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { temporaryFolder } from "./temporary_folder.ts";

for (
  const [moment, fail] of [
    ["later", (run: () => void) => void setTimeout(run)],
    ["while the restart is still ending", queueMicrotask],
  ] as const
) {
  Deno.test(`a torrent whose file changes at every read, ${moment}, restarts after longer and longer pauses`, async () => {
    await using folder = await temporaryFolder();
    const { torrent, content } = sampleTorrent(16384, [
      { path: ["f"], length: 100 },
    ]);
    await Deno.writeFile(join(folder.path, "f"), content);
    const lines: string[] = [];
    const stopping = new AbortController();
    const session = {
      addTorrent: (_: unknown, { onEvent }: TorrentSessionOptions) => {
        const error = new ContentChangedError("Cannot keep sharing f: changed");
        fail(() => onEvent?.({ type: "storageFailed", error }));
        return { snapshot: () => ({}), isComplete: true };
      },
      removeTorrent: () => Promise.resolve(),
    } as unknown as Session;
    const run = new TorrentRun(torrent, {
      job: parsePeerJob(["--dir", folder.path, "f.torrent"]),
      context: {
        signal: stopping.signal,
        console: { warn: (line: string) => lines.push(line) },
      } as unknown as JobContext,
      session,
      display: { news: () => {} } as unknown as PeerDisplay,
      onSettled: () => {},
    });
    await run.start();
    const startMs = performance.now();
    await delay(2_000);
    while (lines.length < 3) await delay(10);
    stopping.abort();
    await run.restarted();
    await run.close();
    // At 0, 0, 1 and 3 s; without the pauses it was hundreds.
    const expected =
      Math.floor(Math.log2((performance.now() - startMs) / 1000 + 1)) + 2;
    assertEquals(lines.length <= expected, true, lines.join("\n"));
    assertMatch(
      lines[0]!,
      /^cannot keep sharing f: changed; verifying it again$/,
    );
    assertMatch(lines.at(-1)!, /; verifying it again in \d+ s \(restart \d\)$/);
  });
}
