/**
 * The announcer in real time, with a tracker that is a function; the last test has
 * a real one.
 */
import { assert, assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { TrackerError } from "../../lib/base/errors.ts";
import { FdPressure } from "../../lib/base/fd_pressure.ts";
import { createPeerId, infoHashFromHex } from "../../lib/base/identifier.ts";
import type { PeerAddress } from "../../lib/base/peer_address.ts";
import { startTracker } from "../../lib/tracker/start_tracker.ts";
import {
  type AnnounceFunction,
  Announcer,
  type AnnounceReport,
  type AnnouncerOptions,
} from "../../lib/announce/announcer.ts";
import { freePort } from "./machine.ts";
import type { AnnounceReply } from "../../lib/announce/announce.ts";

const REPLY: AnnounceReply = {
  intervalMs: 60_000,
  minIntervalMs: 1,
  complete: 1,
  incomplete: 2,
  peers: [{ hostname: "192.0.2.1", port: 6881 }],
  warning: undefined,
  trackerId: undefined,
};

interface Fixture {
  readonly announcer: Announcer;
  /** `tracker event` for each announce. */
  readonly sent: string[];
  readonly reports: AnnounceReport[];
  readonly peers: PeerAddress[];
}

function announcer(
  answer: AnnounceFunction,
  options: Partial<AnnouncerOptions> = {},
): Fixture {
  const sent: string[] = [];
  const reports: AnnounceReport[] = [];
  const peers: PeerAddress[] = [];
  const made = new Announcer({
    tiers: [["a"]],
    infoHash: infoHashFromHex("ab".repeat(20)),
    peerId: createPeerId(Math.random),
    key: "00000001",
    port: 6881,
    progress: () => ({ uploaded: 1, downloaded: 2, left: 3 }),
    onPeers: (found) => peers.push(...found),
    onReport: (report) => reports.push(report),
    announce: (url, request, options) => {
      sent.push(`${url} ${request.event}`);
      return answer(url, request, options);
    },
    ...options,
  });
  return { announcer: made, sent, reports, peers };
}

/** Longest wait on a machine under load; what would not end goes on for ever. */
const LONGEST_WAIT_MS = 30_000;

/** Waits for a condition. */
async function until(isTrue: () => boolean): Promise<void> {
  const end = performance.now() + LONGEST_WAIT_MS;
  while (!isTrue()) {
    assert(performance.now() < end, "nothing happened");
    await delay(5);
  }
}

const NEVER = new AbortController().signal;

/** A tracker that never answers. */
const silent: AnnounceFunction = (_url, _request, { signal }) =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });

Deno.test("Announcer announces started, completed once and stopped, and passes the peers on", async () => {
  const { announcer: it, sent, reports, peers } = announcer(() =>
    Promise.resolve(REPLY)
  );
  const running = it.run(NEVER);
  await until(() => sent.length === 1 && reports.length === 1);
  assertEquals(peers, REPLY.peers);
  assertEquals(reports, [{
    type: "announced",
    url: "a",
    complete: 1,
    incomplete: 2,
    peerCount: 1,
    intervalMs: 60_000,
  }]);
  it.completed();
  await until(() => reports.length === 2);
  await it.stop();
  await running;
  assertEquals(sent, ["a started", "a completed", "a stopped"]);
});

Deno.test("Announcer updates at the interval, and earlier if peers are wanted", async () => {
  const { announcer: it, sent } = announcer(() =>
    Promise.resolve({ ...REPLY, intervalMs: 50 })
  );
  const running = it.run(NEVER);
  await until(() => sent.length >= 3);
  await it.stop();
  await running;
  assertEquals(sent.slice(0, 3), ["a started", "a update", "a update"]);

  const slow = announcer(() => Promise.resolve(REPLY));
  const slowRunning = slow.announcer.run(NEVER);
  await until(() => slow.reports.length === 1);
  slow.announcer.requestMorePeers();
  await until(() => slow.sent.length === 2);
  await slow.announcer.stop();
  await slowRunning;
});

Deno.test("Announcer reports failures and warnings and tries the next tracker", async () => {
  const { announcer: it, sent, reports } = announcer(
    (url) =>
      url === "a"
        ? Promise.reject(new TrackerError("Cannot announce to a: down"))
        : Promise.resolve({ ...REPLY, warning: "slow" }),
    { tiers: [["a"], ["b"]] },
  );
  const running = it.run(NEVER);
  await until(() => reports.length === 3);
  await it.stop();
  await running;
  assertEquals(reports[0], {
    type: "announceFailed",
    url: "a",
    reason: "Cannot announce to a: down",
    retryInMs: 0,
  });
  assertEquals(reports[1]?.type, "announced");
  assertEquals(reports[2], { type: "trackerWarning", url: "b", text: "slow" });
  assertEquals(sent, ["a started", "b started", "b stopped"]);
});

Deno.test("Announcer without trackers idles until it is stopped or its signal is aborted", async () => {
  const { announcer: it, sent } = announcer(silent, { tiers: [] });
  const abort = new AbortController();
  const running = it.run(abort.signal);
  it.completed();
  it.requestMorePeers();
  abort.abort();
  await running;
  await it.stop();
  assertEquals(sent, []);
});

Deno.test("Announcer.stop() announces stopped to a tracker that has not answered started yet", async () => {
  let isFirst = true;
  const { announcer: it, sent } = announcer((...call) => {
    if (!isFirst) return Promise.resolve(REPLY);
    isFirst = false;
    return silent(...call);
  });
  const running = it.run(NEVER);
  await until(() => sent.length === 1);
  await it.stop();
  await running;
  assertEquals(sent, ["a started", "a stopped"]);
});

Deno.test("Announcer.stop() waits for a file descriptor", async () => {
  const fdPressure = new FdPressure();
  let isShort = true;
  using _ = fdPressure.onShortage(() => isShort = false);
  const { announcer: it, sent, reports } = announcer((_url, { event }) => {
    if (event !== "stopped" || !isShort) return Promise.resolve(REPLY);
    const cause = new TypeError("Too many open files (os error 24)");
    return Promise.reject(new TrackerError("no descriptor", { cause }));
  }, { fdPressure });
  const running = it.run(NEVER);
  await until(() => reports.length === 1);
  await it.stop();
  await running;
  assertEquals(sent, ["a started", "a stopped", "a stopped"]);
  assertEquals(reports.map(({ type }) => type), ["announced"]);
});

Deno.test("Announcer.stop() without a file descriptor ends in time", async () => {
  const { announcer: it, reports } = announcer((_url, { event }) => {
    if (event !== "stopped") return Promise.resolve(REPLY);
    const cause = new TypeError("Too many open files (os error 24)");
    return Promise.reject(new TrackerError("no descriptor", { cause }));
  });
  const running = it.run(NEVER);
  await until(() => reports.length === 1);
  const start = performance.now();
  await it.stop(200);
  const tookMs = performance.now() - start;
  assert(tookMs < LONGEST_WAIT_MS, `${tookMs} ms`);
  await running;
  assertEquals(reports.at(-1)?.type, "announceFailed");
});

Deno.test("Announcer.stop() announces nothing to a tracker that never answered", async () => {
  const { announcer: it, sent, reports } = announcer(() =>
    Promise.reject(new TrackerError("down"))
  );
  const running = it.run(NEVER);
  await until(() => reports.length === 1);
  await it.stop();
  await running;
  assertEquals(sent, ["a started"]);
});

Deno.test("Announcer.stop() gives up on all silent trackers after a second", async () => {
  const { announcer: it, sent, reports } = announcer((...call) =>
    call[1].event === "stopped" ? silent(...call) : Promise.resolve(REPLY)
  );
  const running = it.run(NEVER);
  await until(() => sent.length === 1 && reports.length === 1);
  const start = performance.now();
  await it.stop();
  const tookMs = performance.now() - start;
  assert(tookMs > 1_000 && tookMs < LONGEST_WAIT_MS, `${tookMs} ms`);
  await running;
  assertEquals(reports.at(-1)?.type, "announceFailed");
});

Deno.test("Announcer announces to a tracker that starts later, and stopped at the end", async () => {
  const port = freePort();
  const reports: AnnounceReport[] = [];
  const it = new Announcer({
    tiers: [[`http://127.0.0.1:${port}/announce`]],
    infoHash: infoHashFromHex("ab".repeat(20)),
    peerId: createPeerId(Math.random),
    key: "00000001",
    port: 6881,
    progress: () => ({ uploaded: 0, downloaded: 0, left: 0 }),
    onPeers: () => {},
    onReport: (report) => reports.push(report),
  });
  const running = it.run(NEVER);
  await until(() => reports.length === 1);
  assertEquals(reports[0]?.type, "announceFailed");
  const changes: string[] = [];
  await using _tracker = await startTracker({
    hostname: "127.0.0.1",
    port,
    onChange: ({ type }) => changes.push(type),
  });
  await until(() => changes.length === 1);
  await it.stop(LONGEST_WAIT_MS);
  await running;
  assertEquals(changes, ["joined", "left"]);
});
