/**
 * A site with a tracker, a seeder and three leechers under way, and tests of what an
 * incident does to it. Each swarm must finish without help; the time it took is
 * printed.
 */
import { assert, assertEquals } from "@std/assert";
import { createLan, type Lan, type LanHost } from "../../scripts/lan/lan.ts";
import { startPeer, TORRENT_NAME } from "../../scripts/lan/sharing_steps.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import {
  sha256Of,
  writeRandomFile,
} from "../../scripts/programs/sample_file.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import { report } from "../report.ts";
import { announceUrl, startTracker } from "../sharing_steps.ts";

const MEBIBYTE = 1024 * 1024;
const NAME = "sample.bin";
const LENGTH = 32 * MEBIBYTE + 12345;
const MEGABITS_PER_SECOND = 100;
/** Generous: what takes longer has hung. */
export const LIMIT_MS = 240_000;

export const MOVED_TRACKER_ADDRESS = "10.77.0.250";
const MOVED_TRACKER_URL = `http://${MOVED_TRACKER_ADDRESS}:8000/announce`;

export const HOSTS = ["tracker", "seeder", "first", "second", "third"] as const;
type HostName = typeof HOSTS[number];
export const LEECHERS = ["first", "second", "third"] as const;

export class Site implements AsyncDisposable {
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
    const endTime = Date.now() + LIMIT_MS;
    for (;;) {
      assert(Date.now() < endTime, `${name} does not reach ${percentage} %`);
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
export function disturbance(
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
