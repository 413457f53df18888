import { assertEquals } from "@std/assert";
import { ControlFollower, isWireless } from "../../../cli/report_host.ts";
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
  readonly follower: ControlFollower;
  readonly last: () => TransferControl | undefined;
} {
  let last: TransferControl | undefined;
  const transfer: Pick<TorrentSession, "control"> = {
    control: (control) => last = control,
  };
  const run = { transfer: transfer as TorrentSession };
  return { follower: new ControlFollower(run), last: () => last };
}

const FREE = { isPaused: false, maxDownloadBytesPerSecond: 0 };
const HELD = { isPaused: true, maxDownloadBytesPerSecond: 1_000 };

Deno.test("a host does what the last answer says, also when the share ends", () => {
  const { follower, last } = createRun();
  const nowMs = performance.now();
  assertEquals(follower.change, 0);
  follower.take(PAUSED, nowMs);
  assertEquals([follower.change, last()], [2, HELD]);
  const ending = { isPaused: false, maxBytesPerSecond: undefined };
  follower.take({ ...PAUSED, ...ending, isEnding: true }, nowMs);
  assertEquals(last(), FREE);
});

Deno.test("a host that is paused goes on 30 s after the last answer", () => {
  const { follower, last } = createRun();
  // A whole number: with a fraction, adding 30,000 and taking it off again is not exact.
  const nowMs = Math.ceil(performance.now());
  follower.take(PAUSED, nowMs);
  follower.take(undefined, nowMs + 29_999);
  assertEquals(last(), HELD);
  follower.take(undefined, nowMs + 30_000);
  assertEquals([follower.change, last()], [0, FREE]);
  // The machine that shares is back.
  follower.take(PAUSED, nowMs + 60_000);
  assertEquals(last(), HELD);
});

/** Interfaces with an IPv4 address each. */
function interfaces(...names: string[]): Parameters<typeof isWireless>[0] {
  return names.map((name, index) => ({
    name,
    family: "IPv4",
    address: name === "lo" ? "127.0.0.1" : `192.168.${index}.2`,
  }));
}

Deno.test("isWireless() is true of machines with wireless networks alone", () => {
  for (
    const [expected, ...names] of [
      ["true", "lo", "wlp3s0"],
      ["true", "wlan0", "docker0"],
      ["true", "Wi-Fi"],
      ["true", "WLAN", "vEthernet (Default Switch)"],
      ["false", "lo"],
      ["false", "eth0"],
      ["false", "wlan0", "enp2s0"],
      ["false", "Ethernet", "Wi-Fi"],
      // On macOS it may be either.
      ["false", "en0"],
    ]
  ) {
    assertEquals(`${isWireless(interfaces(...names))}`, expected, names.join());
  }
});
