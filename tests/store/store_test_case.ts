/**
 * Registers tests that need a real Redis, where one is installed.
 *
 * @module
 */
import { redisMissing, RedisServer } from "./redis_server.ts";
import { testUnless } from "../test_unless.ts";

/** Registers a test with a Redis of its own, which is empty. */
export function redisTest(
  name: string,
  fn: (redis: RedisServer) => Promise<void>,
  settings: readonly string[] = [],
): void {
  testUnless(redisMissing, name, async () => {
    await using redis = await RedisServer.start(settings);
    await fn(redis);
  });
}
