/**
 * The promises of every store, tested with each store.
 */
import { join } from "@std/path";
import { temporaryFolder } from "../loopback/temporary_folder.ts";
import { REPORT_CASES } from "./report_cases.ts";
import { open } from "./scene.ts";
import { redisTest } from "./redis_server.ts";
import { SWARM_CASES } from "./swarm_cases.ts";

for (const [name, run] of Object.entries({ ...SWARM_CASES, ...REPORT_CASES })) {
  Deno.test(`the memory's store ${name}`, () =>
    run((peerTimeoutMs) => open("memory", timeout(peerTimeoutMs))));

  Deno.test(`SQLite's store ${name}`, async () => {
    await using folder = await temporaryFolder();
    let count = 0;
    await run((peerTimeoutMs) =>
      open(
        `sqlite:${join(folder.path, `${count++}.db`)}`,
        timeout(peerTimeoutMs),
      )
    );
  });

  redisTest(`Redis's store ${name}`, async (redis) => {
    await run(async (peerTimeoutMs) => {
      await redis.command("FLUSHALL");
      return await open(redis.url, timeout(peerTimeoutMs));
    });
  });
}

function timeout(peerTimeoutMs = 180_000): { peerTimeoutMs: number } {
  return { peerTimeoutMs };
}
