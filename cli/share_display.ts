/**
 * Shows the work of `share`: the addresses, what is hashed, and the machines that
 * have joined.
 */
import {
  countStates,
  describeFinish,
  describeVerdict,
  type ListedShare,
  type PreparedShare,
  type Rollout,
  ROLLOUT_STATES,
  type RolloutHost,
} from "../lib/shares.ts";
import type { CreateTorrentProgress } from "../lib/sources.ts";
import { cutName, magnetLinkOf, sizeOfFiles } from "../lib/torrents.ts";
import type { PeerStore } from "../lib/trackers.ts";
import { invocationOf } from "./command_words.ts";
import type { Console, JobOutput } from "./console.ts";
import { fitHosts } from "./host_lines.ts";
import type { PeerDisplay, TorrentState } from "./peer_display.ts";
import { printable } from "./printable.ts";
import { fractionOf } from "./progress_bar.ts";
import {
  countMachines,
  describeControl,
  describeHashing,
  describeMachines,
  describeShare,
  describeShareLight,
  formatShareStart,
  getFrom,
  labelled,
  placeCode,
  renderQrCode,
  type SharePlan,
  type ShareStart,
} from "./share_output.ts";

export interface ShareDisplay extends PeerDisplay {
  started(
    share: Omit<ShareStart, "get"> & { readonly peerPort: number },
  ): void;
  /** Other machines reach this one at these hosts and ports too. */
  reached(hosts: readonly string[]): void;
  planned(name: string, plan: SharePlan): void;
  hashed(name: string, progress: CreateTorrentProgress): void;
  /** The content that was hashed cannot be shared. */
  failed(): void;
  ready(share: ListedShare, prepared: PreparedShare): void;
}

/** Hosts below the state at most. */
const MAX_HOST_ROWS = 12;

/** The hosts that somebody has to look at, the most urgent first, then the slow ones. */
function needy(hosts: readonly RolloutHost[]): RolloutHost[] {
  const states = ROLLOUT_STATES.slice(0, ROLLOUT_STATES.indexOf("waiting"));
  const slow = hosts.filter(({ state, reason }) =>
    reason !== undefined && (state === "waiting" || state === "fetching")
  );
  return [
    ...states.flatMap((state) => hosts.filter((host) => host.state === state)),
    ...slow,
  ];
}

/** Rows below the first lines: what follows on each share, and the state. */
const OTHER_ROWS = 6;

export function createShareDisplay(
  output: JobOutput,
  { console, rollout, store }: {
    /** Takes the addresses, which are printed with `--quiet` too. */
    readonly console: Pick<Console, "writeLine" | "isLive">;
    readonly rollout: Rollout;
    readonly store: PeerStore;
  },
): ShareDisplay {
  const get = invocationOf("get");
  let hashing:
    | { readonly name: string; readonly progress: CreateTorrentProgress }
    | undefined;
  let hashingSinceMs = 0;
  const write = (line: string): void => {
    if (output.form !== "json") console.writeLine(printable(line));
  };
  const refresh = (states: readonly TorrentState[]): void => {
    const lines: string[] = [];
    if (hashing !== undefined) {
      const { name, progress } = hashing;
      const { hashedLength, length } = progress;
      const elapsedMs = performance.now() - hashingSinceMs;
      const part = fractionOf(hashedLength, length);
      output.value({ type: "hashing", name, progress: part });
      lines.push(describeHashing(progress, elapsedMs));
    }
    const nowMs = performance.now();
    const hosts = rollout.hosts(nowMs);
    const verdict = rollout.verdict(hosts);
    const counts = countMachines(hosts);
    const light = rollout.light(nowMs);
    const finish = rollout.finish(nowMs);
    const own = states.reduce((sum, { snapshot }) => {
      return sum + (snapshot?.uploadBytesPerSecond ?? 0);
    }, 0);
    // Machines report what they receive now and then.
    const all = Math.max(own, store.totals().bytesPerSecond);
    output.value({
      ...{ type: "status", ...counts, states: countStates(hosts) },
      ...light && { light: light.light, onlyHere: light.onlyHere },
      uploadRate: Math.round(own),
      totalRate: Math.round(all),
    });
    if (states.length > 0) {
      lines.push(describeMachines(counts, { own, all }));
      const control = describeControl(states.map(({ torrent }) => {
        return rollout.control.of(torrent.infoHash);
      }));
      if (control !== "") lines.push(control);
      if (verdict.needed !== undefined) {
        lines.push(describeVerdict(verdict, hosts.length));
      }
      if (light !== undefined && counts.complete + counts.fetching > 0) {
        // Of several shares, it is that of the one that needs this machine most.
        const worst = states.length < 2 ? undefined : states.find((state) => {
          return rollout.light(nowMs, state.torrent.infoHash) === light;
        });
        lines.push(describeShareLight(light, worst?.torrent.name));
      }
      // Elsewhere each change would be one more line.
      if (output.form === "live") {
        if (finish !== undefined) {
          lines.push(describeFinish(finish, { nowMs, wallMs: Date.now() }));
        }
        const { room } = output;
        const rows = Math.min(MAX_HOST_ROWS, room.rows - OTHER_ROWS);
        lines.push(...fitHosts(needy(hosts), { ...room, rows }));
      }
    }
    output.state(lines);
  };
  return {
    started: (share) => {
      const { names, hosts, isDiscovered } = share;
      const line = isDiscovered ? get : getFrom(hosts[0]!, get);
      output.value({ type: "sharing", ...share, get: line });
      if (output.form === "json") return;
      const isLive = console.isLive;
      const { room } = output;
      const lines = formatShareStart(
        { ...share, get },
        isLive ? room.columns : Infinity,
      ).map(printable);
      const rows = room.rows - names.length - OTHER_ROWS;
      const code = output.form === "live"
        ? renderQrCode(`http://${hosts[0]}/`)
        : [];
      placeCode(lines, code, { ...room, rows })
        .forEach((line) => console.writeLine(line));
    },
    reached: (hosts) => {
      output.value({ type: "reached", hosts });
      hosts.forEach((host) =>
        write(labelled("Now also at", `http://${host}/`))
      );
    },
    planned: (name, plan) => {
      hashingSinceMs = performance.now();
      output.value({ type: "planned", name, ...plan });
      output.line(describeShare(name, plan));
    },
    hashed: (name, progress) => hashing = { name, progress },
    failed: () => hashing = undefined,
    ready: ({ id, name, path }, { torrent, isReused }) => {
      hashing = undefined;
      const { infoHash, files, geometry: { length } } = torrent;
      const magnet = magnetLinkOf(torrent);
      output.value({
        ...{ type: "ready", id, name, infoHash, magnet, length, path },
        hashed: !isReused,
      });
      if (isReused) {
        const { fileCount, fileLength } = sizeOfFiles(files);
        const plan = { fileCount, length: fileLength };
        output.line(describeShare(name, plan));
      }
      if (magnet !== undefined) {
        output.line("  For other clients");
        output.line(`      ${magnet}`);
      }
      output.line(`${cutName(name)} is ready; Ctrl+C stops sharing it`);
    },
    listening: () => {},
    news: () => {},
    refresh,
    end: refresh,
  };
}
