import { assertEquals } from "@std/assert";
import { identifierToBytes } from "../../../../lib/base/identifier.ts";
import {
  addMembers,
  pickMembers,
} from "../../../../lib/tracker/store/members.ts";
import type { PickedPeers } from "../../../../lib/tracker/store/peer_store.ts";
import { addressesOf, peerAnnounce, peerId } from "../../announce/samples.ts";

/** A member as the script writes it: the peer's name, and its addresses on port 6881. */
function member(
  name: string,
  { ipv4, ipv6, isSeeder = false }: {
    ipv4?: readonly number[];
    ipv6?: readonly number[];
    isSeeder?: boolean;
  },
): number[] {
  const [first, second] = [ipv4, ipv6].filter((address) =>
    address !== undefined
  )
    .map((address) => [...address, 0x1a, 0xe1]);
  return [
    ipv4 ? 4 : ipv6 ? 6 : 0,
    ...first ?? [],
    (second ? 1 : 0) | (isSeeder ? 2 : 0),
    ...identifierToBytes(peerId(name)),
    ...second ?? [],
  ];
}

const IPV6 = [0x20, 0x01, 0x0d, 0xb8, ...new Array(11).fill(0), 7];
const LOOPBACK_IPV6 = [...new Array(15).fill(0), 1];

const MEMBERS = Uint8Array.from([
  ...member("four", { ipv4: [192, 0, 2, 4] }),
  ...member("hidden", {}),
  ...member("seeder", { ipv4: [192, 0, 2, 5], isSeeder: true }),
  ...member("six", { ipv6: IPV6 }),
  ...member("both", { ipv4: [192, 0, 2, 6], ipv6: [...IPV6.slice(0, 15), 8] }),
  ...member("here", { ipv4: [127, 0, 0, 1], ipv6: LOOPBACK_IPV6 }),
]);

function hostnames(peers: PickedPeers): string[] {
  return addressesOf(peers).map(({ hostname }) => hostname);
}

Deno.test("pickMembers() lists every address that is of use to the asker", () => {
  assertEquals(hostnames(pickMembers(MEMBERS, peerAnnounce("asker"))), [
    ...["192.0.2.4", "192.0.2.5", "192.0.2.6"],
    ...["2001:db8::7", "2001:db8::8"],
  ]);
  const here = { hostname: "127.0.0.1", port: 1 };
  const asker = peerAnnounce("asker", { address: here });
  assertEquals(hostnames(pickMembers(MEMBERS, asker)).slice(3), [
    "127.0.0.1",
    ...["2001:db8::7", "2001:db8::8", "::1"],
  ]);
});

Deno.test("pickMembers() lists no more than are wanted, of each kind its share", () => {
  const counted = (numwant: number): number[] => {
    const asker = peerAnnounce("asker", { numwant, wantsIds: true });
    const { ids, ipv4, ipv6 } = pickMembers(MEMBERS, asker);
    assertEquals(ids?.length, 20 * (ipv4.length / 6 + ipv6.length / 18));
    return [ipv4.length / 6, ipv6.length / 18];
  };
  assertEquals(counted(9), [3, 2]);
  assertEquals(counted(4), [2, 2]);
  assertEquals(counted(1), [1, 0]);
  assertEquals(counted(0), [0, 0]);
});

Deno.test("pickMembers() gives ids in the order of the addresses", () => {
  const { ids } = pickMembers(
    MEMBERS,
    peerAnnounce("asker", { wantsIds: true }),
  );
  const expected = ["four", "seeder", "both", "six", "both"];
  assertEquals(
    ids,
    Uint8Array.from(expected.flatMap((name) => [
      ...identifierToBytes(peerId(name)),
    ])),
  );
});

Deno.test("addMembers() adds others: not the asker, no seeder to one, nobody twice", () => {
  const already = pickMembers(
    Uint8Array.from(member("mine", { ipv4: [192, 0, 2, 4] })),
    peerAnnounce("both", { wantsIds: true }),
  );
  const asLeecher = peerAnnounce("both", { wantsIds: true });
  const added = addMembers(already, MEMBERS, asLeecher);
  assertEquals(hostnames(added), ["192.0.2.4", "192.0.2.5", "2001:db8::7"]);
  assertEquals(
    added.ids,
    Uint8Array.from(["mine", "seeder", "six"].flatMap((name) => [
      ...identifierToBytes(peerId(name)),
    ])),
  );
  const asSeeder = peerAnnounce("both", { isSeeder: true });
  assertEquals(hostnames(addMembers(already, MEMBERS, asSeeder)), [
    "192.0.2.4",
    "2001:db8::7",
  ]);
});

Deno.test("addMembers() gives a copy, whatever becomes of what it was made of", () => {
  const already = pickMembers(
    Uint8Array.from(member("mine", { ipv4: [192, 0, 2, 4] })),
    peerAnnounce("asker"),
  );
  const added = addMembers(already, new Uint8Array(0), peerAnnounce("asker"));
  already.ipv4.fill(0);
  assertEquals(hostnames(added), ["192.0.2.4"]);
});
