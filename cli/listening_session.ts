/**
 * The session of `peer`, on the port and the address that were asked for.
 *
 * @module
 */
import {
  createAddressFilter,
  openSession,
  type PieceHasher,
  type Session,
} from "../mod.ts";
import type { PeerArguments } from "./peer_arguments.ts";
import { ProgramError } from "./program_error.ts";

/**
 * Opens the session that `request` asks for.
 * @throws {ProgramError} If it cannot listen there.
 */
export function openListeningSession(
  request: PeerArguments,
  hasher: PieceHasher,
): Session {
  const { port, host, maxPeers, networks, maxUpload, maxDownload } = request;
  try {
    return openSession({
      port,
      ...(host !== undefined && { hostname: host }),
      maxPeers,
      permits: createAddressFilter(networks),
      maxUploadBytesPerSecond: maxUpload,
      maxDownloadBytesPerSecond: maxDownload,
      hasher,
    });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const place = host === undefined ? `port ${port}` : `${host}, port ${port}`;
    throw new ProgramError(`cannot listen on ${place}: ${explain(error)}`, {
      cause: error,
    });
  }
}

function explain(error: Error): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return "it is taken, and so are the ports after it; choose another --port";
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return "this machine has no such address; choose another --host";
  }
  return `${error.message}; choose another --port or --host`;
}
