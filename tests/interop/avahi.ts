/**
 * Drives Avahi, the multicast DNS of Linux desktops, with a message bus of its own
 * on each host.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Host } from "../../scripts/lan/host.ts";
import { exists, missingProgram } from "../../scripts/clients/client.ts";

/** The reason why Avahi cannot be used; undefined if it can. */
export const avahiMissing: string | undefined =
  await missingProgram("avahi-daemon") ??
    await missingProgram("avahi-browse") ??
    await missingProgram("dbus-daemon");

/** Anything is allowed on the bus. */
const BUS = (path: string): string =>
  `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path=${path}</listen>
  <policy context="default">
    <allow own="*"/>
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
  </policy>
</busconfig>
`;

/** A running `avahi-daemon`. */
export interface Avahi {
  /** The lines of `avahi-browse -rpt TYPE` that describe a resolved service. */
  browse(type: string): Promise<string[]>;
  /** The output of `avahi-resolve -n NAME`: the name and an address. */
  resolve(name: string): Promise<string>;
}

/** Starts it on a host, whose name becomes `HOST.local`. */
export async function startAvahi(host: Host): Promise<Avahi> {
  const bus = host.path("bus");
  const env = { DBUS_SYSTEM_BUS_ADDRESS: `unix:path=${bus}` };
  await Deno.writeTextFile(host.path("bus.conf"), BUS(bus));
  await Deno.writeTextFile(
    host.path("avahi.conf"),
    `[server]\nhost-name=${host.name}\n`,
  );
  host.spawn("dbus-daemon", ["--config-file=bus.conf", "--nofork"]);
  for (let tries = 0; tries < 100 && !await exists(bus); tries++) {
    await delay(50);
  }
  // Its files are below /run: the command has a file system of its own there.
  const daemon = host.spawn("sh", [
    "-c",
    "mount -t tmpfs tmpfs /run && mkdir /run/avahi-daemon && " +
    "exec avahi-daemon -f avahi.conf --no-drop-root --no-chroot",
  ], { env });
  await daemon.stderr.waitFor(/Server startup complete/);
  return {
    browse: async (type) => {
      const { stdout } = await host.run("avahi-browse", ["-rpt", type], {
        env,
      });
      return stdout.split("\n").filter((line) => line.startsWith("="));
    },
    resolve: async (name) =>
      (await host.run("avahi-resolve", ["-n", name], { env })).stdout.trim(),
  };
}
