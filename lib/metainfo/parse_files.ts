/**
 * Parses the name and the files of an info dictionary: every path is safe, no two
 * collide, and the total length is a safe integer.
 *
 * @module
 */
import { quote } from "../base/errors.ts";
import type { FieldReader } from "./field_reader.ts";
import { MetainfoError } from "./metainfo_error.ts";
import {
  findComponentFault,
  findPathFault,
  PathSet,
  type Platform,
} from "./safe_path.ts";
import type { TorrentFile } from "./torrent.ts";

/** The torrent's name. @throws {MetainfoError} If it is not a safe file name. */
export function parseName(info: FieldReader, platform: Platform): string {
  const key = preferUtf8(info, "name");
  const name = info.text(key);
  const fault = findComponentFault(name, platform);
  if (fault === undefined) return name;
  throw new MetainfoError(
    info.field(key),
    `${quote(name)} ${fault}`,
  );
}

/**
 * The files: a single one called `name` from `length`, or those of a folder called
 * `name` from `files`.
 * @throws {MetainfoError} If a path or length is invalid.
 */
export function parseFiles(
  info: FieldReader,
  name: string,
  platform: Platform,
): TorrentFile[] {
  if (!info.has("files")) {
    const length = info.integer("length", 0);
    return [{ path: [name], length, isPadding: false }];
  }
  if (info.has("length")) {
    throw new MetainfoError(
      info.field("length"),
      "is present beside files; a torrent has one of them",
    );
  }
  const paths = new PathSet(platform);
  const files: TorrentFile[] = [];
  let totalLength = 0;
  for (const entry of info.dictionaryList("files")) {
    const file = parseFile(entry, name, platform);
    totalLength += file.length;
    if (!Number.isSafeInteger(totalLength)) {
      throw new MetainfoError(
        entry.field("length"),
        "makes the total exceed 2^53",
      );
    }
    // Padding never reaches the disk, and some clients reuse its paths.
    const collision = file.isPadding ? undefined : paths.add(file.path);
    if (collision !== undefined) {
      throw new MetainfoError(
        entry.field("path"),
        `${quote(file.path.slice(1).join("/"))} ${collision}`,
      );
    }
    files.push(file);
  }
  if (files.length === 0) {
    throw new MetainfoError(info.field("files"), "is empty");
  }
  return files;
}

function parseFile(
  entry: FieldReader,
  name: string,
  platform: Platform,
): TorrentFile {
  const length = entry.integer("length", 0);
  // Each letter is a property of the file. [BEP 47]
  const attributes = entry.optionalText("attr") ?? "";
  if (attributes.includes("l")) {
    throw new MetainfoError(entry.field("attr"), "symlinks are not supported");
  }
  const key = preferUtf8(entry, "path");
  const path = entry.textList(key);
  const fault = findPathFault(path, platform);
  if (fault !== undefined) throw new MetainfoError(entry.field(key), fault);
  return {
    path: [name, ...path],
    length,
    isPadding: attributes.includes("p"),
  };
}

/** Old clients wrote another encoding to `name` and UTF-8 to `name.utf-8`. */
function preferUtf8(reader: FieldReader, key: string): string {
  return reader.has(`${key}.utf-8`) ? `${key}.utf-8` : key;
}
