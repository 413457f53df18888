import { assertEquals } from "@std/assert";
import { Bitfield, type PeerPieces } from "../../../lib/base/bitfield.ts";
import type { PeerId } from "../../../lib/base/identifier.ts";
import type { Rollout } from "../../../lib/rollout/rollout.ts";
import {
  countCopies,
  type Holder,
  lightOf,
  MAP_LENGTH,
  type ShareSource,
} from "../../../lib/rollout/rollout_share.ts";
import { A, announce, B, createRollout, report } from "./rollout_sample.ts";

/** The pieces of `x.x`: the first and the last of three. */
function pieces(drawing: string): Bitfield {
  const bitfield = new Bitfield(drawing.length);
  for (const [index, cell] of [...drawing].entries()) {
    if (cell === "x") bitfield.add(index);
  }
  return bitfield;
}

/** The connected peer with a digit. */
function peer(
  digit: string,
  drawing: string,
  hostname = `192.168.1.${digit}`,
): PeerPieces {
  const peerId = digit.repeat(40) as PeerId;
  return { peerId, hostname, pieces: pieces(drawing) };
}

/** The host with a digit, which stays. */
function holder(digit: string, changes: Partial<Holder> = {}): Holder {
  return {
    hostnames: [`192.168.1.${digit}`],
    claimed: [],
    peerId: digit.repeat(40) as PeerId,
    hasAll: false,
    ...changes,
  };
}

function copies(
  peers: readonly PeerPieces[],
  holders: readonly Holder[],
  own: readonly string[] = [],
): string {
  const source = { torrent: { geometry: { pieceCount: 9 } }, peers, holders };
  const ownHostnames = new Set(own);
  return countCopies({ ...source, ownHostnames }).join("");
}

const ALL = "xxxxxxxxx";

Deno.test("countCopies() adds the pieces of connected peers and complete hosts", () => {
  assertEquals(copies([], []), "000000000");
  assertEquals(
    copies(
      [peer("1", "xx......x"), peer("2", "x........")],
      [holder("1"), holder("2"), holder("3", { hasAll: true })],
    ),
    "321111112",
  );
});

Deno.test("countCopies() does not count a host that is connected and complete twice", () => {
  assertEquals(
    copies([peer("1", ALL)], [holder("1", { hasAll: true })]),
    "111111111",
  );
});

Deno.test("countCopies() takes all peers of one address for one host", () => {
  const hostnames = ["192.168.1.1"];
  assertEquals(
    copies(
      [peer("1", "xx......."), peer("2", ".xx......", "192.168.1.1")],
      [holder("1"), holder("2", { hostnames })],
    ),
    "111000000",
  );
  const hasAll = true;
  assertEquals(
    copies([], [
      holder("1", { hasAll }),
      holder("2", { hasAll, hostnames: ["fe80::1", ...hostnames] }),
    ]),
    "111111111",
  );
});

Deno.test("countCopies() leaves out peers of unknown hosts, and those with another host's peer id", () => {
  assertEquals(copies([peer("1", ALL)], []), "000000000");
  assertEquals(copies([peer("1", ALL)], [holder("2")]), "000000000");
  const elsewhere = peer("1", ALL, "192.168.1.9");
  assertEquals(copies([elsewhere], [holder("1")]), "000000000");
  const claimed = ["192.168.1.9"];
  assertEquals(copies([elsewhere], [holder("1", { claimed })]), "111111111");
});

Deno.test("countCopies() leaves out this machine", () => {
  const hasAll = true;
  for (const hostname of ["127.0.0.1", "127.0.0.9", "::1", "192.168.1.5"]) {
    const here = holder("5", { hasAll, hostnames: [hostname] });
    assertEquals(copies([], [here], ["192.168.1.5"]), "000000000");
  }
});

Deno.test("lightOf() is red while a piece is only here, green when each is on two others", () => {
  const of = (text: string): [string, number] => {
    const { light, onlyHere } = lightOf(
      Uint16Array.from([...text].map(Number)),
    );
    return [light, onlyHere];
  };
  assertEquals(of("0000"), ["red", 1]);
  assertEquals(of("9990"), ["red", 0.25]);
  assertEquals(of("9919"), ["amber", 0]);
  assertEquals(of("2922"), ["green", 0]);
});

Deno.test("lightOf() maps many pieces to stretches with the least of each", () => {
  const few = Uint16Array.of(3, 1, 2);
  assertEquals(lightOf(few).map, [3, 1, 2]);
  const many = new Uint16Array(10 * MAP_LENGTH + 7).fill(5);
  many[1_234] = 0;
  const { map } = lightOf(many);
  assertEquals(map.length, MAP_LENGTH);
  assertEquals(map.filter((others) => others === 0).length, 1);
});

/** A rollout whose source is connected to these peers of nine pieces. */
function sharing(peers: readonly PeerPieces[] = []): Rollout {
  const rollout = createRollout();
  const source: ShareSource = {
    torrent: { geometry: { pieceCount: 9 } },
    peerPieces: () => peers,
    snapshot: () => ({ uploadBytesPerSecond: 0 }),
  };
  rollout.addShare(A, 1_000, () => source);
  return rollout;
}

/** Reports the host with a digit. */
function reports(
  rollout: Rollout,
  digit: string,
  { nowMs = 0, ...changes }: Parameters<typeof report>[1] & {
    readonly nowMs?: number;
  } = {},
): void {
  rollout.reported(report(digit, changes), `192.168.1.${digit}`, nowMs);
}

function lightAt(rollout: Rollout, nowMs: number): string | undefined {
  return rollout.light(nowMs, A)?.light;
}

Deno.test("a light turns green when two hosts that stay have everything", () => {
  const rollout = sharing();
  assertEquals(lightAt(rollout, 0), "red");
  reports(rollout, "1", { state: "verified" });
  assertEquals(lightAt(rollout, 1_000), "amber");
  reports(rollout, "2", { state: "done", nowMs: 1_500 });
  assertEquals(lightAt(rollout, 2_000), "green");
});

Deno.test("a light is amber on hosts that have everything between them", () => {
  const rollout = sharing([peer("1", "xxxxx...."), peer("2", "....xxxxx")]);
  reports(rollout, "1");
  reports(rollout, "2");
  assertEquals(lightAt(rollout, 0), "amber");
});

Deno.test("a light does not count hosts that leave when they are complete, or gave up", () => {
  const rollout = sharing([peer("1", ALL), peer("2", ALL), peer("3", ALL)]);
  reports(rollout, "1", { stays: false });
  reports(rollout, "2", { stays: false, state: "verified" });
  reports(rollout, "3", { state: "failed" });
  assertEquals(rollout.light(0, A)?.onlyHere, 1);
});

Deno.test("a light does not count a host that became silent, or has left", () => {
  const rollout = sharing([peer("1", ALL)]);
  reports(rollout, "1");
  reports(rollout, "2", { state: "verified" });
  assertEquals(lightAt(rollout, 0), "green");
  assertEquals(lightAt(rollout, 13_000), "amber");
  assertEquals(lightAt(rollout, 25_000), "red");
  reports(rollout, "2", { state: "verified", nowMs: 30_000 });
  assertEquals(lightAt(rollout, 31_000), "amber");
  rollout.announced(announce("2", { left: 0, event: "stopped" }), 32_000);
  assertEquals(lightAt(rollout, 33_000), "red");
});

Deno.test("a light counts a client that only announces once it has stayed for 10 s", () => {
  const rollout = sharing([peer("1", ALL), peer("2", "x........")]);
  rollout.announced(announce("1", { left: 0, event: "completed" }), 0);
  rollout.announced(announce("2", { left: 5 }), 0);
  assertEquals(rollout.light(9_000, A)?.onlyHere, 1);
  assertEquals(lightAt(rollout, 11_000), "amber");
  // Nobody can connect to it.
  rollout.announced(announce("3", { left: 0, port: 0 }), 11_000);
  assertEquals(lightAt(rollout, 22_000), "amber");
});

Deno.test("a rollout has the light of the share that needs its source most, and none without one", () => {
  assertEquals(createRollout().light(0), undefined);
  const rollout = sharing();
  reports(rollout, "1", { state: "verified" });
  assertEquals(rollout.light(0)?.light, "amber");
  rollout.addShare(B, 1_000, () => ({
    torrent: { geometry: { pieceCount: 4 } },
    peerPieces: () => [],
    snapshot: () => ({ uploadBytesPerSecond: 0 }),
  }));
  assertEquals(rollout.light(0)?.light, "red");
  assertEquals(lightAt(rollout, 0), "amber");
});
