/**
 * Types of the part of the package `redis` that the tracker's store uses. Its own
 * types look for the package of Node's types.
 *
 * @module
 */

/** A client. */
export interface RedisClient {
  connect(): Promise<unknown>;
  /** Closes at once and rejects commands without a reply. */
  destroy(): void;
  on(event: "error", listener: (error: Error) => void): void;
  sendCommand(words: readonly string[]): Promise<unknown>;
}

/** Options for a client. */
export interface RedisClientOptions {
  readonly RESP: 2;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
  readonly disableClientInfo: boolean;
  readonly disableOfflineQueue: boolean;
  readonly maintNotifications: "disabled";
  readonly socket: {
    readonly host: string;
    readonly port: number;
    readonly connectTimeout: number;
    readonly reconnectStrategy: false;
  };
}

/** Creates a client that is not connected yet. */
export declare function createClient(options: RedisClientOptions): RedisClient;
