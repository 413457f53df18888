/**
 * The messages and blocks to be sent to one peer, and the loop that sends them.
 * Many messages leave in one write; a block is copied from the read cache straight
 * into the buffer that is written. Requests and haves overtake blocks, so that an
 * upload does not slow the download beside it; for the same reason the upload
 * limit delays blocks only. A choke overtakes nothing, because the peer would
 * discard the blocks behind it, and the rejects that it causes follow it.
 *
 * @module
 */
import type { BlockRange, ControlMessage } from "../wire/message.ts";
import {
  encodedLength,
  PIECE_HEADER_LENGTH,
  writeMessage,
  writePieceHeader,
} from "../wire/write_message.ts";
import type { PeerChannel } from "./peer_channel.ts";
import type { ConnectionContext } from "./session_context.ts";

/** Bytes in one write, unless a single message is longer. */
const BATCH_LENGTH = 256 * 1024;

/**
 * Messages that may wait for a peer that does not read, besides one for each
 * piece, as a seeder may announce all of them at once. Far more than a proper
 * peer lets gather; without a limit a peer could fill our memory with requests by
 * choking and unchoking us.
 */
const MAX_WAITING_MESSAGES = 16_384;

/** Options for {@linkcode Outbox}. */
export interface OutboxOptions {
  readonly channel: Pick<PeerChannel, "write">;
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

/** The sending half of one peer connection. */
export class Outbox {
  readonly #options: OutboxOptions;
  #urgent: ControlMessage[] = [];
  readonly #bulk: Bulk[] = [];
  #buffer = new Uint8Array(0);
  #wake = Promise.withResolvers<void>();
  /** True while blocks wait for the upload limit. */
  #isPaced = false;

  constructor(options: OutboxOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#wake.resolve());
  }

  send(message: ControlMessage): void {
    // The last choke or unchoke must arrive last, and a peer that gets a reject
    // before the choke would request again. [BEP 6]
    const isBulk = message.type === "choke" ||
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
    for (const item of items) {
      if (item.type !== "block") {
        end = writeMessage(item, view, end);
        continue;
      }
      const start = writePieceHeader(item.block, view, end);
      end = start + item.block.length;
      const into = this.#buffer.subarray(start, end);
      const reading = context.readBlock(item.block, into);
      if (reading !== undefined) await reading;
      blockLengths.push(item.block.length);
    }
    const isWritten = await channel.write(this.#buffer.subarray(0, end));
    if (blockLengths.length > 0) {
      this.#pace(end);
      onBlocksSent(blockLengths);
    }
    return isWritten;
  }

  async #pace(length: number): Promise<void> {
    const { context, signal } = this.#options;
    this.#isPaced = true;
    await context.uploadPacer.pass(length, signal);
    this.#isPaced = false;
    this.#wake.resolve();
  }

  /** Takes the bulk that may leave now and fits into a batch behind the urgent messages, at least one item. */
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
