/**
 * The rollout of a machine, as any host may answer for one.
 */
import { assertEquals, assertRejects } from "@std/assert";
import { FetchError, fetchRollout, fetchRollouts } from "../../lib/mod.ts";

const SHARE = {
  ...{ id: "f00", name: "images", verdict: { verified: 1, isMet: true } },
  hosts: [{ name: "a", state: "done", isExpected: true, fraction: 1 }],
};

/** Asks a server for everything that answers with a body. */
async function ask(body: string): Promise<unknown> {
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(body),
  );
  const origin = `http://127.0.0.1:${server.addr.port}`;
  return body.includes('"shares"')
    ? await fetchRollouts(origin)
    : await fetchRollout(origin, "f00");
}

Deno.test("fetchRollout() refuses what no share says", async () => {
  assertEquals(await ask(JSON.stringify(SHARE)), { ...SHARE, version: 1 });
  assertEquals(await ask(JSON.stringify({ shares: [SHARE] })), [SHARE]);
  const [host] = SHARE.hosts;
  for (
    const wrong of [
      ...[null, [], {}, { ...SHARE, hosts: {} }, { ...SHARE, name: 1 }],
      ...[{ ...SHARE, hosts: [{ ...host, state: "gone" }] }],
      ...[{ ...SHARE, hosts: [{ ...host, name: {} }] }, { shares: {} }],
      ...[{ ...SHARE, verdict: null }, { shares: [{ name: "a" }] }],
    ]
  ) {
    await assertRejects(() => ask(JSON.stringify(wrong)), FetchError);
  }
  await assertRejects(() => ask("{"), FetchError, "is not JSON");
});
