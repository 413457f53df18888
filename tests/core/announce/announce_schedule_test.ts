/** The schedule in virtual time. */
import { assert, assertEquals } from "@std/assert";
import { TrackerError } from "../../../lib/base/errors.ts";
import { randomBelow, seededRandom } from "../../../lib/base/random.ts";
import { parseAnnounceReply } from "../../../lib/announce/http_codec.ts";
import {
  AnnounceSchedule,
  MAX_RETRY_DELAY_MS,
} from "../../../lib/announce/announce_schedule.ts";
import { FUZZ_SEED } from "../fuzz.ts";
import { bytes } from "./samples.ts";
import { NO_CHANCE, play, REPLY } from "./schedule_play.ts";

/** Seeds at which a tracker was asked again before its minimum interval. */
const FAILED_SEEDS = [606748604, 608025320];

Deno.test("AnnounceSchedule starts at once and updates at the tracker's interval", () => {
  const schedule = new AnnounceSchedule([["a"]], NO_CHANCE);
  assertEquals(play(schedule, { untilSeconds: 250 }), [
    "0 a started ok",
    "120 a update ok",
    "240 a update ok",
  ]);
});

Deno.test("AnnounceSchedule without trackers waits for ever", () => {
  const schedule = new AnnounceSchedule([[], []], NO_CHANCE);
  assertEquals(schedule.next(0), { type: "wait", untilMs: Infinity });
  assertEquals(schedule.stopTargets(), []);
});

Deno.test("AnnounceSchedule repeats started after growing delays until a tracker answers", () => {
  const schedule = new AnnounceSchedule([["a"]], NO_CHANCE);
  assertEquals(
    play(schedule, {
      untilSeconds: 150,
      answers: (_, second) => second >= 100,
    }),
    [
      "0 a started down",
      "1 a started down",
      "3 a started down",
      "7 a started down",
      "15 a started down",
      "31 a started down",
      "61 a started down",
      "91 a started down",
      "121 a started ok",
    ],
  );
});

Deno.test("AnnounceSchedule resets the delay when a tracker answers again", () => {
  const schedule = new AnnounceSchedule([["a"]], NO_CHANCE);
  const isDown = (second: number): boolean =>
    second >= 110 && second < 125 || second >= 240 && second < 242;
  assertEquals(
    play(schedule, {
      untilSeconds: 260,
      answers: (_, second) => !isDown(second),
    }),
    [
      "0 a started ok",
      "120 a update down",
      "121 a update down",
      "123 a update down",
      "127 a update ok",
      "247 a update ok",
    ],
  );
});

Deno.test("AnnounceSchedule retries after half to all of a delay of at most a minute", () => {
  const schedule = new AnnounceSchedule([["a"]], seededRandom(7));
  let longestMs = 2_000;
  for (let round = 0; round < 50; round++) {
    const delayMs = schedule.failed(0);
    assert(delayMs >= longestMs / 2 && delayMs <= longestMs, `${delayMs}`);
    longestMs = Math.min(longestMs * 2, MAX_RETRY_DELAY_MS);
  }
});

Deno.test("AnnounceSchedule tries a tier, then the next, and begins the next round with the first", () => {
  const schedule = new AnnounceSchedule([["a", "b"], ["c"]], seededRandom(1));
  const lines = play(schedule, {
    untilSeconds: 130,
    answers: (url) => url === "c",
  });
  assertEquals(lines.slice(0, 2).sort(), [
    "0 a started down",
    "0 b started down",
  ]);
  assertEquals(lines[2], "0 c started ok");
  assertEquals(lines.slice(3, 5).sort(), [
    "120 a started down",
    "120 b started down",
  ]);
  assertEquals(lines.slice(5), ["120 c update ok"]);
});

Deno.test("AnnounceSchedule moves the tracker that answered to the front of its tier", () => {
  for (const first of ["a", "b"]) {
    const schedule = new AnnounceSchedule([["a", "b"]], seededRandom(2));
    const lines = play(schedule, {
      untilSeconds: 250,
      answers: (url) => url === first,
    });
    assertEquals(lines.slice(-2), [
      `120 ${first} update ok`,
      `240 ${first} update ok`,
    ]);
  }
});

Deno.test("AnnounceSchedule shuffles inside a tier and never across tiers", () => {
  const firsts = new Set<string>();
  for (let seed = 0; seed < 50; seed++) {
    const tiers = [["a", "b", "c"], ["d"]];
    const step = new AnnounceSchedule(tiers, seededRandom(seed)).next(0);
    assert(step.type === "announce");
    firsts.add(step.url);
  }
  assertEquals([...firsts].sort(), ["a", "b", "c"]);
});

Deno.test("AnnounceSchedule tries a tracker that is named twice once in a round", () => {
  const schedule = new AnnounceSchedule([["a"], ["a", "b"]], NO_CHANCE);
  assertEquals(
    play(schedule, { untilSeconds: 0, answers: () => false }),
    ["0 a started down", "0 b started down"],
  );
});

Deno.test("AnnounceSchedule announces completed at once, and once", () => {
  const schedule = new AnnounceSchedule([["a"]], NO_CHANCE);
  assertEquals(
    play(schedule, {
      untilSeconds: 180,
      at: { 50: (nowMs) => schedule.complete(nowMs) },
    }),
    ["0 a started ok", "50 a completed ok", "170 a update ok"],
  );
});

Deno.test("AnnounceSchedule announces completed to the first tracker that answers, after started", () => {
  const schedule = new AnnounceSchedule([["a"]], NO_CHANCE);
  assertEquals(
    play(schedule, {
      untilSeconds: 140,
      answers: (_, second) => second >= 10,
      at: { 5: (nowMs) => schedule.complete(nowMs) },
    }),
    [
      "0 a started down",
      "1 a started down",
      "3 a started down",
      "7 a started down",
      "15 a started ok",
      "15 a completed ok",
      "135 a update ok",
    ],
  );
});

Deno.test("AnnounceSchedule announces earlier if peers are wanted, but keeps the minimum interval", () => {
  const schedule = new AnnounceSchedule([["a"]], NO_CHANCE);
  const ask = (nowMs: number): void => schedule.requestMorePeers(nowMs);
  assertEquals(
    play(schedule, { untilSeconds: 200, at: { 10: ask, 20: ask, 90: ask } }),
    [
      "0 a started ok",
      "30 a update ok", // asked for at 10
      "90 a update ok",
    ],
  );
});

Deno.test("AnnounceSchedule keeps the delay after a failure even if peers are wanted", () => {
  const schedule = new AnnounceSchedule([["a"]], NO_CHANCE);
  assertEquals(
    play(schedule, {
      untilSeconds: 6,
      answers: () => false,
      at: { 4: (nowMs) => schedule.requestMorePeers(nowMs) },
    }),
    ["0 a started down", "1 a started down", "3 a started down"],
  );
});

Deno.test("AnnounceSchedule never updates before the minimum interval, whatever the interval says", () => {
  const schedule = new AnnounceSchedule([["a"]], NO_CHANCE);
  assertEquals(
    play(schedule, { untilSeconds: 61, reply: { intervalMs: 1_000 } }),
    ["0 a started ok", "30 a update ok", "60 a update ok"],
  );
});

Deno.test("AnnounceSchedule keeps a minimum interval when the same tracker failed after it", () => {
  const schedule = new AnnounceSchedule([["a"], ["b"], ["c"]], NO_CHANCE);
  play(schedule, { untilSeconds: 0 });
  schedule.complete(1_000);
  schedule.failed(1_000); // a
  schedule.succeeded("started", REPLY, 1_000); // b
  schedule.failed(1_000); // b, asked again for the completion
  schedule.succeeded("started", REPLY, 1_000); // c
  schedule.succeeded("completed", REPLY, 1_000); // c
  assertEquals(schedule.setLacksSource(true, 2_000), true);
  assertEquals(schedule.next(2_000), { type: "wait", untilMs: 121_000 });
});

Deno.test("AnnounceSchedule returns to each tracker its own tracker id", () => {
  const schedule = new AnnounceSchedule([["a"], ["b"]], NO_CHANCE);
  schedule.failed(0);
  schedule.succeeded("started", { ...REPLY, trackerId: "of b" }, 0);
  const first = schedule.next(120_000);
  assertEquals(first.type === "announce" && first.trackerId, undefined);
  schedule.failed(120_000);
  const second = schedule.next(120_000);
  assertEquals(second.type === "announce" && second.trackerId, "of b");
  // A reply without an id leaves the last one valid.
  schedule.succeeded("update", REPLY, 120_000);
  assertEquals(schedule.stopTargets(), [{ url: "b", trackerId: "of b" }]);
});

Deno.test("AnnounceSchedule stops every tracker that answered, and no other", () => {
  const schedule = new AnnounceSchedule([["a"], ["b"], ["c"]], NO_CHANCE);
  play(schedule, {
    untilSeconds: 130,
    answers: (url, second) => url === (second < 60 ? "b" : "a"),
  });
  assertEquals(schedule.stopTargets().map(({ url }) => url), ["a", "b"]);
});

Deno.test("AnnounceSchedule pauses for a second after ten failures, and tries at most a hundred trackers", () => {
  const urls = Array.from({ length: 1000 }, (_, index) => [`${index}`]);
  const schedule = new AnnounceSchedule(urls, NO_CHANCE);
  const lines = play(schedule, { untilSeconds: 11, answers: () => false });
  const seconds = lines.map((line) => Number(line.split(" ")[0]));
  const countAt = (second: number): number =>
    seconds.filter((other) => other === second).length;
  for (let second = 0; second < 10; second++) {
    assertEquals(countAt(second), 10, `${second}`);
  }
  // The next round.
  assertEquals(lines[100], "10 0 started down");
});

Deno.test(`AnnounceSchedule keeps its minimum intervals, whatever the replies say (seed ${FUZZ_SEED})`, () => {
  for (const seed of [...FAILED_SEEDS, FUZZ_SEED]) playGames(seed);
});

/** Plays 200 random schedules of 300 steps each. */
function playGames(seed: number): void {
  const random = seededRandom(seed);
  const numbers = ["i0e", "i1e", "i-1e", "i99999999999e", "1:x", "i3e", "le"];
  const any = (): string => numbers[randomBelow(numbers.length, random)]!;
  for (let game = 0; game < 200; game++) {
    const trackerCount = 1 + randomBelow(40, random);
    const tiers = Array.from({ length: trackerCount }, (_, index) => [
      `${index}`,
    ]);
    const schedule = new AnnounceSchedule(tiers, random);
    let nowMs = 0;
    const completedAtStep = randomBelow(300, random);
    let isHurried = false;
    const asksMs: number[] = [];
    const mayLackSource = random() < 0.5;
    const answeredMs = new Map<string, number>();
    for (let step = 0; step < 300; step++) {
      if (random() < 0.5) schedule.requestMorePeers(nowMs);
      if (mayLackSource) schedule.setLacksSource(random() < 0.8, nowMs);
      if (step === completedAtStep) {
        schedule.complete(nowMs);
        isHurried = true;
      }
      const next = schedule.next(nowMs);
      if (next.type === "wait") {
        // The announcer is woken earlier now and then.
        nowMs = random() < 0.5 ? next.untilMs : nowMs + random() * 100;
        continue;
      }
      // A completion that is due is announced at once.
      // Without a lack of sources, an answer of any tracker is enough.
      const key = mayLackSource ? next.url : "any";
      if (!isHurried) {
        assert(nowMs - (answeredMs.get(key) ?? -Infinity) >= 1_000);
      }
      asksMs.push(nowMs);
      try {
        if (random() < 0.5) throw new TrackerError("down");
        const reply = `d8:interval${any()}12:min interval${any()}e`;
        schedule.succeeded(next.event, parseAnnounceReply(bytes(reply)), nowMs);
        answeredMs.set(key, nowMs);
        if (next.event === "completed") isHurried = false;
      } catch (error) {
        if (!(error instanceof TrackerError)) throw error;
        schedule.failed(nowMs);
      }
    }
    // The tries in a row, and one for the completion.
    for (const [index, askMs] of asksMs.entries()) {
      const earlierMs = asksMs[index - 30] ?? -Infinity;
      assert(askMs - earlierMs >= 1_000, `${game}: ${earlierMs} ${askMs}`);
    }
  }
}
