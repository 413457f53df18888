/**
 * The content of a benchmark: hashed once, linked into each seeder's folder, and
 * compared with each leecher's copy.
 */
import { dirname, join } from "@std/path";
import { buildTorrentFile, createTorrent, type Torrent } from "../../mod.ts";
import type { Host } from "../lan/host.ts";
import { runCommand } from "../programs/running_program.ts";
import { writeRandomFile } from "../programs/sample_file.ts";

export class Content {
  readonly #folder: string;
  /** The torrent; its trackers are not those of a swarm. */
  readonly torrent: Torrent;
  readonly length: number;

  private constructor(folder: string, torrent: Torrent) {
    this.#folder = folder;
    this.torrent = torrent;
    this.length = torrent.geometry.length;
  }

  /** Writes and hashes a file of random bytes in `folder`. */
  static async random(folder: string, length: number): Promise<Content> {
    const name = "benchmark.bin";
    await writeRandomFile(join(folder, name), length);
    return await Content.hash(folder, name);
  }

  /** Hashes the file or folder `name` in `folder`. */
  static async hash(folder: string, name: string): Promise<Content> {
    const { torrent } = await createTorrent(join(folder, name), {
      announce: ["http://127.0.0.1/announce"],
    });
    return new Content(folder, torrent);
  }

  /** A torrent file for the tracker at `announceUrl`. */
  torrentFor(announceUrl: string): Uint8Array {
    return buildTorrentFile(this.torrent, [announceUrl]);
  }

  /** Links all files into a host's folder, which must be in the workspace too. */
  async layInto(host: Host): Promise<void> {
    const made = new Set<string>();
    for (const { path } of this.torrent.files) {
      const target = host.path(...path);
      const parent = dirname(target);
      if (!made.has(parent)) await Deno.mkdir(parent, { recursive: true });
      made.add(parent);
      await Deno.link(join(this.#folder, ...path), target);
    }
  }

  async compareWith(host: Host): Promise<void> {
    const { name } = this.torrent;
    await compareCopy(join(this.#folder, name), host.path(name));
  }
}

/** Compares files, or folders with all that is in them. @throws {Error} If they differ. */
export async function compareCopy(source: string, copy: string): Promise<void> {
  const { code, stdout, stderr } = await runCommand("diff", [
    ...["--recursive", "--brief", "--exclude=.lanswarm", source, copy],
  ]);
  if (code === 0) return;
  throw new Error(
    `Cannot use the run: the copy ${copy} is wrong: ${stdout}${stderr}`,
  );
}
