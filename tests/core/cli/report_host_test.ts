import { assertEquals } from "@std/assert";
import { Obedience } from "../../../cli/report_host.ts";
import type {
  HostControl,
  TorrentSession,
  TransferControl,
} from "../../../mod.ts";

const PAUSED: HostControl = {
  ...{ change: 2, isPaused: true, maxBytesPerSecond: 1_000 },
  ...{ isEnding: false, source: undefined },
};

/** A run, and the last control of its transfer. */
function createRun(): {
  readonly obedience: Obedience;
  readonly last: () => TransferControl | undefined;
} {
  let last: TransferControl | undefined;
  const transfer: Pick<TorrentSession, "control"> = {
    control: (control) => last = control,
  };
  const run = { transfer: transfer as TorrentSession };
  return { obedience: new Obedience(run), last: () => last };
}

const FREE = { isPaused: false, maxDownloadBytesPerSecond: 0 };
const HELD = { isPaused: true, maxDownloadBytesPerSecond: 1_000 };

Deno.test("a host does what the last answer says, also when the share ends", () => {
  const { obedience, last } = createRun();
  const nowMs = performance.now();
  assertEquals(obedience.change, 0);
  obedience.hear(PAUSED, nowMs);
  assertEquals([obedience.change, last()], [2, HELD]);
  const ending = { isPaused: false, maxBytesPerSecond: undefined };
  obedience.hear({ ...PAUSED, ...ending, isEnding: true }, nowMs);
  assertEquals(last(), FREE);
});

Deno.test("a host that is paused goes on 30 s after the last answer", () => {
  const { obedience, last } = createRun();
  const nowMs = performance.now();
  obedience.hear(PAUSED, nowMs);
  obedience.hear(undefined, nowMs + 29_999);
  assertEquals(last(), HELD);
  obedience.hear(undefined, nowMs + 30_000);
  assertEquals([obedience.change, last()], [0, FREE]);
  // The machine that shares is back.
  obedience.hear(PAUSED, nowMs + 60_000);
  assertEquals(last(), HELD);
});
