/**
 * Shares and host names with Avahi, on the same host and on another one.
 * [RFC 6762, 6763]
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { avahiMissing, startAvahi } from "./avahi.ts";
import { createLan } from "../../scripts/lan/lan.ts";
import { startProbe } from "../lan/discovery_probe.ts";
import { lanTest } from "../lan/lan_test_case.ts";

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
