import { assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { createLan } from "../../scripts/lan/lan.ts";
import type { LanHost } from "../../scripts/lan/lan.ts";
import { lanTest } from "./lan_test_case.ts";

/** True if a host answers at the address: it refuses TCP at port 9. */
async function answers(
  from: LanHost,
  address: string,
  seconds = 30,
): Promise<boolean> {
  // The `exec` of bash opens TCP. Without an answer it ends by the time, or by the
  // system, which finds no route after some seconds.
  const { stderr } = await from.run("timeout", [
    ...[`${seconds}`, "bash", "-c", `exec 3<>/dev/tcp/${address}/9`],
  ]);
  return stderr.includes("refused");
}

lanTest(
  "createLan() makes hosts that reach each other by IPv4 and IPv6",
  async () => {
    await using lan = await createLan(["a", "b"]);
    assertEquals(await answers(lan.host("a"), lan.host("b").address), true);
    assertEquals(await answers(lan.host("a"), lan.host("b").address6), true);
  },
);

lanTest("a LAN host is out of reach while its link is cut", async () => {
  await using lan = await createLan(["a", "b"], { megabitsPerSecond: 100 });
  const [a, b] = [lan.host("a"), lan.host("b")];
  assertEquals(await answers(a, b.address), true);
  await b.cutLink();
  assertEquals(await answers(a, b.address, 1), false);
  await b.restoreLink();
  // Whoever was asked for in vain may be asked for again only after a while.
  const endTime = Date.now() + 60_000;
  while (!await answers(a, b.address, 1)) assertLess(Date.now(), endTime);
});

lanTest(
  "a LAN's processes end with it, and it leaves no namespace",
  async () => {
    const lan = await createLan(["only"]);
    const sleeper = lan.host("only").spawn("sleep", ["600"]);
    const parent = lan.host("only").spawn("sh", ["-c", "sleep 600; true"]);
    await lan[Symbol.asyncDispose]();
    assertNotEquals((await sleeper.ended()).code, 0);
    assertNotEquals((await parent.ended()).code, 0);
    const listed = await new Deno.Command("ip", { args: ["netns", "list"] })
      .output();
    const names = new TextDecoder().decode(listed.stdout);
    assertEquals(names.includes(lan.prefix), false);
  },
);
