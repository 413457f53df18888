/**
 * Every row of {@linkcode PLAIN_ROWS} and {@linkcode EXTENSION_ROWS}: said to a
 * seeder and to a leecher of ours, by one that called and one that was called, in
 * one write with everything around it, byte by byte, and cut in two at every byte.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { MemoryStorage, type Session } from "../../lib/mod.ts";
import { dialPeer } from "../../lib/peer/peer_dialing.ts";
import { OWN_EXTENSIONS } from "../../lib/wire/handshake.ts";
import { fullStorage } from "./memory_torrent.ts";
import { frame, handshake, joined, RawPeer, uint32 } from "./raw_peer.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";
import {
  EXTENSION_ROWS,
  type Outcome,
  PLAIN_ROWS,
  ROW_BITS,
  TABLE_SAMPLE,
  type WireRow,
} from "./wire_rows.ts";
import { BLOCK, ID, INTERESTED, UNCHOKE } from "./wire_scene.ts";

const { infoHash } = TABLE_SAMPLE.torrent;

type Role = "seeder" | "leecher";
type Direction = "calls" | "is called";

/** Long messages are cut at so many bytes from either end. */
const EDGE = 24;
/** Between two writes, in milliseconds: most are read one by one. */
const PAUSE_MS = 2;

/** What comes by itself: what it has and who it is. */
const BACKGROUND: ReadonlySet<number | undefined> = new Set([
  ID.have,
  ID.bitfield,
  ID.haveAll,
  ID.haveNone,
  ID.extended,
]);

/** A session of ours that somebody speaks to. */
class Listener implements AsyncDisposable {
  readonly #session: Session;
  readonly #share: Share;
  #peerCount = 0;

  private constructor(session: Session, share: Share) {
    this.#session = session;
    this.#share = share;
  }

  static async open(role: Role): Promise<Listener> {
    const session = openLocalSession();
    const storage = role === "seeder"
      ? fullStorage(TABLE_SAMPLE)
      : new MemoryStorage(TABLE_SAMPLE.content.length);
    return new Listener(
      session,
      await Share.start(session, TABLE_SAMPLE, storage),
    );
  }

  /** A connection with somebody new, who has said nothing yet. */
  async connect(direction: Direction): Promise<RawPeer> {
    // The one before is to be gone: what it was asked for is asked of others.
    const { transfer } = this.#share;
    while (transfer.snapshot().peers.length > 0) await delay(1);
    if (direction === "calls") {
      return await RawPeer.dial(addressOf(this.#session));
    }
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const address = { hostname: "127.0.0.1", port };
    const own = {
      infoHash,
      peerId: this.#session.peerId,
      extensions: OWN_EXTENSIONS,
    };
    const { signal } = new AbortController();
    // As the session dials, but not as seldom.
    dialPeer(address, own, { signal }).then(
      (handshaken) => transfer.adopt(handshaken, address),
    );
    return new RawPeer(await listener.accept());
  }

  /** The handshake of somebody new. */
  hello(reserved: readonly number[] | undefined): Uint8Array {
    const id = (++this.#peerCount).toString(16).padStart(40, "b");
    return handshake(infoHash, id, reserved);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

/** What shows that the connection goes on, and what is answered to it. */
function probe(
  role: Role,
  outcome: readonly number[],
): { said: Uint8Array; answers: readonly number[] } {
  const isUnchoked = outcome.includes(ID.unchoke);
  if (role === "seeder") {
    return {
      said: joined(INTERESTED, frame(ID.request, uint32(0, BLOCK, 100))),
      answers: isUnchoked ? [ID.piece] : [ID.unchoke, ID.piece],
    };
  }
  // Of two pieces the first is asked for, of one both blocks.
  return isUnchoked
    ? {
      said: joined(frame(ID.have, uint32(9)), UNCHOKE),
      answers: [ID.interested, ID.request, ID.request],
    }
    : { said: INTERESTED, answers: [ID.unchoke] };
}

/** Takes what is answered until the last of it, and holds it against what is to come. */
async function assertAnswered(
  peer: RawPeer,
  expected: readonly number[],
): Promise<void> {
  const answers: (number | undefined)[] = [];
  while (answers.length < expected.length) {
    const answer = await peer.takeFrame();
    if (answer === undefined) break;
    if (!BACKGROUND.has(answer.id)) answers.push(answer.id);
  }
  // Blocks are overtaken by what is short.
  assertEquals(answers.toSorted(), expected.toSorted());
}

/** Writes some parts one after another and looks at what follows. */
async function play(
  peer: RawPeer,
  parts: readonly Uint8Array[],
  answers: Outcome,
): Promise<void> {
  for (const [index, part] of parts.entries()) {
    if (index > 0) await delay(PAUSE_MS);
    await peer.write(part);
  }
  if (answers === "closes") return await peer.closed();
  await peer.takeHandshake();
  await assertAnswered(peer, answers);
}

/** Where to cut so many bytes in two. */
function* cuts(length: number): Generator<number> {
  for (let at = 1; at < length; at++) {
    if (at <= EDGE || at >= length - EDGE) yield at;
  }
}

/** All ways to say a row, as the parts of it. */
function* waysToSay(said: Uint8Array): Generator<Uint8Array[]> {
  yield [said];
  if (said.length <= 4 * EDGE) {
    yield Array.from(said, (byte) => Uint8Array.of(byte));
  }
  for (const at of cuts(said.length)) {
    yield [said.subarray(0, at), said.subarray(at)];
  }
}

async function tryRow(
  row: WireRow,
  options: {
    role: Role;
    direction: Direction;
    reserved: readonly number[] | undefined;
  },
): Promise<void> {
  const { role, direction, reserved } = options;
  const outcome = row[role];
  const { said, answers } = outcome === "closes"
    ? { said: new Uint8Array(0), answers: [] }
    : probe(role, outcome);
  const expected: Outcome = outcome === "closes"
    ? outcome
    : [...outcome, ...answers];
  // What a leecher gets it has, and does not want again.
  const changes = expected !== "closes" && expected.includes(ID.notInterested);
  let listener = await Listener.open(role);
  try {
    for (const way of waysToSay(row.said)) {
      using peer = await listener.connect(direction);
      const parts = [...way];
      parts[0] = joined(listener.hello(reserved), parts[0]!);
      parts.push(joined(parts.pop()!, said));
      await play(peer, parts, expected);
      if (!changes) continue;
      await listener[Symbol.asyncDispose]();
      listener = await Listener.open(role);
    }
  } finally {
    await listener[Symbol.asyncDispose]();
  }
}

/** What a session does, in words. */
function described(outcome: Outcome): string {
  if (outcome === "closes") return "hangs up";
  return outcome.length === 0 ? "ignores it" : "answers";
}

for (
  const [rows, reserved] of [
    [PLAIN_ROWS, undefined],
    [EXTENSION_ROWS, ROW_BITS],
  ] as const
) {
  for (const row of rows) {
    const outcomes = `a seeder ${described(row.seeder)}, a leecher ${
      described(row.leecher)
    }`;
    Deno.test(`${row.what}: ${outcomes}`, async () => {
      const trials = (["seeder", "leecher"] as const).flatMap((role) =>
        (["calls", "is called"] as const).map((direction) =>
          tryRow(row, { role, direction, reserved })
        )
      );
      await Promise.all(trials);
    });
  }
}
