/**
 * The incidents of a real site's network. Each swarm must finish without help; the
 * time it took is printed beside that of the same swarm without an incident.
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import type { LanHost } from "../../scripts/lan/lan.ts";
import { createLan, type Lan } from "../../scripts/lan/lan.ts";
import {
  announceUrl,
  startPeer,
  startTracker,
  TORRENT_NAME,
  waitForCounts,
} from "../../scripts/lan/sharing_steps.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import { report } from "./report.ts";

const MEBIBYTE = 1024 * 1024;
const NAME = "sample.bin";
const LENGTH = 32 * MEBIBYTE + 12345;
const MEGABITS_PER_SECOND = 100;
/** Generous: what takes longer has hung. */
const LIMIT_MS = 240_000;

/** The tracker's second address. */
const MOVED_TRACKER_ADDRESS = "10.77.0.250";
const MOVED_TRACKER_URL = `http://${MOVED_TRACKER_ADDRESS}:8000/announce`;

const HOSTS = ["tracker", "seeder", "first", "second", "third"] as const;
type HostName = typeof HOSTS[number];
const LEECHERS = ["first", "second", "third"] as const;

/** A tracker, a seeder and three leechers, under way. */
class Site implements AsyncDisposable {
  readonly #peers = new Map<HostName, RunningProgram>();

  private constructor(readonly lan: Lan<HostName>) {}

  static async open(): Promise<Site> {
    const lan = await createLan(HOSTS, {
      megabitsPerSecond: MEGABITS_PER_SECOND,
    });
    const site = new Site(lan);
    const seeder = lan.host("seeder");
    await startTracker(lan.host("tracker"));
    await writeRandomFile(seeder.path(NAME), LENGTH);
    const made = await seeder.runTask("create", [
      ...[NAME, announceUrl(lan.host("tracker")), MOVED_TRACKER_URL],
      TORRENT_NAME,
    ]);
    assertEquals(made.code, 0, made.stderr);
    for (const name of LEECHERS) {
      const copy = lan.host(name).path(TORRENT_NAME);
      await Deno.copyFile(seeder.path(TORRENT_NAME), copy);
    }
    for (const name of ["seeder", ...LEECHERS] as const) site.start(name);
    return site;
  }

  host(name: HostName): LanHost {
    return this.lan.host(name);
  }

  start(name: HostName): RunningProgram {
    const peer = startPeer(this.host(name));
    this.#peers.set(name, peer);
    return peer;
  }

  peer(name: HostName): RunningProgram {
    return this.#peers.get(name)!;
  }

  /** Waits until a leecher has so much of the content. */
  async reaches(name: HostName, percentage: number): Promise<void> {
    for (;;) {
      const [, progress] = await this.peer(name).stdout.waitFor(
        /"type":"status".*?"progress":([\d.]+)/,
      );
      if (Number(progress) * 100 >= percentage) return;
    }
  }

  /** Waits until all leechers have the right content. */
  async finish(names: readonly HostName[] = LEECHERS): Promise<void> {
    const source = await sha256Of(this.host("seeder").path(NAME));
    await Promise.all(names.map(async (name) => {
      const { stdout } = this.peer(name);
      // A peer that is started again may be complete already.
      const complete = /"type":"completed"|"type":"verified".*"progress":1,/;
      if (!complete.test(stdout.text)) {
        await stdout.waitFor(complete, LIMIT_MS);
      }
      assertEquals(await sha256Of(this.host(name).path(NAME)), source, name);
    }));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lan[Symbol.asyncDispose]();
  }
}

/** Registers a test of what `disturb` does to a site. */
function disturbance(
  name: string,
  disturb: (site: Site) => Promise<void>,
  finishers?: readonly HostName[],
): void {
  lanTest(name, async () => {
    await using site = await Site.open();
    const startMs = performance.now();
    await disturb(site);
    await site.finish(finishers);
    const seconds = (performance.now() - startMs) / 1000;
    report(`${name}: all complete after ${seconds.toFixed(1)} s`);
  });
}

disturbance("nothing happens", () => Promise.resolve());

disturbance("every link is cut for three seconds in turn", async (site) => {
  for (const name of ["seeder", ...LEECHERS] as const) {
    await site.reaches("first", 5);
    await site.host(name).cutLink();
    await delay(3_000);
    await site.host(name).restoreLink();
  }
});

disturbance("a leecher is frozen for a minute", async (site) => {
  await site.reaches("second", 20);
  const frozen = site.peer("second");
  frozen.signal("SIGSTOP");
  // The others do not wait for it.
  const startMs = performance.now();
  await site.finish(["first", "third"]);
  const elapsedMs = performance.now() - startMs;
  report(`the others were complete ${(elapsedMs / 1000).toFixed(1)} s later`);
  await delay(Math.max(0, 60_000 - elapsedMs));
  frozen.signal("SIGCONT");
});

disturbance("the only seeder is frozen for a minute", async (site) => {
  await site.reaches("first", 20);
  site.peer("seeder").signal("SIGSTOP");
  await delay(60_000);
  site.peer("seeder").signal("SIGCONT");
});

disturbance(
  "the seeder's machine loses its power and comes back",
  async (site) => {
    await site.reaches("first", 20);
    // Nobody hears of its end: the others' connections are half open.
    await site.host("seeder").cutLink();
    await site.peer("seeder").stop("SIGKILL");
    await delay(5_000);
    await site.host("seeder").restoreLink();
    site.start("seeder");
  },
);

disturbance(
  "the tracker is gone for a minute and has forgotten all",
  async (site) => {
    const tracker = site.host("tracker");
    await site.reaches("first", 10);
    await tracker.endProcesses();
    // The peers know enough addresses of each other.
    await site.finish();
    await delay(60_000);
    await startTracker(tracker);
    const infoHash = /"infoHash":"([0-9a-f]{40})"/
      .exec(site.peer("seeder").stdout.text)![1]!;
    const torrent = {
      host: site.host("seeder"),
      infoHash,
      announceUrl: announceUrl(tracker),
    };
    const startMs = performance.now();
    await waitForCounts(site.host("first"), torrent, {
      complete: 4,
      incomplete: 0,
    }, { timeoutMs: LIMIT_MS });
    const seconds = (performance.now() - startMs) / 1000;
    report(`the tracker knew all four again after ${seconds.toFixed(1)} s`);
  },
);

disturbance(
  "the tracker goes to the other address that the torrent names",
  async (site) => {
    const tracker = site.host("tracker");
    await site.reaches("first", 10);
    await tracker.endProcesses();
    await tracker.moveTo(MOVED_TRACKER_ADDRESS);
    await startTracker(tracker);
    // A peer that starts now knows others only through the tracker.
    await site.peer("third").stop("SIGKILL");
    site.start("third");
  },
);

disturbance(
  "the seeder leaves when it has given nearly all, and comes back later",
  async (site) => {
    await site.reaches("first", 90);
    await site.peer("seeder").stop("SIGTERM");
    await delay(10_000);
    site.start("seeder");
  },
);

disturbance("three of a hundred packets are lost everywhere", async (site) => {
  for (const name of HOSTS) await site.host(name).losePackets(3);
});

disturbance("a leecher's address changes", async (site) => {
  await site.reaches("second", 20);
  await site.host("second").moveTo("10.77.0.200");
});
