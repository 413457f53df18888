/**
 * The entry of `peer` on a disk that never finishes to sync a file of a megabyte or
 * more, as one that other programs keep busy; smaller files, such as resume records,
 * are synced.
 */
const LARGE_BYTES = 1_000_000;

const sync = Deno.FsFile.prototype.sync;
Deno.FsFile.prototype.sync = async function (): Promise<void> {
  const { size } = await this.stat();
  if (size >= LARGE_BYTES) await new Promise(() => {});
  await sync.call(this);
};
await import("../../cli/main/peer.ts");
