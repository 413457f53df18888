/**
 * Fills a tracker: each peer announces once, from an address of its own in the header
 * of a proxy. Announces are pipelined on few connections, so that the tracker limits
 * the speed.
 *
 * @module
 */

/** Connections that announce side by side. */
const CONNECTION_COUNT = 4;
/** Announces that are sent together. */
const BATCH_LENGTH = 250;

/** Options for {@linkcode loadPeers}. */
export interface LoadPeersOptions {
  /** The tracker's port on 127.0.0.1. It must trust proxies. */
  readonly port: number;
  /** In hex; peers are spread evenly. */
  readonly infoHashes: readonly string[];
  /** At most 2 ** 24: each has an address of 10.0.0.0/8. */
  readonly peerCount: number;
}

/** Resolves when the tracker has answered all. @throws {Error} If a connection breaks. */
export async function loadPeers(options: LoadPeersOptions): Promise<void> {
  const escaped = options.infoHashes.map((infoHash) =>
    infoHash.replaceAll(/../g, "%$&")
  );
  let nextPeer = 0;
  await Promise.all(Array.from({ length: CONNECTION_COUNT }, async () => {
    using connection = await Deno.connect({
      hostname: "127.0.0.1",
      port: options.port,
    });
    while (nextPeer < options.peerCount) {
      const end = Math.min(nextPeer + BATCH_LENGTH, options.peerCount);
      let text = "";
      const count = end - nextPeer;
      for (; nextPeer < end; nextPeer++) {
        text += announceOf(nextPeer, escaped[nextPeer % escaped.length]!);
      }
      const [answerCount] = await Promise.all([
        receiveAnswers(connection, count),
        send(connection, text),
      ]);
      if (answerCount < count) throw new Error("Cannot announce: it hung up");
    }
  }));
}

function announceOf(peer: number, infoHash: string): string {
  const id = String(peer).padStart(12, "0");
  // One in eight has it all.
  const left = peer % 8 === 0 ? 0 : 1024 * 1024;
  const address = `10.${peer >>> 16 & 255}.${peer >>> 8 & 255}.${peer & 255}`;
  return `GET /announce?info_hash=${infoHash}&peer_id=-LS0000-${id}&port=6881` +
    `&uploaded=0&downloaded=0&left=${left}&compact=1&numwant=0 HTTP/1.1\r\n` +
    `Host: tracker\r\nX-Forwarded-For: ${address}\r\n\r\n`;
}

async function send(connection: Deno.TcpConn, text: string): Promise<void> {
  const bytes = new TextEncoder().encode(text);
  for (let sent = 0; sent < bytes.length;) {
    sent += await connection.write(bytes.subarray(sent));
  }
}

/**
 * Counts the heads of answers without peers; their bodies have no empty line.
 * @returns At most `count`; fewer if the connection ends.
 */
async function receiveAnswers(
  connection: Deno.TcpConn,
  count: number,
): Promise<number> {
  const bytes = new Uint8Array(65536);
  let answerCount = 0;
  let matched = 0;
  while (answerCount < count) {
    const length = await connection.read(bytes);
    if (length === null) break;
    for (const byte of bytes.subarray(0, length)) {
      if (byte === HEAD_END[matched]) matched++;
      else matched = byte === HEAD_END[0] ? 1 : 0;
      if (matched < HEAD_END.length) continue;
      answerCount++;
      matched = 0;
    }
  }
  return answerCount;
}

/** CR LF CR LF. */
const HEAD_END = [0x0d, 0x0a, 0x0d, 0x0a];
