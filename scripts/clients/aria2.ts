/**
 * aria2, by its program `aria2c`.
 *
 * @module
 */
import { type Client, missingProgram, writeMarkerScript } from "./client.ts";
import type { Host } from "../lan/host.ts";
import type { RunningProgram } from "../programs/running_program.ts";

/** aria2 1.36 in Debian 12. */
export const aria2: Client = {
  name: "aria2",
  missing: await missingProgram("aria2c"),
  async start(host: Host, torrentName: string): Promise<RunningProgram> {
    const script = await writeMarkerScript(host);
    return host.spawn("aria2c", [
      "--no-conf",
      "--dir=.",
      "--seed-ratio=0",
      "--enable-dht=false",
      "--enable-dht6=false",
      "--bt-enable-lpd=false",
      "--enable-peer-exchange=false",
      "--listen-port=6881-6899",
      "--bt-max-peers=0",
      "--file-allocation=none",
      "--allow-overwrite=true",
      "--check-integrity=true",
      "--summary-interval=0",
      "--show-console-readout=false",
      `--on-bt-download-complete=${script}`,
      torrentName,
    ]);
  },
};
