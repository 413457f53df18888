/**
 * The handshake of the extension protocol: the extensions that the sender accepts
 * with their ids, and facts about the sender. [BEP 10] Owns the limits of a
 * handshake. Unknown keys and invalid values are ignored, as BEP 10 demands; a
 * payload that is not a dictionary is an error.
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
import { bytesIn, decodePayload, numberIn } from "./extended_payload.ts";

/** Id of the extended handshake itself. [BEP 10] */
export const EXTENDED_HANDSHAKE_ID = 0;

/** Our id for peer exchange, the same for every peer. */
export const PEER_EXCHANGE_ID = 1;

/** Our id for metadata, the same for every peer. */
export const METADATA_ID = 2;

/** The names of peer exchange and of the metadata extension. [BEP 9, 11] */
const PEER_EXCHANGE = "ut_pex";
const METADATA = "ut_metadata";

/** Longest metadata that we fetch or serve, in bytes: a torrent file may have as much. */
export const MAX_METADATA_LENGTH = 32 * 1024 * 1024;

const UPLOAD_ONLY = "upload_only";

/** Keys of our own, with the prefix that BEP 10 demands. */
const COMPLETE = "ls_complete";
const REQUEST_LENGTH = "ls_request";

/** Longest client name, in characters; the rest is cut. */
const MAX_CLIENT_LENGTH = 64;

const MAX_PORT = 65535;
const MAX_EXTENDED_ID = 255;

const decoder = new TextDecoder();

/**
 * The fields of a handshake; `undefined` if the sender omits one. A later handshake
 * updates an earlier one.
 */
export interface ExtendedHandshake {
  /** The sender's id for peer exchange; 0 if it switched that off. [BEP 11] */
  readonly peerExchangeId: number | undefined;
  /** The sender's id for metadata; 0 if it switched that off. [BEP 9] */
  readonly metadataId: number | undefined;
  /** Length of the metadata that the sender has, 1 byte to 32 MiB. [BEP 9] */
  readonly metadataLength: number | undefined;
  /** The sender's name and version. */
  readonly client: string | undefined;
  /** TCP port that the sender listens on, 1 to 65535. */
  readonly port: number | undefined;
  /** IP address of the receiver as the sender sees it. */
  readonly yourHostname: string | undefined;
  /** Most outstanding requests that the sender accepts, at least 1. */
  readonly requestQueueLength: number | undefined;
  /** Longest request that the sender answers, in bytes; 16 KiB if it does not say. Our own extension. */
  readonly requestLength: number | undefined;
  /** True if the sender downloads nothing. [BEP 21] */
  readonly isUploadOnly: boolean | undefined;
  /** True if the sender has every piece, even if super-seeding hides that. Our own extension. */
  readonly isComplete: boolean | undefined;
}

export function encodeExtendedHandshake(
  handshake: Partial<ExtendedHandshake>,
): Uint8Array<ArrayBuffer> {
  const { peerExchangeId, metadataId, yourHostname } = handshake;
  return encodeBencode({
    [COMPLETE]: toFlag(handshake.isComplete),
    [REQUEST_LENGTH]: handshake.requestLength,
    m: { [PEER_EXCHANGE]: peerExchangeId, [METADATA]: metadataId },
    metadata_size: handshake.metadataLength,
    p: handshake.port,
    reqq: handshake.requestQueueLength,
    [UPLOAD_ONLY]: toFlag(handshake.isUploadOnly),
    v: handshake.client,
    yourip: yourHostname && parseIpAddress(yourHostname),
  });
}

/**
 * Decodes the payload of a handshake.
 * @throws {ProtocolError} If it is not a dictionary or exceeds a limit.
 */
export function parseExtendedHandshake(payload: Uint8Array): ExtendedHandshake {
  const dictionary = decodePayload(payload, "extended handshake");
  return {
    peerExchangeId: extensionId(dictionary, PEER_EXCHANGE),
    metadataId: extensionId(dictionary, METADATA),
    metadataLength: numberIn(dictionary, "metadata_size", {
      least: 1,
      most: MAX_METADATA_LENGTH,
    }),
    client: client(dictionary),
    port: numberIn(dictionary, "p", { least: 1, most: MAX_PORT }),
    yourHostname: yourHostname(dictionary),
    requestQueueLength: numberIn(dictionary, "reqq", { least: 1 }),
    requestLength: numberIn(dictionary, REQUEST_LENGTH, { least: 1 }),
    isUploadOnly: flag(dictionary, UPLOAD_ONLY),
    isComplete: flag(dictionary, COMPLETE),
  };
}

function extensionId(
  dictionary: DecodedDictionary,
  name: string,
): number | undefined {
  const { m: ids } = dictionary;
  return ids !== undefined && isDictionary(ids)
    ? numberIn(ids, name, { most: MAX_EXTENDED_ID })
    : undefined;
}

/** The client name, made safe for a terminal. */
function client(dictionary: DecodedDictionary): string | undefined {
  const bytes = bytesIn(dictionary, "v");
  return bytes && decoder.decode(bytes).slice(0, MAX_CLIENT_LENGTH)
    .replace(/\p{Control}/gu, " ");
}

function yourHostname(dictionary: DecodedDictionary): string | undefined {
  const bytes = bytesIn(dictionary, "yourip");
  return bytes?.length === IPV4_LENGTH || bytes?.length === IPV6_LENGTH
    ? formatIpAddress(bytes)
    : undefined;
}

function toFlag(value: boolean | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}

function flag(dictionary: DecodedDictionary, key: string): boolean | undefined {
  const value = numberIn(dictionary, key, { least: Number.MIN_SAFE_INTEGER });
  return value === undefined ? undefined : value !== 0;
}
