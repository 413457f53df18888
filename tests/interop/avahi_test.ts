/**
 * Shares and host names with Avahi, on the same host and on another one.
 * [RFC 6762, 6763]
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { avahiMissing, startAvahi } from "../../scripts/clients/avahi.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { startProbe } from "../../scripts/lan/sharing_steps.ts";
import { lanTest } from "../lan/lan_test_case.ts";

const TYPE = "_lanswarm._tcp";

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

    const lines = await avahi.browse(TYPE);
    for (
      const [name, address] of [
        ["alone", "10.77.0.1"],
        ["beside", "10.77.0.2"],
      ] as const
    ) {
      const line = lines.find((line) =>
        line.includes(`;${name}-`) && line.includes(`;${address};`)
      );
      assertMatch(line ?? lines.join("\n"), /;8000;.*"p=\/a\.torrent".*"v=1"/);
    }
    assertMatch(
      await avahi.resolve("lanswarm.local"),
      /^lanswarm\.local\t(10\.77\.0\.1|fd77::1)$/,
    );
    assertMatch(
      await avahi.resolve("lanswarm-2.local"),
      /^lanswarm-2\.local\t(10\.77\.0\.2|fd77::2)$/,
    );

    // The other way round: we resolve the name of a host that runs Avahi.
    for (const host of [teacher, student]) {
      const { stdout } = await startProbe(host, "resolve", "student.local")
        .ended();
      const addresses: string[] = JSON.parse(stdout);
      assertEquals(addresses.includes("10.77.0.2"), true, stdout);
    }

    // Shares that have taken leave are gone from Avahi's cache.
    for (const program of [alone, beside]) await program.stop("SIGTERM");
    await delay(1_500);
    assertEquals(await avahi.browse(TYPE), []);
  },
  { missing: avahiMissing },
);
