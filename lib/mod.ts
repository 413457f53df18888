/**
 * The public face of the library.
 *
 * @module
 */
export { VERSION } from "./base/version.ts";
export { sha1 } from "./disk/sha1.ts";
export { MetainfoError } from "./metainfo/metainfo_error.ts";
export { type FileSpan, FileSpans, fileSpans } from "./metainfo/file_spans.ts";
export type { Sha1, Torrent, TorrentFile } from "./metainfo/torrent.ts";
