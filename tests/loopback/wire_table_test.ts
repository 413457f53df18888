/**
 * Each row of {@linkcode PLAIN_ROWS} and {@linkcode EXTENSION_ROWS}, sent to a
 * seeder and to a leecher, over an inbound and over an outbound connection, in one
 * write with its neighbours, byte by byte, and split in two at every byte.
 */
import { assertEquals } from "@std/assert";
import { delay } from "@std/async/delay";
import { MemoryStorage, type Session } from "../../lib/mod.ts";
import { dialPeer } from "../../lib/peer/peer_dialing.ts";
import { OWN_EXTENSIONS } from "../../lib/wire/handshake.ts";
import { fullStorage } from "./memory_torrent.ts";
import {
  EXTENSION_BITS,
  frame,
  handshake,
  joined,
  RawPeer,
  uint32,
} from "./raw_peer.ts";
import { addressOf, openLocalSession, Share } from "./share.ts";
import {
  EXTENSION_ROWS,
  type Outcome,
  PLAIN_ROWS,
  TABLE_SAMPLE,
  type WireRow,
} from "./wire_rows.ts";
import { BLOCK, ID, INTERESTED, UNCHOKE } from "./wire_scene.ts";

const { infoHash } = TABLE_SAMPLE.torrent;

type Role = "seeder" | "leecher";
type Direction = "inbound" | "outbound";

/** Long messages are split only this near to either end, in bytes. */
const EDGE = 24;
/** Pause between two writes, in milliseconds: most are read one by one. */
const PAUSE_MS = 2;

/** Messages that come by themselves. */
const BACKGROUND: ReadonlySet<number | undefined> = new Set([
  ID.have,
  ID.bitfield,
  ID.haveAll,
  ID.haveNone,
  ID.extended,
]);

/** A session under test. */
class Subject implements AsyncDisposable {
  readonly #session: Session;
  readonly #share: Share;
  #peerCount = 0;

  private constructor(session: Session, share: Share) {
    this.#session = session;
    this.#share = share;
  }

  static async open(role: Role): Promise<Subject> {
    const session = openLocalSession();
    const storage = role === "seeder"
      ? fullStorage(TABLE_SAMPLE)
      : new MemoryStorage(TABLE_SAMPLE.content.length);
    return new Subject(
      session,
      await Share.start(session, TABLE_SAMPLE, storage),
    );
  }

  /** A connection with a new peer, before the handshake. */
  async connect(direction: Direction): Promise<RawPeer> {
    // The last peer must be gone: its requests go to the next one.
    const { transfer } = this.#share;
    while (transfer.snapshot().peers.length > 0) await delay(1);
    if (direction === "inbound") {
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
    // As the session dials, but without its limits.
    dialPeer(address, own, { signal }).then(
      (handshaken) => transfer.adopt(handshaken, address),
    );
    return new RawPeer(await listener.accept());
  }

  /** The handshake of a new peer. */
  hello(reserved: readonly number[] | undefined): Uint8Array {
    const id = (++this.#peerCount).toString(16).padStart(40, "b");
    return handshake(infoHash, id, reserved);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]();
  }
}

/** Messages that show that the connection goes on, and the answers to them. */
function probe(
  role: Role,
  outcome: readonly number[],
): { bytes: Uint8Array; answers: readonly number[] } {
  const isUnchoked = outcome.includes(ID.unchoke);
  if (role === "seeder") {
    return {
      bytes: joined(INTERESTED, frame(ID.request, uint32(0, BLOCK, 100))),
      answers: isUnchoked ? [ID.piece] : [ID.unchoke, ID.piece],
    };
  }
  // Both blocks of the piece are requested.
  return isUnchoked
    ? {
      bytes: joined(frame(ID.have, uint32(9)), UNCHOKE),
      answers: [ID.interested, ID.request, ID.request],
    }
    : { bytes: INTERESTED, answers: [ID.unchoke] };
}

/** Takes as many answers as are expected, and compares them. */
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
  // Short messages overtake blocks.
  assertEquals(answers.toSorted(), expected.toSorted());
}

/** Writes the parts one after another and checks the answers. */
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

/** The offsets at which to split `length` bytes. */
function* splits(length: number): Generator<number> {
  for (let at = 1; at < length; at++) {
    if (at <= EDGE || at >= length - EDGE) yield at;
  }
}

/** All ways to write bytes, each as the parts. */
function* waysToWrite(bytes: Uint8Array): Generator<Uint8Array[]> {
  yield [bytes];
  if (bytes.length <= 4 * EDGE) {
    yield Array.from(bytes, (byte) => Uint8Array.of(byte));
  }
  for (const at of splits(bytes.length)) {
    yield [bytes.subarray(0, at), bytes.subarray(at)];
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
  const { bytes, answers } = outcome === "closes"
    ? { bytes: new Uint8Array(0), answers: [] }
    : probe(role, outcome);
  const expected: Outcome = outcome === "closes"
    ? outcome
    : [...outcome, ...answers];
  // After a piece the leecher is another one.
  const changes = expected !== "closes" && expected.includes(ID.notInterested);
  let subject = await Subject.open(role);
  try {
    for (const way of waysToWrite(row.bytes)) {
      using peer = await subject.connect(direction);
      const parts = [...way];
      parts[0] = joined(subject.hello(reserved), parts[0]!);
      parts.push(joined(parts.pop()!, bytes));
      await play(peer, parts, expected);
      if (!changes) continue;
      await subject[Symbol.asyncDispose]();
      subject = await Subject.open(role);
    }
  } finally {
    await subject[Symbol.asyncDispose]();
  }
}

/** The reaction in words. */
function described(outcome: Outcome): string {
  if (outcome === "closes") return "closes the connection";
  return outcome.length === 0 ? "ignores it" : "answers";
}

for (
  const [rows, reserved] of [
    [PLAIN_ROWS, undefined],
    [EXTENSION_ROWS, EXTENSION_BITS],
  ] as const
) {
  for (const row of rows) {
    const outcomes = `a seeder ${described(row.seeder)}, a leecher ${
      described(row.leecher)
    }`;
    Deno.test(`${row.name}: ${outcomes}`, async () => {
      const trials = (["seeder", "leecher"] as const).flatMap((role) =>
        (["inbound", "outbound"] as const).map((direction) =>
          tryRow(row, { role, direction, reserved })
        )
      );
      await Promise.all(trials);
    });
  }
}
