/**
 * The rollout of a virtual swarm: its hosts report to the real rollout in virtual
 * time, as programs do, and the seeder is its source.
 */
import { infoHashFromHex } from "../../lib/base/identifier.ts";
import { RateMeter } from "../../lib/base/rate_meter.ts";
import type { Finish } from "../../lib/rollout/forecast.ts";
import { Rollout } from "../../lib/rollout/rollout.ts";
import type { SourceLight } from "../../lib/rollout/rollout_share.ts";
import type { VirtualHost } from "./virtual_host.ts";
import type { VirtualLan } from "./virtual_lan.ts";

const INFO_HASH = infoHashFromHex("aa".repeat(20));
const REPORT_MS = { working: 1_000, settled: 10_000 } as const;
/** Time between two observations of a rate. */
const METER_MS = 100;

export class VirtualRollout {
  readonly rollout = new Rollout();
  readonly #lan: VirtualLan;

  /** The seeder is the source. */
  constructor(lan: VirtualLan, seeder: VirtualHost) {
    this.#lan = lan;
    const peerPieces = () =>
      Array.from(
        seeder.swarm.peers.values(),
        ({ peer: { id: peerId, hostname }, source: { pieces } }) => (
          { peerId, hostname, pieces }
        ),
      );
    const sent = meterOf(lan, () => seeder.swarm.traffic.uploaded);
    const snapshot = () => (
      { uploadBytesPerSecond: sent() }
    );
    this.rollout.own = seeder.id;
    this.rollout.addShare(
      INFO_HASH,
      lan.contentBytes,
      () => seeder.isGone ? undefined : { torrent: lan, peerPieces, snapshot },
    );
  }

  /** The light of now; `undefined` once the seeder has left. */
  get light(): SourceLight | undefined {
    return this.rollout.light(this.#lan.clock.now, INFO_HASH);
  }

  /** The forecast of now; `undefined` while no host moves. */
  get finish(): Finish | undefined {
    return this.rollout.finish(this.#lan.clock.now, INFO_HASH);
  }

  /** Has a host report from now on; one that does not stay leaves when it is complete. */
  follow(host: VirtualHost, stays = true): void {
    const { clock, geometry } = this.#lan;
    const { swarm, id: peerId, hostname } = host;
    const down = meterOf(this.#lan, () => swarm.traffic.downloaded);
    const up = meterOf(this.#lan, () => swarm.traffic.uploaded);
    const report = (): void => {
      if (host.isGone) return;
      const { isComplete } = host;
      this.rollout.reported(
        {
          ...{ infoHash: INFO_HASH, peerId, port: 6881, name: "" },
          ...{ addresses: [], freeBytes: undefined, exitCode: undefined },
          state: isComplete ? "verified" : "fetching",
          fraction: swarm.have.count / geometry.pieceCount,
          downloadBytesPerSecond: down(),
          uploadBytesPerSecond: up(),
          ...{ reason: undefined, stays },
        },
        hostname,
        clock.now,
      );
      if (isComplete && !stays) return this.#leave(host);
      clock.after(REPORT_MS[isComplete ? "settled" : "working"], report);
    };
    report();
  }

  #leave(host: VirtualHost): void {
    host.leave();
    const { id: peerId, hostname } = host;
    const sign = { peerId, infoHash: INFO_HASH, hostname, port: 6881 };
    this.rollout.announced(
      { ...sign, left: 0, event: "stopped" },
      this.#lan.clock.now,
    );
  }
}

/** The rate at which a counter of blocks grows, in bytes a second. */
function meterOf(
  { clock, contentBytes, geometry }: VirtualLan,
  count: () => number,
): () => number {
  const meter = new RateMeter(clock.now);
  const blockBytes = contentBytes / geometry.length;
  let last = count();
  const look = (): void => {
    const next = count();
    meter.add((next - last) * blockBytes, clock.now);
    last = next;
  };
  const lookAgain = (): void => {
    look();
    clock.after(METER_MS, lookAgain);
  };
  lookAgain();
  return () => {
    look();
    return meter.perSecond(clock.now);
  };
}
