/**
 * Values and errors that everything uses.
 *
 * @module
 */
export {
  ContentChangedError,
  FetchError,
  ProtocolError,
  StorageError,
  StoreError,
  TrackerError,
} from "./base/errors.ts";
export {
  createPeerId,
  type InfoHash,
  infoHashFromHex,
  type PeerId,
} from "./base/identifier.ts";
export {
  type AddressScope,
  addressScope,
  withoutBrackets,
} from "./base/ip_address.ts";
export { formatPeerAddress, type PeerAddress } from "./base/peer_address.ts";
export { type JoinedSignal, joinSignals } from "./base/join_signals.ts";
export {
  type AddressFilterOptions,
  createAddressFilter,
  type Permits,
} from "./base/address_filter.ts";
export { VERSION } from "./base/version.ts";
export {
  cutName,
  displayName,
  readName,
  readUrl,
  readWord,
  requestedUrl,
  trimText,
} from "./base/clean_text.ts";
export { MetainfoError } from "./metainfo/metainfo_error.ts";
export {
  formatDuration,
  formatPlural,
  formatSize,
} from "./tracker/page/units.ts";
export { type Platform, platformOf } from "./metainfo/safe_path.ts";
