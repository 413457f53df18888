/**
 * A worker thread that hashes: runs of pieces come in, their SHA-1 go out, and
 * the bytes go back with them. Nothing else happens here, so nothing here can
 * fail.
 *
 * @module
 */
import type { HashRequest, HashWorkerMessage } from "./hash_messages.ts";
import { sha1Pieces } from "./sha1_pieces.ts";

/** What of a worker's global scope is used here. */
interface WorkerScope {
  onmessage: (event: MessageEvent<HashRequest>) => void;
  postMessage(message: HashWorkerMessage, transfer: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;

scope.onmessage = ({ data: { buffer, length, pieceLength } }) => {
  const hashes = sha1Pieces(new Uint8Array(buffer, 0, length), pieceLength);
  const transfer = [buffer, hashes.buffer];
  scope.postMessage({ type: "hashed", buffer, hashes }, transfer);
};

scope.postMessage({ type: "ready" }, []);
