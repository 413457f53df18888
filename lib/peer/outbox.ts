/**
 * What is to be sent to one peer, and the sending. Many messages leave in one
 * write; a block goes from the disk's cache straight into the buffer that is
 * written. Requests and haves overtake blocks, so that a busy upload does not
 * slow the download beside it; a choke does not, since the peer would throw away
 * the blocks that follow it, and what is rejected because of it comes behind it. For the same reason the upload limit holds back
 * blocks alone.
 *
 * @module
 */
import type { PeerChannel } from "./peer_channel.ts";
import type { BlockRange, ControlMessage } from "../wire/message.ts";
import {
  encodedLength,
  PIECE_HEADER_LENGTH,
  writeMessage,
  writePieceHeader,
} from "../wire/write_message.ts";
import type { Pacer } from "./pacer.ts";

/** Bytes in one write, unless a single message is longer. */
const BATCH_LENGTH = 256 * 1024;

/**
 * Messages that may wait for a peer that does not read, besides one for each
 * piece: a seeder may tell of all of them at once. Far more than an honest one
 * lets gather; without a limit it could have us fill our memory with requests by
 * choking and unchoking us.
 */
const MAX_WAITING_MESSAGES = 16_384;

/** Where an outbox sends and what it needs for it. */
export interface OutboxOptions {
  readonly channel: Pick<PeerChannel, "write">;
  /** Ends the sending when aborted: what is not written yet is dropped. */
  readonly signal: AbortSignal;
  /** Number of pieces in the torrent. */
  readonly pieceCount: number;
  /** Called when the peer reads nothing while messages for it pile up. */
  readonly onOverflow: () => void;
  /** Fills `into` with the content of a block; no promise if that is done at once. */
  readonly readBlock: (
    block: BlockRange,
    into: Uint8Array,
  ) => Promise<void> | undefined;
  /** Called after a write, with the bytes of each block that left. */
  readonly onBlocksSent: (lengths: readonly number[]) => void;
  /** The upload limit. */
  readonly uploadPacer: Pacer;
}

type Bulk =
  | { readonly type: "block"; readonly block: BlockRange }
  | ControlMessage;

/** The outgoing side of one peer connection. */
export class Outbox {
  readonly #options: OutboxOptions;
  #urgent: ControlMessage[] = [];
  readonly #bulk: Bulk[] = [];
  #buffer = new Uint8Array(0);
  #wake = Promise.withResolvers<void>();
  /** Blocks wait for the upload limit. */
  #isPaced = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#wake.resolve());
  }

  send(message: ControlMessage): void {
    // The last word on choking must be the last one to arrive, and who hears of a
    // reject before the choke would ask again. [BEP 6]
    const isBulk = message.type === "choke" ||
      (message.type === "unchoke" || message.type === "reject") &&
        this.#bulk.some((item) => item.type === "choke");
    if (isBulk) this.#bulk.push(message);
    else this.#urgent.push(message);
    const waitingCount = this.#urgent.length + this.#bulk.length;
    const mostWaiting = MAX_WAITING_MESSAGES + this.#options.pieceCount;
    if (waitingCount > mostWaiting) this.#options.onOverflow();
    this.#wake.resolve();
  }

  sendBlock(block: BlockRange): void {
    this.#bulk.push({ type: "block", block });
    this.#wake.resolve();
  }

  /**
   * Sends until `signal` is aborted or the connection is over.
   * @throws {StorageError} If a block cannot be read.
   */
  async run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      if (!this.#hasWork) {
        this.#wake = Promise.withResolvers();
        await this.#wake.promise;
      } else if (!await this.#writeBatch()) {
        break;
      }
    }
  }

  get #hasWork(): boolean {
    const mayBulkLeave = !this.#isPaced && this.#bulk.length > 0;
    return this.#urgent.length > 0 || mayBulkLeave;
  }

  async #writeBatch(): Promise<boolean> {
    const urgent = this.#urgent;
    this.#urgent = [];
    const { items, length } = this.#takeBulk(urgent);
    if (this.#buffer.length < length) {
      this.#buffer = new Uint8Array(Math.max(length, BATCH_LENGTH));
    }
    const view = new DataView(this.#buffer.buffer);
    let end = 0;
    for (const message of urgent) end = writeMessage(message, view, end);
    const sentLengths: number[] = [];
    for (const item of items) {
      if (item.type !== "block") {
        end = writeMessage(item, view, end);
        continue;
      }
      const start = writePieceHeader(item.block, view, end);
      end = start + item.block.length;
      const reading = this.#options.readBlock(
        item.block,
        this.#buffer.subarray(start, end),
      );
      if (reading !== undefined) await reading;
      sentLengths.push(item.block.length);
    }
    const isWritten = await this.#options.channel.write(
      this.#buffer.subarray(0, end),
    );
    if (sentLengths.length > 0) {
      this.#pace(end);
      this.#options.onBlocksSent(sentLengths);
    }
    return isWritten;
  }

  async #pace(bytes: number): Promise<void> {
    this.#isPaced = true;
    await this.#options.uploadPacer.pass(bytes, this.#options.signal);
    this.#isPaced = false;
    this.#wake.resolve();
  }

  /** As much of the bulk as may leave now and fits into a batch behind the urgent messages, one item at least. */
  #takeBulk(
    urgent: readonly ControlMessage[],
  ): { items: Bulk[]; length: number } {
    let length = urgent.reduce(
      (sum, message) => sum + encodedLength(message),
      0,
    );
    if (this.#isPaced) return { items: [], length };
    const { uploadPacer } = this.#options;
    const batchLength = Math.min(BATCH_LENGTH, uploadPacer.stepLength);
    let count = 0;
    for (const item of this.#bulk) {
      const itemLength = item.type === "block"
        ? PIECE_HEADER_LENGTH + item.block.length
        : encodedLength(item);
      if (count > 0 && length + itemLength > batchLength) break;
      length += itemLength;
      count++;
    }
    return { items: this.#bulk.splice(0, count), length };
  }
}
