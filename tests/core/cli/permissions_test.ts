import { assertEquals } from "@std/assert";
import { JobPermissions } from "../../../cli/program.ts";

/** The permissions of a process, and those that were revoked since the last look. */
function openPermissions(): {
  process: JobPermissions;
  revoked: () => string[];
} {
  const names = new Set<string>();
  const seen = new Set<string>();
  const process = JobPermissions.ofProcess((name) => {
    names.add(name);
    return Promise.resolve();
  });
  const revoked = (): string[] => {
    const news = [...names].filter((name) => !seen.has(name));
    news.forEach((name) => seen.add(name));
    return news.sort();
  };
  return { process, revoked };
}

Deno.test("JobPermissions.keepOnly() revokes everything else for the only job", async () => {
  const { process, revoked } = openPermissions();
  await process.keepOnly("read", "net");
  assertEquals(revoked(), ["env", "ffi", "run", "sys", "write"]);
  // A permission that is given up does not come back.
  await process.keepOnly("write", "net");
  assertEquals(revoked(), ["read"]);
  await process.keepOnly();
  assertEquals(revoked(), ["net"]);
});

Deno.test("JobPermissions revokes only what no job keeps", async () => {
  const { process, revoked } = openPermissions();
  const tracker = process.forAnotherJob();
  const peer = process.forAnotherJob();
  await tracker.keepOnly("net");
  assertEquals(revoked(), []);
  await peer.keepOnly("net", "read", "write");
  assertEquals(revoked(), []);
  await process.keepOnly();
  assertEquals(revoked(), ["env", "ffi", "run", "sys"]);
  await tracker.keepOnly();
  assertEquals(revoked(), []);
});

Deno.test("JobPermissions revokes what only a job kept that has ended", async () => {
  const { process, revoked } = openPermissions();
  {
    await using creator = process.forAnotherJob();
    await creator.keepOnly("read", "write");
    await process.keepOnly("net");
    assertEquals(revoked(), ["env", "ffi", "run", "sys"]);
  }
  assertEquals(revoked(), ["read", "write"]);
  await process[Symbol.asyncDispose]();
  assertEquals(revoked(), []);
});
