/**
 * Shares and host names with Avahi, on the same host and on another one.
 * [RFC 6762, 6763]
 */
import { assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { createLan } from "../../scripts/lan/lan.ts";
import { startProbe } from "../lan/discovery_probe.ts";
import { lanTest } from "../lan/lan_test_case.ts";
import type { Host } from "../../scripts/lan/host.ts";
import { exists, missingProgram } from "../../scripts/clients/client.ts";

/** The reason why Avahi cannot be used; undefined if it can. */
const avahiMissing: string | undefined = await missingProgram("avahi-daemon") ??
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
interface Avahi {
  /** The lines of `avahi-browse -rpt TYPE` that describe a resolved service. */
  browse(type: string): Promise<string[]>;
  /** The output of `avahi-resolve -n NAME`: the name and an address. */
  resolve(name: string): Promise<string>;
}

/** Starts it on a host, whose name becomes `HOST.local`. */
async function startAvahi(host: Host): Promise<Avahi> {
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

const TYPE = "_lanswarm._tcp";
/**
 * Longest wait for an answer of Avahi's tools, which wait a second or so for those of
 * others; the records of a share that is gone would expire after 120 s.
 */
const ANSWERED_WITHIN_MS = 60_000;

/** Asks until the answer matches. */
async function until(
  pattern: RegExp,
  ask: () => Promise<string>,
): Promise<void> {
  const endMs = performance.now() + ANSWERED_WITHIN_MS;
  let answer = await ask();
  while (!pattern.test(answer)) {
    if (performance.now() > endMs) assertMatch(answer, pattern);
    await delay(200);
    answer = await ask();
  }
}

lanTest(
  "avahi-browse and avahi-resolve find a share beside a running avahi-daemon and on a host without one",
  async () => {
    await using lan = await createLan(["teacher", "student"]);
    const [teacher, student] = [lan.host("teacher"), lan.host("student")];
    const avahi = await startAvahi(student);
    const alone = startProbe(teacher, "share", "alone");
    await alone.stdout.waitFor(/^host lanswarm\.local$/);
    const beside = startProbe(student, "share", "beside");
    await beside.stdout.waitFor(/^host lanswarm-2\.local$/);

    for (
      const [name, address] of [
        ["alone", "10.77.0.1"],
        ["beside", "10.77.0.2"],
      ] as const
    ) {
      const line = new RegExp(
        `;${name}-.*;${
          address.replaceAll(".", "\\.")
        };8000;.*"p=/a\\.torrent".*"v=1"`,
      );
      await until(line, async () => (await avahi.browse(TYPE)).join("\n"));
    }
    await until(
      /^lanswarm\.local\t(10\.77\.0\.1|fd77::1)$/,
      () => avahi.resolve("lanswarm.local"),
    );
    await until(
      /^lanswarm-2\.local\t(10\.77\.0\.2|fd77::2)$/,
      () => avahi.resolve("lanswarm-2.local"),
    );

    // The other way round: we resolve the name of a host that runs Avahi.
    for (const host of [teacher, student]) {
      const { stdout } = await startProbe(host, "resolve", "student.local")
        .ended();
      const addresses: string[] = JSON.parse(stdout);
      assertEquals(addresses.includes("10.77.0.2"), true, stdout);
    }

    // Shares that have taken leave are gone from Avahi's cache, a second later.
    for (const program of [alone, beside]) await program.stop("SIGTERM");
    await until(/^$/, async () => (await avahi.browse(TYPE)).join("\n"));
  },
  { missing: avahiMissing },
);
