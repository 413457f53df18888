/**
 * The routes that a share adds to its tracker, for machines with nothing installed:
 * the join scripts, the executables that they fetch, and the files themselves.
 * Invariant: a path is only looked up in tables of what is shared, so no path leads
 * to another file, and no folder is listed.
 *
 * @module
 */
import type { Torrent } from "../metainfo/torrent.ts";
import { originOf, percentEncode } from "../catalogue/torrent_links.ts";
import type { Storage } from "../disk/storage.ts";
import type { HttpResponse } from "../http/response.ts";
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
  type OfferedExecutable,
  posixJoinScript,
  powershellJoinScript,
} from "./join_script.ts";

/** Path of the executables on a share's server; the target follows. */
const EXECUTABLE_PATH = "/bin/";
/** Path of the shared files; the info hash and the path of the file follow. */
const FILE_PATH = "/files/";

/** Downloads at once, from all hosts and from one. */
const MAX_DOWNLOADS = 64;
const MAX_DOWNLOADS_PER_HOST = 6;

/** A torrent whose files can be downloaded one by one. */
export interface SharedTorrent {
  /** The torrent. */
  readonly torrent: Torrent;
  /** Its content; `undefined` while it cannot be read. */
  readonly storage: () => Pick<Storage, "read"> | undefined;
}

/** Options of {@linkcode shareRoutes}. */
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

/** The routes of a share, for its tracker's handler. */
export function shareRoutes(
  options: ShareRoutesOptions,
): ReadonlyMap<string, TrackerHandler> {
  const downloads = new DownloadSlots();
  const files = new WeakMap<Torrent, ReadonlyMap<string, FilePlace>>();

  async function script(
    request: TrackerRequest,
    write: typeof posixJoinScript,
  ): Promise<HttpResponse> {
    const found = await Promise.all(
      JOIN_TARGETS.map((target) => options.executables?.find(target)),
    );
    const executables: OfferedExecutable[] = found
      .filter((executable) => executable !== undefined);
    const origin = originOf(request.header("host"), options.origin());
    return plain(200, write({ origin, executables }));
  }

  async function executable(request: TrackerRequest): Promise<HttpResponse> {
    const target = JOIN_TARGETS.find((target) =>
      request.path === EXECUTABLE_PATH + target
    );
    const found = target === undefined
      ? undefined
      : await options.executables?.find(target);
    if (found === undefined) return NOT_FOUND;
    const { path, length, sha256 } = found;
    const headers = downloadHeaders(
      `lanswarm-${target}`,
      "application/octet-stream",
    );
    return send(request, {
      length,
      version: sha256,
      headers,
      open: () => openFile(path),
    });
  }

  async function sharedFile(request: TrackerRequest): Promise<HttpResponse> {
    const [infoHash = "", ...path] = decodePath(request.path) ?? [];
    const shared = options.find(infoHash);
    if (shared === undefined) return NOT_FOUND;
    const { torrent } = shared;
    const storage = shared.storage();
    if (storage === undefined) return UNAVAILABLE;
    const places = files.get(torrent) ?? placesOf(torrent);
    files.set(torrent, places);
    const place = places.get(sharedFilePath(infoHash, path));
    if (place === undefined) return NOT_FOUND;
    const { index, name, length, offsetInTorrent } = place;
    const { contentType } = await import("@std/media-types/content-type");
    const extension = name.slice(name.lastIndexOf(".") + 1);
    const type = contentType(extension) ?? "application/octet-stream";
    return send(request, {
      length,
      version: `${infoHash}-${index}`,
      headers: downloadHeaders(name, type),
      open: () =>
        Promise.resolve({
          read: (offset, into) => storage.read(offsetInTorrent + offset, into),
          [Symbol.dispose]: () => {},
        }),
    });
  }

  function send(request: TrackerRequest, file: ServedFile): HttpResponse {
    const response = fileResponse(request, file);
    return request.method === "HEAD" || typeof response.body === "string"
      ? response
      : downloads.limit(response, request.remoteHostname);
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

/** The components below `/files/`; `undefined` where they are malformed. */
function decodePath(path: string): string[] | undefined {
  try {
    return path.slice(FILE_PATH.length).split("/").map(decodeURIComponent);
  } catch (error) {
    // A % without two hex digits, or bytes that are not UTF-8.
    if (!(error instanceof URIError)) throw error;
    return undefined;
  }
}

function downloadHeaders(name: string, type: string): HttpResponse["headers"] {
  return {
    "content-type": type,
    "content-disposition": attachment(name),
    "cache-control": "no-cache",
  };
}

/** A file of a torrent. */
interface FilePlace {
  /** In the torrent's `files`. */
  readonly index: number;
  readonly name: string;
  /** In bytes. */
  readonly length: number;
  readonly offsetInTorrent: number;
}

/** The files of a torrent by their paths on the server. */
function placesOf({ infoHash, files }: Torrent): Map<string, FilePlace> {
  const places = new Map<string, FilePlace>();
  let offsetInTorrent = 0;
  for (const [index, { path, length, isPadding }] of files.entries()) {
    const place = { index, name: path.at(-1)!, length, offsetInTorrent };
    if (!isPadding) places.set(sharedFilePath(infoHash, path), place);
    offsetInTorrent += length;
  }
  return places;
}

/** Limits the downloads that are sent at once, because each holds a buffer. */
class DownloadSlots {
  readonly #countByHost = new Map<string, number>();
  #count = 0;

  /** The response, or 503 where too many are being sent. */
  limit(response: HttpResponse, host: string): HttpResponse {
    const count = this.#countByHost.get(host) ?? 0;
    if (this.#count >= MAX_DOWNLOADS || count >= MAX_DOWNLOADS_PER_HOST) {
      return TOO_MANY;
    }
    return {
      ...response,
      body: this.#counted(response.body as AsyncIterable<Uint8Array>, host),
    };
  }

  /**
   * Takes a slot before the first part is read, as many requests may come at once,
   * and until the end, also of a body of which nothing is read. A generator that
   * was not started runs no `finally`.
   */
  #counted(
    body: AsyncIterable<Uint8Array>,
    host: string,
  ): AsyncIterable<Uint8Array> {
    this.#change(host, 1);
    let isOver = false;
    const end = (): void => {
      if (!isOver) this.#change(host, -1);
      isOver = true;
    };
    const parts = body[Symbol.asyncIterator]();
    const iterator: AsyncIterator<Uint8Array, undefined> = {
      next: async () => {
        try {
          const part = await parts.next();
          if (!part.done) return part;
        } catch (error) {
          end();
          throw error;
        }
        end();
        return { done: true, value: undefined };
      },
      return: async () => {
        end();
        await parts.return?.();
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  #change(host: string, by: number): void {
    this.#count += by;
    const count = (this.#countByHost.get(host) ?? 0) + by;
    if (count === 0) this.#countByHost.delete(host);
    else this.#countByHost.set(host, count);
  }
}

function plain(status: number, body: string): HttpResponse {
  return { status, headers: PLAIN_HEADERS, body };
}

const PLAIN_HEADERS = {
  "content-type": "text/plain; charset=utf-8",
  "cache-control": "no-store",
};

const NOT_FOUND: HttpResponse = plain(
  404,
  "Not found. The page at / lists what is shared.\n",
);

const TOO_MANY = later(
  "Too many downloads at once. Try again when one has ended.\n",
);

const UNAVAILABLE = later(
  "The files have changed and are hashed again. Try again later.\n",
);

function later(body: string): HttpResponse {
  const headers = { ...PLAIN_HEADERS, "retry-after": "10" };
  return { status: 503, headers, body };
}
