/**
 * WebTorrent under Node.js, if the user has installed that npm package in a folder of
 * its own. In a file of its own, as it needs the user's home and the others do not.
 */
import { fromFileUrl, join } from "@std/path";
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";
import { type Client, exists, markerPath, missingProgram } from "./client.ts";

/** Its folder below the user's home. */
const FOLDER = join(".cache", "lanswarm-bench");

const home = Deno.env.get("HOME") ?? "";
const packageFolder = join(home, FOLDER, "node_modules", "webtorrent");
const entryPoint = join(packageFolder, "index.js");

/** WebTorrent 3. */
export const webtorrent: Client = {
  name: "webtorrent",
  missing: await missingPackage(),
  start(host: Host, torrentName: string): Promise<RunningProgram> {
    const script = fromFileUrl(new URL("webtorrent_peer.mjs", import.meta.url));
    return Promise.resolve(
      host.spawn("node", [script, entryPoint, torrentName, markerPath(host)]),
    );
  },
};

/** The installed version; undefined if there is none. */
export async function webtorrentVersion(): Promise<string | undefined> {
  if (webtorrent.missing !== undefined) return undefined;
  const text = await Deno.readTextFile(join(packageFolder, "package.json"));
  const { version }: { version: string } = JSON.parse(text);
  return version;
}

async function missingPackage(): Promise<string | undefined> {
  const missing = await missingProgram("node");
  if (missing !== undefined) return missing;
  return await exists(entryPoint)
    ? undefined
    : `webtorrent is not installed (npm install --ignore-scripts --prefix ~/${FOLDER} webtorrent)`;
}
