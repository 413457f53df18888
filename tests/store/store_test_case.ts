/**
 * Registers tests that need a real Redis. Where none is installed they are
 * ignored and the reason stands in their name; in CI, where nothing may be
 * missing, they fail with that reason.
 *
 * @module
 */
import {
  redisMissing,
  RedisServer,
} from "../../scripts/programs/redis_server.ts";

const isContinuousIntegration = Deno.env.get("CI") === "true";

/** Registers a test with a Redis of its own, which is empty. */
export function redisTest(
  name: string,
  fn: (redis: RedisServer) => Promise<void>,
  settings: readonly string[] = [],
): void {
  if (redisMissing === undefined) {
    Deno.test(name, async () => {
      await using redis = await RedisServer.start(settings);
      await fn(redis);
    });
  } else if (isContinuousIntegration) {
    Deno.test(name, () => {
      throw new Error(
        `Cannot run this test, and CI may skip none: ${redisMissing}`,
      );
    });
  } else {
    Deno.test({
      name: `${name} (ignored: ${redisMissing})`,
      ignore: true,
      fn: () => {},
    });
  }
}
