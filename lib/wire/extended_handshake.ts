/**
 * The first message of the extension protocol: which extensions the sender takes
 * and under which ids, and a few things about itself. [BEP 10] Owns the bounds of
 * what a peer may put there. A key that is unknown, or whose value makes no
 * sense, is passed over, as BEP 10 wants; what is no dictionary is the peer's
 * fault.
 *
 * @module
 */
import {
  formatIpAddress,
  IPV4_LENGTH,
  IPV6_LENGTH,
  parseIpAddress,
} from "../base/ip_address.ts";
import { type DecodedDictionary, isDictionary } from "../bencode/decode.ts";
import { encodeBencode } from "../bencode/encode.ts";
import {
  decodePayload,
  ownBytes,
  ownNumber,
  ownValue,
} from "./extended_payload.ts";

/** Id of the extended handshake itself. [BEP 10] */
export const EXTENDED_HANDSHAKE_ID = 0;

/** Id under which we take peer exchange: the same for every peer. */
export const PEER_EXCHANGE_ID = 1;

/** What peer exchange is called. [BEP 11] */
const PEER_EXCHANGE = "ut_pex";

const UPLOAD_ONLY = "upload_only";

/** Our own key, of the form that BEP 10 asks for. */
const COMPLETE = "ls_complete";

/** Longest client name that is kept, in characters. */
const MAX_CLIENT_LENGTH = 64;

const MAX_PORT = 65535;
const MAX_EXTENDED_ID = 255;

const decoder = new TextDecoder();

/**
 * What a handshake says; `undefined` is what it leaves out. It may be sent again
 * to change what was said before.
 */
export interface ExtendedHandshake {
  /** The id that the sender takes peer exchange under; 0 if it does not any more. [BEP 11] */
  readonly peerExchangeId: number | undefined;
  /** The sender's name and version. */
  readonly client: string | undefined;
  /** Where the sender listens: a TCP port, 1 to 65535. */
  readonly port: number | undefined;
  /** The receiver's IP address as the sender sees it. */
  readonly yourHostname: string | undefined;
  /** Requests that the sender keeps without dropping any, 1 at least. */
  readonly requestQueueLength: number | undefined;
  /** Whether the sender wants no content. [BEP 21] */
  readonly isUploadOnly: boolean | undefined;
  /** Whether it has everything, though it may show that piece by piece: a word among our own. */
  readonly isComplete: boolean | undefined;
}

/** Writes the payload of a handshake. */
export function encodeExtendedHandshake(
  handshake: ExtendedHandshake,
): Uint8Array<ArrayBuffer> {
  const { peerExchangeId, yourHostname } = handshake;
  return encodeBencode({
    [COMPLETE]: toFlag(handshake.isComplete),
    m: { [PEER_EXCHANGE]: peerExchangeId },
    p: handshake.port,
    reqq: handshake.requestQueueLength,
    [UPLOAD_ONLY]: toFlag(handshake.isUploadOnly),
    v: handshake.client,
    yourip: yourHostname && parseIpAddress(yourHostname),
  });
}

/**
 * Reads the payload of a handshake.
 * @throws {ProtocolError} If it is no dictionary, or larger or deeper than any handshake.
 */
export function parseExtendedHandshake(payload: Uint8Array): ExtendedHandshake {
  const dictionary = decodePayload(payload, "extended handshake");
  return {
    peerExchangeId: peerExchangeId(dictionary),
    client: client(dictionary),
    port: inRange(ownNumber(dictionary, "p"), 1, MAX_PORT),
    yourHostname: yourHostname(dictionary),
    requestQueueLength: inRange(
      ownNumber(dictionary, "reqq"),
      1,
      Number.MAX_SAFE_INTEGER,
    ),
    isUploadOnly: flag(dictionary, UPLOAD_ONLY),
    isComplete: flag(dictionary, COMPLETE),
  };
}

function peerExchangeId(dictionary: DecodedDictionary): number | undefined {
  const ids = ownValue(dictionary, "m");
  return ids !== undefined && isDictionary(ids)
    ? inRange(ownNumber(ids, PEER_EXCHANGE), 0, MAX_EXTENDED_ID)
    : undefined;
}

/** Made safe for a terminal's line. */
function client(dictionary: DecodedDictionary): string | undefined {
  const bytes = ownBytes(dictionary, "v");
  return bytes && decoder.decode(bytes).slice(0, MAX_CLIENT_LENGTH)
    .replace(/\p{Control}/gu, " ");
}

function yourHostname(dictionary: DecodedDictionary): string | undefined {
  const bytes = ownBytes(dictionary, "yourip");
  return bytes?.length === IPV4_LENGTH || bytes?.length === IPV6_LENGTH
    ? formatIpAddress(bytes)
    : undefined;
}

function toFlag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function flag(dictionary: DecodedDictionary, key: string): boolean | undefined {
  const value = ownNumber(dictionary, key);
  return value === undefined ? undefined : value !== 0;
}

function inRange(
  value: number | undefined,
  least: number,
  greatest: number,
): number | undefined {
  return value !== undefined && value >= least && value <= greatest
    ? value
    : undefined;
}
