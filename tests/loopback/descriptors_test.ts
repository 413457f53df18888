/**
 * Content that is opened, verified, written and recorded while the process has no
 * file descriptor left.
 */
import { assert, assertEquals } from "@std/assert";
import { FdPressure } from "../../lib/base/fd_pressure.ts";
import { openTorrentContent } from "../../lib/disk/torrent_content.ts";
import { sampleTorrent } from "../core/disk/sample_torrent.ts";
import { storePieces } from "./store_content.ts";
import { temporaryFolder } from "./temporary_folder.ts";

/** An unusual name, two that some file systems take for one, and an empty file. */
const FILES = [
  { path: ["album", "a".repeat(150)], length: 20_000 },
  { path: ["album", "Track"], length: 20_000 },
  { path: ["album", "track"], length: 20_000 },
  { path: ["album", "empty"], length: 0 },
];

/** Lets no file be opened the first time, and counts the shortages that are met. */
function openLate(): { readonly failed: Set<string> } & Disposable {
  const failed = new Set<string>();
  const { open, openSync } = Deno;
  const requireSecond = (path: string | URL): void => {
    // Each run gives these names of their own.
    const name = `${path}`.replace(
      /[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}/,
      "",
    );
    if (failed.has(name)) return;
    failed.add(name);
    throw Object.assign(new Error("too many open files"), { code: "EMFILE" });
  };
  Object.assign(Deno, {
    open: async (path: string | URL, options?: Deno.OpenOptions) => {
      requireSecond(path);
      return await open(path, options);
    },
    openSync: (path: string | URL, options?: Deno.OpenOptions) => {
      requireSecond(path);
      return openSync(path, options);
    },
  });
  return {
    failed,
    [Symbol.dispose]: () => void Object.assign(Deno, { open, openSync }),
  };
}

Deno.test("content waits for a descriptor wherever it opens a file", async () => {
  await using folder = await temporaryFolder();
  const { torrent, content } = sampleTorrent(16_384, FILES);
  const dir = folder.path;
  const fdPressure = new FdPressure();
  let shortageCount = 0;
  using _ = fdPressure.onShortage(() => shortageCount++);
  using late = openLate();
  const opened = await openTorrentContent(torrent, { dir, fdPressure });
  const have = await opened.verify();
  assertEquals(have.count, 0);
  await opened.begin(have);
  await storePieces(opened.storage, torrent, { content });
  for (let index = 0; index < torrent.geometry.pieceCount; index++) {
    have.add(index);
  }
  await opened.close(() => have);
  const again = await openTorrentContent(torrent, { dir, fdPressure });
  assert((await again.verify()).isFull);
  await again.close(() => have);
  assert(shortageCount > 0);
  const names = [...late.failed];
  for (const part of ["empty", "pair 0", ".owner", ".resume", "record.key"]) {
    assert(names.some((name) => name.includes(part)), `${part} in ${names}`);
  }
});
