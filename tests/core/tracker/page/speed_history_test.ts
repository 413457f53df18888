import { assertEquals } from "@std/assert";
import { infoHashFromHex } from "../../../../lib/base/identifier.ts";
import {
  renderSparkline,
  SAMPLE_COUNT,
  SAMPLE_INTERVAL_MS,
  SpeedHistory,
} from "../../../../lib/tracker/page/speed_history.ts";
import { infoHash } from "../../announce/samples.ts";

const [A, B] = [infoHash("a"), infoHash("b")];

Deno.test("SpeedHistory keeps the last samples of each torrent, oldest first", () => {
  const history = new SpeedHistory();
  for (let number = 1; number <= SAMPLE_COUNT + 2; number++) {
    history.sample([
      { infoHash: A, bytesPerSecond: number },
      { infoHash: B, bytesPerSecond: number % 2 },
    ], number * SAMPLE_INTERVAL_MS);
  }
  assertEquals(history.of(A).length, SAMPLE_COUNT);
  assertEquals(history.of(A).slice(0, 2), [3, 4]);
  assertEquals(history.of(A).at(-1), SAMPLE_COUNT + 2);
  assertEquals(history.of(B).slice(-3), [0, 1, 0]);
  assertEquals(history.total().slice(-2), [SAMPLE_COUNT + 2, SAMPLE_COUNT + 2]);
});

Deno.test("SpeedHistory shows zeros before the first sample and while a torrent is idle", () => {
  const history = new SpeedHistory();
  history.sample([{ infoHash: A, bytesPerSecond: 7 }], 0);
  history.sample([], 5_000);
  assertEquals(history.of(A).slice(-3), [0, 7, 0]);
});

Deno.test("SpeedHistory drops a torrent that was idle for the whole time", () => {
  const history = new SpeedHistory();
  history.sample([{ infoHash: A, bytesPerSecond: 7 }], 0);
  for (let number = 1; number < SAMPLE_COUNT; number++) history.sample([], 0);
  assertEquals(history.of(A)[0], 7);
  history.sample([], 0);
  assertEquals(history.of(A), []);
});

Deno.test("SpeedHistory keeps curves of ten thousand torrents and no more", () => {
  const history = new SpeedHistory();
  const swarms = Array.from({ length: 10_001 }, (_, index) => ({
    infoHash: infoHashFromHex(index.toString(16).padStart(40, "0")),
    bytesPerSecond: 1,
  }));
  history.sample(swarms, 0);
  assertEquals(history.of(swarms[9_999]!.infoHash).at(-1), 1);
  assertEquals(history.of(swarms[10_000]!.infoHash), []);
  assertEquals(history.total().at(-1), 10_001);
});

Deno.test("SpeedHistory knows when the next sample is due", () => {
  const history = new SpeedHistory();
  assertEquals(history.isDue(0), true);
  history.sample([], 0);
  assertEquals(
    [SAMPLE_INTERVAL_MS - 1, SAMPLE_INTERVAL_MS].map((ms) => history.isDue(ms)),
    [false, true],
  );
});

Deno.test("renderSparkline() draws a curve as high as its highest sample", () => {
  assertEquals(
    renderSparkline([0, 5, 10]).text,
    '<svg class="spark" viewBox="0 -1 2 22" preserveAspectRatio="none" aria-hidden="true">' +
      '<path class="area" d="M0 20L1 10L2 0L2 20L0 20Z"/>' +
      '<path class="line" d="M0 20L1 10L2 0"/></svg>',
  );
  assertEquals(renderSparkline([0, 0]).text, "");
  assertEquals(renderSparkline([]).text, "");
});
