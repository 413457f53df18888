/**
 * Decides from verified pieces which files of a torrent are right. A piece may hold
 * parts of several files: if its hash differs, it proves nothing about each of them.
 *
 * @module
 */
import type { Bitfield } from "../base/bitfield.ts";
import { quote } from "../base/errors.ts";
import { FileSpans } from "../metainfo/file_spans.ts";
import { isRegularFile, type Torrent } from "../metainfo/torrent.ts";

/** The state of a file on the disk. */
export type FileState =
  /** All its pieces are verified. */
  | { readonly type: "right" }
  /** A piece of this file alone differs, or the size differs. */
  | { readonly type: "wrong"; readonly reason: string }
  | { readonly type: "missing" }
  /** A piece shared with other files differs, or cannot be verified. */
  | { readonly type: "unproven"; readonly reason: string };

/**
 * The state of each file of a torrent; `undefined` for padding and links.
 * @param have The verified pieces.
 * @param found The size of each file, or the reason that it is no file; `undefined` if missing.
 */
export function fileStates(
  torrent: Torrent,
  have: Bitfield,
  found: readonly (FoundFile | undefined)[],
): (FileState | undefined)[] {
  const { files, geometry } = torrent;
  const states = files.map((file, index) =>
    isRegularFile(file) ? stateOf(file.length, found[index]) : undefined
  );
  const shared: number[][] = [];
  const spans = new FileSpans(files);
  for (let index = 0; index < geometry.pieceCount; index++) {
    if (have.has(index)) continue;
    const [first, ...others] = spans
      .at(geometry.pieceOffset(index), geometry.pieceLengthAt(index))
      .map(({ fileIndex }) => fileIndex)
      .filter((fileIndex) => states[fileIndex] !== undefined);
    if (first === undefined) continue;
    if (others.length > 0) shared.push([first, ...others]);
    else if (states[first]!.type === "right") {
      states[first] = { type: "wrong", reason: "its content differs" };
    }
  }
  for (const fileIndexes of shared) {
    // A file that is known to be wrong gives the best reason.
    const bad = fileIndexes.find((index) =>
      ["wrong", "missing"].includes(states[index]!.type)
    );
    const [first, second] = fileIndexes;
    for (const index of fileIndexes) {
      if (states[index]!.type !== "right") continue;
      const other = files[bad ?? (index === first ? second! : first!)]!;
      const name = quote(other.path.slice(1).join("/"));
      const reason = `a piece that it shares with ${name} cannot be verified`;
      states[index] = { type: "unproven", reason };
    }
  }
  return states;
}

/** A file as it was found, or something in its place. */
export type FoundFile =
  | { readonly type: "file"; readonly size: number }
  | { readonly type: "other"; readonly reason: string };

function stateOf(length: number, found: FoundFile | undefined): FileState {
  if (found === undefined) return { type: "missing" };
  if (found.type === "other") return { type: "wrong", reason: found.reason };
  return found.size === length ? { type: "right" } : {
    type: "wrong",
    reason: `it has ${found.size} bytes instead of ${length}`,
  };
}
