import { assertEquals, assertLess, assertNotEquals } from "@std/assert";
import { createLan } from "../../scripts/lan/lan.ts";
import type { LanHost } from "../../scripts/lan/lan.ts";
import { lanTest } from "./lan_test_case.ts";

/** True if a host answers at the address within a second. */
async function answers(from: LanHost, address: string): Promise<boolean> {
  // The `exec` of bash opens TCP: port 9 refuses at once where a host answers.
  const { code } = await from.run("timeout", [
    ...["1", "bash", "-c", `exec 3<>/dev/tcp/${address}/9`],
  ]);
  // 124: no answer before the time was over.
  return code !== 124;
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
  assertEquals(await answers(a, b.address), false);
  await b.restoreLink();
  // Whoever was asked for in vain may be asked for again only after a while.
  const endTime = Date.now() + 20_000;
  while (!await answers(a, b.address)) assertLess(Date.now(), endTime);
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
