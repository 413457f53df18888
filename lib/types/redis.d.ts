/**
 * The face of the package `redis` that the tracker's store uses. Its own types
 * look for the package of Node's types.
 *
 * @module
 */

/** What a command is made of; bytes are to be a `Buffer`. */
export type RedisArgument = string | Uint8Array;

/** How a command's reply is read. */
export interface RedisCommandOptions {
  /** What a reply of the type with that number becomes. */
  readonly typeMapping?: Readonly<Record<number, unknown>>;
}

/** A connection, or what becomes one. */
export interface RedisClient {
  connect(): Promise<unknown>;
  /** Closes at once; commands without a reply are rejected. */
  destroy(): void;
  on(event: "error", listener: (error: Error) => void): void;
  sendCommand(
    args: readonly RedisArgument[],
    options?: RedisCommandOptions,
  ): Promise<unknown>;
}

/** What is said of a client before it connects. */
export interface RedisClientOptions {
  readonly RESP: 2;
  readonly username?: string;
  readonly password?: string;
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

/** A client that is not connected yet. */
export declare function createClient(options: RedisClientOptions): RedisClient;
