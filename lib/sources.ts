/**
 * Sources: content of which torrents are made, and copies that are compared with theirs.
 *
 * @module
 */
export {
  checkPieceLength,
  type CreatedTorrent,
  createTorrent,
  type CreateTorrentOptions,
  type CreateTorrentPlan,
  type CreateTorrentProgress,
} from "./source/create_torrent.ts";
export {
  checkAbsent,
  checkWritable,
  saveTorrentFile,
  type SaveTorrentFileOptions,
} from "./source/save_torrent_file.ts";
export {
  checkContent,
  type CheckContentOptions,
  type CheckedContent,
  type CheckedFile,
} from "./source/check_content.ts";
export { removeExtraFiles } from "./source/extra_files.ts";
export type { FileState } from "./source/file_states.ts";
export { checkSource } from "./source/source.ts";
export type {
  LostProperties,
  ScanSourceOptions,
} from "./source/walk_source.ts";
