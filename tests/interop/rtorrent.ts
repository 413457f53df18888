/**
 * Drives rTorrent by its program `rtorrent`, as a daemon without a terminal.
 *
 * @module
 */
import {
  type Client,
  markerPath,
  missingProgram,
} from "../../scripts/clients/client.ts";
import type { Host } from "../../scripts/lan/host.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";

/** rTorrent 0.9.8 in Debian 12. */
export const rtorrent: Client = {
  name: "rtorrent",
  missing: await missingProgram("rtorrent"),
  start: startRtorrent,
};

async function startRtorrent(
  host: Host,
  torrent: string,
): Promise<RunningProgram> {
  const session = host.path(".rtorrent");
  await Deno.mkdir(session);
  const settings = host.path(".rtorrent.rc");
  await Deno.writeTextFile(
    settings,
    `system.daemon.set = true
session.path.set = ${session}
directory.default.set = ${host.folder}
network.port_range.set = 6881-6899
dht.mode.set = disable
protocol.pex.set = no
method.set_key = event.download.finished,marker,"execute.nothrow=touch,${
      markerPath(host)
    }"
`,
  );
  return host.spawn("rtorrent", ["-n", "-o", `import=${settings}`, torrent]);
}
