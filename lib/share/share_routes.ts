/**
 * The routes of a share for machines with nothing installed: the join scripts, the
 * executables that they fetch, and the shared files. Invariant: a path is only looked
 * up in tables of what is shared, so no path leads to another file, and no folder is
 * listed.
 *
 * @module
 */
import { isRegularFile, type Torrent } from "../metainfo/torrent.ts";
import {
  originOf,
  percentDecode,
  percentEncode,
} from "../catalogue/torrent_links.ts";
import type { Storage } from "../disk/storage.ts";
import { type HttpResponse, textResponse } from "../http/response.ts";
import type {
  TrackerHandler,
  TrackerRequest,
} from "../tracker/http_handler.ts";
import { attachment } from "../tracker/torrent_routes.ts";
import type { ExecutableFolder } from "./executables.ts";
import {
  fileResponse,
  type OpenFile,
  type ServedFile,
} from "./file_response.ts";
import {
  JOIN_TARGETS,
  posixJoinScript,
  powershellJoinScript,
} from "./join_script.ts";
import { endingBody, ResponseSlots } from "./lasting_response.ts";

/** Path of the executables on a share's server; the target follows. */
const EXECUTABLE_PATH = "/bin/";
/** Path of the shared files; the info hash and the path of the file follow. */
const FILE_PATH = "/files/";
/** Downloads at once: each holds a buffer. */
const MAX_DOWNLOADS = { all: 64, ofAddress: 6 };
const UNKNOWN_TYPE = "application/octet-stream";

/** A torrent whose files can be downloaded one by one. */
export interface SharedTorrent {
  /** The torrent. */
  readonly torrent: Torrent;
  /** Its content; `undefined` while it cannot be read. */
  readonly storage: () => Pick<Storage, "read"> | undefined;
}

export interface ShareRoutesOptions {
  /** The complete torrent with an info hash in lower-case hex. */
  readonly find: (infoHash: string) => SharedTorrent | undefined;
  /** The executables to hand out; `undefined` if there are none. */
  readonly executables: Pick<ExecutableFolder, "find"> | undefined;
  /** Scheme, host and port of the share, for requests without a valid `Host`. */
  readonly origin: () => string;
}

/** The path of a shared file on the share's server. */
export function sharedFilePath(
  infoHash: string,
  path: readonly string[],
): string {
  return `${FILE_PATH}${infoHash}/${path.map(percentEncode).join("/")}`;
}

export function shareRoutes(
  options: ShareRoutesOptions,
): ReadonlyMap<string, TrackerHandler> {
  const slots = new ResponseSlots(MAX_DOWNLOADS);
  const places = new WeakMap<Torrent, ReadonlyMap<string, FilePlace>>();

  async function script(
    request: TrackerRequest,
    write: typeof posixJoinScript,
  ): Promise<HttpResponse> {
    const found = await Promise.all(
      JOIN_TARGETS.map((target) => options.executables?.find(target)),
    );
    const executables = found.filter((one) => one !== undefined);
    const origin = originOf(request.header("host"), options.origin());
    return textResponse(200, write({ origin, executables }));
  }

  async function executable(request: TrackerRequest): Promise<HttpResponse> {
    const target = request.path.slice(EXECUTABLE_PATH.length);
    const found = JOIN_TARGETS.includes(target)
      ? await options.executables?.find(target)
      : undefined;
    if (found === undefined) return NOT_FOUND;
    const { path, length, sha256: version } = found;
    return send(request, {
      ...{ length, version, open: () => openFile(path) },
      headers: downloadHeaders(`lanswarm-${target}`, UNKNOWN_TYPE),
    });
  }

  async function sharedFile(request: TrackerRequest): Promise<HttpResponse> {
    // No file has an empty name, which stands here for a malformed name.
    const [infoHash = "", ...path] = request.path.slice(FILE_PATH.length)
      .split("/").map((part) => percentDecode(part) ?? "");
    const { torrent, storage } = options.find(infoHash) ?? {};
    if (torrent === undefined) return NOT_FOUND;
    const content = storage?.();
    if (content === undefined) return UNAVAILABLE;
    const files = places.get(torrent) ?? placesOf(torrent);
    places.set(torrent, files);
    const place = files.get(sharedFilePath(infoHash, path));
    if (place === undefined) return NOT_FOUND;
    const { index, name, length, offsetInTorrent } = place;
    const { contentType } = await import("@std/media-types/content-type");
    const extension = name.slice(name.lastIndexOf(".") + 1);
    const open = (): Promise<OpenFile> =>
      Promise.resolve({
        read: (offset, into) => content.read(offsetInTorrent + offset, into),
        [Symbol.dispose]: () => {},
      });
    return send(request, {
      ...{ length, version: `${infoHash}-${index}`, open },
      headers: downloadHeaders(name, contentType(extension) ?? UNKNOWN_TYPE),
    });
  }

  /** Takes the slot before the first read, as many requests may come at once. */
  function send(request: TrackerRequest, file: ServedFile): HttpResponse {
    const response = fileResponse(request, file);
    const { body } = response;
    if (request.method === "HEAD" || typeof body === "string") return response;
    const release = slots.take(request.remoteHostname);
    return release === undefined ? TOO_MANY : {
      ...response,
      body: endingBody(body as AsyncIterable<Uint8Array>, release),
    };
  }

  return new Map<string, TrackerHandler>([
    ["/join", (request) => script(request, posixJoinScript)],
    ["/join.ps1", (request) => script(request, powershellJoinScript)],
    [EXECUTABLE_PATH, executable],
    [FILE_PATH, sharedFile],
  ]);
}

async function openFile(path: string): Promise<OpenFile> {
  const file = await Deno.open(path);
  return {
    read: async (offset, into) => {
      await file.seek(offset, Deno.SeekMode.Start);
      for (let done = 0; done < into.length;) {
        const count = await file.read(into.subarray(done));
        if (count === null) throw new Error(`Cannot send ${path}: it shrank`);
        done += count;
      }
    },
    [Symbol.dispose]: () => file.close(),
  };
}

function downloadHeaders(name: string, type: string): HttpResponse["headers"] {
  return {
    "content-type": type,
    "content-disposition": attachment(name),
    "cache-control": "no-cache",
  };
}

interface FilePlace {
  /** In the torrent's `files`. */
  readonly index: number;
  readonly name: string;
  readonly length: number;
  readonly offsetInTorrent: number;
}

/** The files of a torrent by their paths on the server. */
function placesOf({ infoHash, files }: Torrent): Map<string, FilePlace> {
  const places = new Map<string, FilePlace>();
  let offsetInTorrent = 0;
  for (const [index, file] of files.entries()) {
    const { path, length } = file;
    const place = { index, name: path.at(-1)!, length, offsetInTorrent };
    if (isRegularFile(file)) places.set(sharedFilePath(infoHash, path), place);
    offsetInTorrent += length;
  }
  return places;
}

const NOT_FOUND = textResponse(
  404,
  "Not found. The page at / lists what is shared.\n",
);
const TOO_MANY = textResponse(
  503,
  "Too many downloads at once. Try again when one has ended.\n",
  { "retry-after": "10" },
);
const UNAVAILABLE = textResponse(
  503,
  "The files have changed and are hashed again. Try again later.\n",
  { "retry-after": "10" },
);
