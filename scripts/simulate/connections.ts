/**
 * The near ends of a host's connections, and what it says on them. All that is
 * said to one peer in one turn travels together, as it would in one write.
 *
 * @module
 */
import type { PeerKey } from "../../lib/swarm/events.ts";
import type { BlockRange, Message } from "../../lib/wire/message.ts";
import type { Channel } from "./virtual_link.ts";

/** In place of a message: the connection is over. */
export const CLOSED: Message = { type: "keepAlive" };

/** The host at the far end. */
export interface FarHost {
  readonly hostname: string;
  /** Messages are on their way there. */
  hear(key: PeerKey, messages: readonly Message[]): void;
  /** What it sends when a block is asked of it. */
  contentOf(block: BlockRange): Uint8Array;
}

/** The near end of a connection. */
export interface Connection {
  readonly key: PeerKey;
  readonly far: FarHost;
  /** What we send blocks by. */
  readonly channel: Channel;
  /** Whether we called. */
  readonly isOutgoing: boolean;
  /** Whether the far end has said anything. */
  hasHeard: boolean;
  /** What was said in this turn. */
  said: Message[];
}

/** The connections of one host, by their keys. */
export class Connections {
  readonly #connections = new Map<PeerKey, Connection>();
  /** Those that something was said on in this turn. */
  #speaking: Connection[] = [];

  get(key: PeerKey): Connection | undefined {
    return this.#connections.get(key);
  }

  keys(): PeerKey[] {
    return [...this.#connections.keys()];
  }

  add(
    key: PeerKey,
    parts: Pick<Connection, "far" | "channel" | "isOutgoing">,
  ): void {
    this.#connections.set(key, { key, ...parts, hasHeard: false, said: [] });
  }

  /** Says something at the end of the turn, if there is such a connection. */
  say(key: PeerKey, message: Message): void {
    const connection = this.#connections.get(key);
    if (connection === undefined) return;
    if (connection.said.length === 0) this.#speaking.push(connection);
    connection.said.push(message);
  }

  /** Ends a connection from here or, `isTold`, because the far end did. Returns what it was. */
  end(key: PeerKey, options: { isTold: boolean }): Connection | undefined {
    const connection = this.#connections.get(key);
    if (connection === undefined) return undefined;
    if (!options.isTold) this.say(key, CLOSED);
    this.#connections.delete(key);
    connection.channel.close();
    return connection;
  }

  /** The end of a turn: what was said in it leaves. */
  speak(): void {
    for (const connection of this.#speaking) {
      connection.far.hear(connection.key, connection.said);
      connection.said = [];
    }
    this.#speaking.length = 0;
  }
}
