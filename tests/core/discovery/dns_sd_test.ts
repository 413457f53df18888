import dnsPacket from "dns-packet";
import {
  assert,
  assertEquals,
  assertGreaterOrEqual,
  assertLess,
  assertLessOrEqual,
  assertMatch,
} from "@std/assert";
import {
  decodeDnsMessage,
  type DnsRecord,
  encodeDnsMessage,
} from "../../../lib/discovery/dns_message.ts";
import {
  hostRecords,
  SERVICE,
  shareRecords,
} from "../../../lib/discovery/share_records.ts";
import { DnsNetwork, SHARE } from "./dns_network.ts";

const [ONE, TWO, THREE] = ["10.77.0.1", "10.77.0.2", "10.77.0.3"] as const;

function query(
  name: string,
  type: string,
  answers: readonly DnsRecord[] = [],
): Uint8Array {
  const questions = [{ name, type }];
  return encodeDnsMessage({ id: 42, isResponse: false, questions, answers });
}

function response(...answers: readonly DnsRecord[]): Uint8Array {
  return encodeDnsMessage({ isResponse: true, answers });
}

Deno.test("a share is found within half a second, whoever comes first", () => {
  for (const comesFirst of ["share", "browser"]) {
    const network = new DnsNetwork();
    if (comesFirst === "share") network.advertise(ONE, SHARE);
    else network.browse(TWO);
    network.run(10_000);
    if (comesFirst === "share") network.browse(TWO);
    else network.advertise(ONE, SHARE);
    network.run(10_500);
    assertEquals(
      network.found.map(({ text }) => text),
      ["+images v1.0 at 10.77.0.1 8000"],
    );
  }
});

Deno.test("a share that takes leave is gone at once", () => {
  const network = new DnsNetwork();
  const responder = network.advertise(ONE, SHARE);
  network.browse(TWO);
  network.run(5_000);
  for (const outgoing of responder.goodbye()) {
    network.multicast(ONE, outgoing.datagram);
  }
  assertEquals(network.found.at(-1), { atMs: 5_000, text: "-0123" });
});

Deno.test("a share whose host crashed is gone after two minutes, another one stays", () => {
  const network = new DnsNetwork();
  network.advertise(ONE, SHARE);
  network.advertise(THREE, { ...SHARE, id: "other", name: "other" });
  network.browse(TWO);
  network.run(60_000);
  network.remove(ONE);
  network.run(181_000);
  assertEquals(network.found.map(({ text }) => text).sort(), [
    "+images v1.0 at 10.77.0.1 8000",
    "+other at 10.77.0.3 8000",
    "-0123",
  ]);
  assertLessOrEqual(network.found.at(-1)!.atMs, 181_000);
  // And it stays for hours, by questions at most every 45 s.
  network.run(7_200_000);
  assertEquals(network.found.length, 3);
  assertLess(network.messagesOf(TWO).length, 180);
});

Deno.test("a share that two hosts have is gone when both are", () => {
  const network = new DnsNetwork();
  const [first, second] = [
    network.advertise(ONE, SHARE),
    network.advertise(THREE, SHARE),
  ];
  network.browse(TWO);
  network.run(5_000);
  for (const { datagram } of first.goodbye()) network.multicast(ONE, datagram);
  assertEquals(network.found.filter(({ text }) => text === "-0123"), []);
  for (const { datagram } of second.goodbye()) {
    network.multicast(THREE, datagram);
  }
  assertEquals(network.found.at(-1)!.text, "-0123");
});

Deno.test("a changed share is announced and reported again", () => {
  const network = new DnsNetwork();
  const responder = network.advertise(ONE, SHARE);
  network.browse(TWO);
  network.run(5_000);
  responder.setShare({ ...SHARE, port: 8001 }, 5_000);
  network.run(5_500);
  responder.setShare({ ...SHARE, port: 8001, name: "pictures" }, 5_500);
  network.run(6_000);
  assertEquals(network.found.map(({ text }) => text), [
    "+images v1.0 at 10.77.0.1 8000",
    "+images v1.0 at 10.77.0.1 8001",
    "-0123",
    "+pictures at 10.77.0.1 8001",
  ]);
});

Deno.test("an answer leaves after 20 to 120 ms, and at most once a second", () => {
  const network = new DnsNetwork();
  network.advertise(ONE, SHARE);
  network.run(10_000);
  network.sent.length = 0;
  for (let asked = 0; asked < 300; asked++) {
    network.multicast(TWO, query(SERVICE, "PTR"));
    network.run(10_000 + asked * 10);
  }
  network.run(20_000);
  const times = network.messagesOf(ONE).map(({ atMs }) => atMs);
  assertGreaterOrEqual(times[0]!, 10_020);
  assertLessOrEqual(times[0]!, 10_120);
  for (const [index, atMs] of times.slice(1).entries()) {
    assertGreaterOrEqual(atMs - times[index]!, 1_000);
  }
  assertGreaterOrEqual(times.length, 3);
});

Deno.test("nothing is answered that the question says is known", () => {
  const network = new DnsNetwork();
  network.advertise(ONE, SHARE);
  network.run(10_000);
  const records = network.messagesOf(ONE).flatMap(({ answers }) => answers);
  const pointer = records.find(({ name }) => name === SERVICE)!;
  network.sent.length = 0;
  network.multicast(TWO, query(SERVICE, "PTR", [{ ...pointer, ttl: 90 }]));
  network.run(12_000);
  assertEquals(network.sent, []);
  // Known, but not for long.
  network.multicast(TWO, query(SERVICE, "PTR", [{ ...pointer, ttl: 30 }]));
  network.run(14_000);
  assertEquals(network.sent.length, 1);
});

Deno.test("a resolver on another port is answered there, with its question and id", () => {
  const network = new DnsNetwork();
  network.advertise(ONE, SHARE);
  network.run(10_000);
  network.sent.length = 0;
  network.multicast(TWO, query("lanswarm.local", "A"), 40_000);
  network.deliver();
  const [{ outgoing }] = network.sent as [typeof network.sent[0]];
  assert("to" in outgoing);
  assertEquals(outgoing.to, { hostname: TWO, port: 40_000 });
  const { id, questions, answers } = decodeDnsMessage(outgoing.datagram)!;
  assertEquals([id, questions], [42, [{ name: "lanswarm.local", type: "A" }]]);
  assertEquals(answers, [{
    ...{ name: "lanswarm.local", type: "A", data: ONE, ttl: 10 },
    flush: false,
  }]);
});

Deno.test("a host without IPv6 says that it has no such address", () => {
  const network = new DnsNetwork();
  network.advertise(ONE, SHARE);
  network.run(10_000);
  network.sent.length = 0;
  network.multicast(TWO, query("lanswarm.local", "AAAA"));
  network.run(10_200);
  const [{ outgoing }] = network.sent as [typeof network.sent[0]];
  const packet = dnsPacket.decode(outgoing.datagram);
  assertEquals(packet.answers.at(-1), {
    ...{ name: "lanswarm.local", type: "NSEC", ttl: 120 },
    ...{ class: "IN", flush: true },
    data: { nextDomain: "lanswarm.local", rrtypes: ["A"] },
  });
});

Deno.test("questions for other names are not answered", () => {
  const network = new DnsNetwork();
  network.advertise(ONE, SHARE);
  network.run(10_000);
  network.sent.length = 0;
  network.multicast(TWO, query("_http._tcp.local", "PTR"));
  network.multicast(TWO, query("lanswarm.local", "SRV"));
  network.multicast(TWO, query("lanswarm-2.local", "A"), 40_000);
  network.run(20_000);
  assertEquals(network.sent, []);
});

Deno.test("the host name is probed for three times and announced within 1.1 s", () => {
  const network = new DnsNetwork();
  const responder = network.advertise(ONE);
  network.run(1_100);
  assertEquals(responder.hostName, "lanswarm.local");
  const probes = network.messagesOf(ONE).filter(({ isResponse }) =>
    !isResponse
  );
  assertEquals(probes.length, 3);
  assertEquals(probes[0]!.questions, [{ name: "lanswarm.local", type: "ANY" }]);
  assertEquals(probes[0]!.proposed.map(({ data }) => data), [ONE]);
});

Deno.test("the second host takes lanswarm-2.local, the third lanswarm-3.local", () => {
  const network = new DnsNetwork();
  const one = network.advertise(ONE);
  network.run(2_000);
  const two = network.advertise(TWO);
  network.run(5_000);
  const three = network.advertise(THREE);
  network.run(10_000);
  assertEquals(
    [one, two, three].map(({ hostName }) => hostName),
    ["lanswarm.local", "lanswarm-2.local", "lanswarm-3.local"],
  );
});

Deno.test("hosts that start together settle on different names", () => {
  const network = new DnsNetwork();
  const hosts = Array.from(
    { length: 8 },
    (_, index) => network.advertise(`10.77.0.${index + 1}`),
  );
  network.run(30_000);
  assertEquals(
    new Set(hosts.map(({ hostName }) => hostName)),
    new Set([
      "lanswarm.local",
      ...[2, 3, 4, 5, 6, 7, 8].map((number) => `lanswarm-${number}.local`),
    ]),
  );
});

Deno.test("hosts with one name, whose networks are joined, settle the conflict", () => {
  const networks = [new DnsNetwork(), new DnsNetwork()] as const;
  const hosts = [networks[0].advertise(ONE), networks[1].advertise(TWO)];
  for (const network of networks) network.run(2_000);
  // The first one hears of the other's claim; both go on in one network.
  networks[0].multicast(
    TWO,
    response(...hostRecords("lanswarm.local", [TWO])),
  );
  const joined = networks[0];
  joined.add(TWO, {
    get nextAtMs() {
      return hosts[1]!.nextAtMs;
    },
    interfacesChanged: () => {},
    receive: (...parts) => hosts[1]!.receive(...parts),
    takeDue: (now) => hosts[1]!.takeDue(now),
  });
  joined.run(10_000);
  assertEquals(
    hosts.map(({ hostName }) => hostName).sort(),
    ["lanswarm-2.local", "lanswarm.local"],
  );
});

Deno.test("two programs of one machine share its name, and one keeps it when the other ends", () => {
  const network = new DnsNetwork();
  const first = network.advertise(ONE);
  network.run(2_000);
  const second = network.advertise("10.77.0.9");
  // Both have the address of the machine.
  const list = [{ name: "eth0", addresses: [ONE] }];
  second.interfacesChanged(list, 2_000);
  network.run(5_000);
  assertEquals(
    [first.hostName, second.hostName],
    ["lanswarm.local", "lanswarm.local"],
  );
  network.sent.length = 0;
  for (const { datagram } of second.goodbye()) network.multicast(ONE, datagram);
  network.remove("10.77.0.9");
  network.run(5_100);
  const [again] = network.messagesOf(ONE);
  assertEquals(again!.answers[0]!.ttl, 120);
});

Deno.test("a flood of shares and addresses is bounded and hides no share that is known", () => {
  const network = new DnsNetwork();
  network.advertise(ONE, SHARE);
  network.browse(TWO);
  network.run(2_000);
  for (let index = 0; index < 2_000; index++) {
    network.multicast(
      THREE,
      response(
        ...shareRecords({ ...SHARE, id: `id${index}`, name: `n${index}` }, {
          instance: `n${index}.${SERVICE}`,
          host: `h${index}.local`,
        }),
        ...hostRecords(`h${index}.local`, [THREE]),
      ),
    );
  }
  network.run(150_000);
  const lines = network.found.map(({ text }) => text);
  assertLessOrEqual(lines.filter((line) => line.startsWith("+n")).length, 256);
  assert(!lines.includes("-0123"));
});

Deno.test("queries never set the QU bit, and grow rare", () => {
  const network = new DnsNetwork();
  network.browse(TWO);
  network.run(60_000);
  const times = network.sent.map(({ atMs, outgoing: { datagram } }) => {
    // The class of the only question stands last.
    assertEquals([...datagram.slice(-2)], [0, 1]);
    return Math.round(atMs / 100) / 10;
  });
  const [first, ...rest] = times;
  assertLess(first!, 0.1);
  assertEquals(
    rest.map((seconds) => Math.round(2 * (seconds - first!)) / 2),
    [0.5, 1.5, 3.5, 7.5, 15.5, 31.5],
  );
  assertMatch(SERVICE, /^_lanswarm\._tcp\.local$/);
});
