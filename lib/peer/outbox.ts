/**
 * The messages and blocks to send to one peer, and the loop that sends them. Many
 * messages leave in one write; a block is read straight into the buffer of that write.
 * Requests and haves overtake blocks, so that an upload does not slow the download. For
 * the same reason the upload limit delays only blocks, metadata and the chokes among
 * them. A choke overtakes no block, because the peer would discard the blocks behind the
 * choke; the rejects follow their choke. While other hosts are served, the connections
 * of one host take turns: see {@linkcode UploadTurns}.
 *
 * @module
 */
import { BLOCK_SIZE } from "../metainfo/geometry.ts";
import type { BlockRange, ControlMessage } from "../wire/message.ts";
import {
  encodedLength,
  PIECE_HEADER_LENGTH,
  writeMessage,
  writePieceHeader,
} from "../wire/write_message.ts";
import { pause } from "./pacer.ts";
import type { PeerChannel } from "./peer_channel.ts";
import type { ConnectionContext } from "./session_context.ts";
import type { HostTurns, Turn } from "./upload_turns.ts";

/** Bytes in one write, unless a single message is longer: the longest block that a peer may request, and some messages. */
const BATCH_LENGTH = 257 * 1024;

/**
 * Messages that may wait for a peer that does not read, besides one have for each piece,
 * as a seeder may announce all pieces at once. A correct peer lets far fewer gather.
 * Without a limit, a peer could fill our memory with requests by choking and unchoking.
 */
const MAX_WAITING_MESSAGES = 16_384;

export interface OutboxOptions {
  readonly channel: Pick<PeerChannel, "write">;
  /** The turns of the peer's host. */
  readonly turns: HostTurns;
  readonly context: Pick<
    ConnectionContext,
    "pieceCount" | "readBlock" | "uploadPacer"
  >;
  /** Ends the loop; messages that are not written yet are dropped. */
  readonly signal: AbortSignal;
  /** Called when the peer does not read and messages pile up. */
  readonly onOverflow: () => void;
  /** Called after a write with the length of each block in it, in bytes. */
  readonly onBlocksSent: (lengths: readonly number[]) => void;
}

type Bulk =
  | { readonly type: "block"; readonly block: BlockRange }
  | ControlMessage;

export class Outbox {
  readonly #options: OutboxOptions;
  #urgent: ControlMessage[] = [];
  readonly #bulk: Bulk[] = [];
  #buffer = new Uint8Array(0);
  #wake = Promise.withResolvers<void>();
  /** True while blocks wait for the upload limit or for a turn. */
  #isPaced = false;
  /** The turn in which a batch of blocks leaves. */
  #turn: Turn | undefined;
  /** The turn that this connection waits for. */
  #nextTurn: Promise<Turn> | undefined;
  /** The last block taken, and the length of its run of adjacent blocks. */
  #lastBlock: BlockRange | undefined;
  #runLength = 0;

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#wake.resolve());
  }

  send(message: ControlMessage): void {
    // Chokes and unchokes must arrive in order, and a peer that gets a reject before
    // the choke would request again. [BEP 6]
    const isBulk = message.type === "choke" || isMetadata(message) ||
      (message.type === "unchoke" || message.type === "reject") &&
        this.#bulk.some((item) => item.type === "choke");
    if (isBulk) this.#bulk.push(message);
    else this.#urgent.push(message);
    const { context, onOverflow } = this.#options;
    const waitingCount = this.#urgent.length + this.#bulk.length;
    if (waitingCount > MAX_WAITING_MESSAGES + context.pieceCount) onOverflow();
    this.#wake.resolve();
  }

  sendBlock(block: BlockRange): void {
    this.#bulk.push({ type: "block", block });
    this.#wake.resolve();
  }

  /** Takes back the blocks that wait to be sent. */
  takeBlocks(): BlockRange[] {
    const waiting = this.#bulk.splice(0);
    this.#bulk.push(...waiting.filter(({ type }) => type !== "block"));
    return waiting.flatMap((item) => item.type === "block" ? item.block : []);
  }

  /**
   * Sends until `signal` is aborted or the connection is over.
   * @throws {StorageError} If a block cannot be read.
   */
  async run(): Promise<void> {
    const { signal } = this.#options;
    try {
      while (!signal.aborted) {
        if (!this.#hasWork) {
          this.#wake = Promise.withResolvers();
          await this.#wake.promise;
        } else if (!await this.#writeBatch()) {
          break;
        }
      }
    } finally {
      this.#endTurn();
      if (this.#nextTurn) this.#options.turns.withdraw(this.#nextTurn);
    }
  }

  get #hasWork(): boolean {
    const mayBulkLeave = !this.#isPaced && this.#bulk.length > 0;
    return this.#urgent.length > 0 || mayBulkLeave;
  }

  async #writeBatch(): Promise<boolean> {
    const { channel, context, onBlocksSent } = this.#options;
    const urgent = this.#urgent;
    this.#urgent = [];
    const { items, length } = this.#takeBulk(urgent);
    if (this.#buffer.length < length) {
      this.#buffer = new Uint8Array(Math.max(length, BATCH_LENGTH));
    }
    const view = new DataView(this.#buffer.buffer);
    let end = 0;
    for (const message of urgent) end = writeMessage(message, view, end);
    const blockLengths: number[] = [];
    let readCost = 0;
    let isCharged = false;
    for (const [place, item] of items.entries()) {
      if (item.type !== "block") {
        end = writeMessage(item, view, end);
        isCharged ||= isMetadata(item);
        continue;
      }
      const start = writePieceHeader(item.block, view, end);
      end = start + item.block.length;
      const into = this.#buffer.subarray(start, end);
      const runLength = this.#runLengthAt(items, place, item.block);
      const reading = context.readBlock(item.block, into, runLength);
      if (reading !== undefined) {
        // A short read takes about as long as one of a whole block.
        readCost += Math.max(await reading, BLOCK_SIZE);
      }
      blockLengths.push(item.block.length);
    }
    const isWritten = await channel.write(this.#buffer.subarray(0, end));
    if (blockLengths.length > 0 || isCharged) {
      this.#endTurn();
      this.#pace(end, readCost);
      if (isWritten) onBlocksSent(blockLengths);
    }
    return isWritten;
  }

  /** The length of the run of adjacent blocks around a block, from its first block to its last in this batch. */
  #runLengthAt(
    items: readonly Bulk[],
    place: number,
    block: BlockRange,
  ): number {
    const isInRun = this.#lastBlock && isNext(this.#lastBlock, block);
    this.#lastBlock = block;
    // The previous block counted the rest of the run.
    if (isInRun && items[place - 1]?.type === "block") return this.#runLength;
    if (!isInRun) this.#runLength = 0;
    for (;;) {
      this.#runLength += block.length;
      const next = items[++place];
      if (next?.type !== "block" || !isNext(block, next.block)) break;
      block = next.block;
    }
    return this.#runLength;
  }

  #endTurn(): void {
    if (this.#turn !== undefined) this.#options.turns.end(this.#turn);
    this.#turn = undefined;
  }

  /** Delays the next blocks until the upload limit and the host's read limit allow them. */
  async #pace(length: number, readCost: number): Promise<void> {
    const { context, signal, turns } = this.#options;
    this.#isPaced = true;
    await context.uploadPacer.pass(length, signal);
    // May be negative: one batch may read bytes that later batches send.
    const waitMs = turns.charge(readCost - length, performance.now());
    if (waitMs > 0) await pause(waitMs, signal);
    this.#isPaced = false;
    this.#wake.resolve();
  }

  /** True if the peer's host has a turn now; otherwise waits for one. */
  #hasTurn(): boolean {
    const turn = this.#turn ?? this.#options.turns.begin(performance.now());
    if (!(turn instanceof Promise)) {
      this.#turn = turn;
      return true;
    }
    this.#isPaced = true;
    this.#nextTurn = turn;
    turn.then((turn) => {
      this.#nextTurn = undefined;
      this.#turn = turn;
      this.#isPaced = false;
      if (this.#options.signal.aborted) this.#endTurn();
      this.#wake.resolve();
    });
    return false;
  }

  /** Takes the bulk that may leave now and fits into a batch behind the urgent messages; the first item always fits. */
  #takeBulk(
    urgent: readonly ControlMessage[],
  ): { items: Bulk[]; length: number } {
    let length = urgent.reduce(
      (sum, message) => sum + encodedLength(message),
      0,
    );
    if (this.#isPaced) return { items: [], length };
    const { stepLength } = this.#options.context.uploadPacer;
    const batchLength = Math.min(BATCH_LENGTH, stepLength);
    let count = 0;
    let cost = length;
    for (const item of this.#bulk) {
      const isBlock = item.type === "block";
      const itemLength = isBlock
        ? PIECE_HEADER_LENGTH + item.block.length
        : encodedLength(item);
      // A small block costs as much as a whole one.
      cost += isBlock ? Math.max(itemLength, BLOCK_SIZE) : itemLength;
      if (count > 0 && cost > batchLength) break;
      if (isBlock && !this.#hasTurn()) break;
      length += itemLength;
      count++;
    }
    return { items: this.#bulk.splice(0, count), length };
  }
}

/** True for a message as large as a block, of which a peer may request many. */
function isMetadata(message: ControlMessage): boolean {
  return message.type === "extended" && message.tail !== undefined;
}

/** True if a block begins where another ends. */
function isNext(one: BlockRange, other: BlockRange): boolean {
  return other.index === one.index &&
    other.offsetInPiece === one.offsetInPiece + one.length;
}
