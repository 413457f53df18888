/**
 * Discovery on a host of a test network. Without arguments it prints a line for each
 * datagram to the groups of discovery. `lsd INFO_HASH,...` prints the peers that local
 * service discovery reports; `flood INFO_HASH,... COUNT` sends announces as fast
 * as it can. `share NAME` advertises a share until SIGTERM; `find [ADDRESS]` prints the
 * shares that it finds and `resolve NAME` the addresses of a host. `attack` sends
 * shares that are not there, messages that are slow to read, and goodbyes for all
 * that it hears, 200 a second until it is ended.
 */
import { delay } from "@std/async/delay";
import {
  decodeDnsMessage,
  type DnsRecord,
  encodeDnsMessage,
} from "../../lib/discovery/dns_message.ts";
import { openLocalServiceDiscovery } from "../../lib/discovery/local_service_discovery.ts";
import { SERVICE, shareRecords } from "../../lib/discovery/share_records.ts";
import {
  advertiseShares,
  findShares,
  formatPeerAddress,
  infoHashFromHex,
  resolveLocalName,
} from "../../mod.ts";
import type { Host } from "../../scripts/lan/host.ts";
import type { RunningProgram } from "../../scripts/programs/running_program.ts";
import { scriptArguments } from "../../scripts/programs/tasks.ts";

export function startProbe(
  host: Host,
  ...args: readonly string[]
): RunningProgram {
  const flags = ["--no-check", "--unstable-net", "-N", "--allow-sys"];
  const command = scriptArguments("tests/lan/discovery_probe.ts", flags);
  return host.spawn(Deno.execPath(), [...command, ...args]);
}

const GROUPS = [
  { ipv4: "224.0.0.251", ipv6: "ff02::fb", port: 5353 },
  { ipv4: "239.192.152.143", ipv6: "ff15::efc0:988f", port: 6771 },
] as const;

/** Longest wait for an answer to a name, on a busy machine, in milliseconds. */
const RESOLVE_WITHIN_MS = 30_000;

const ENCODER = new TextEncoder();

function print(line: string): void {
  Deno.stdout.writeSync(ENCODER.encode(`${line}\n`));
}

function open(hostname: string, port: number): Deno.DatagramConn {
  const transport = "udp";
  return Deno.listenDatagram({ transport, hostname, port, reuseAddress: true });
}

async function printAll(
  socket: Deno.DatagramConn,
  group: string,
): Promise<void> {
  for await (const [datagram, address] of socket) {
    const from = (address as Deno.NetAddr).hostname;
    const text = new TextDecoder("latin1").decode(datagram);
    print(JSON.stringify({ from, group, text }));
  }
}

async function listen(): Promise<void> {
  const interfaces = Deno.networkInterfaces();
  for (const { ipv4, ipv6, port } of GROUPS) {
    const [four, six] = [open("0.0.0.0", port), open("::", port)];
    for (const { family, address, scopeid } of interfaces) {
      if (family === "IPv4") await four.joinMulticastV4(ipv4, address);
      else if (scopeid) await six.joinMulticastV6(ipv6, scopeid);
    }
    void printAll(four, ipv4);
    void printAll(six, ipv6);
  }
  print("ready");
}

async function report(infoHashes: readonly string[]): Promise<void> {
  const discovery = await openLocalServiceDiscovery({
    port: 6881,
    onPeer: (infoHash, address) =>
      print(`${infoHash} ${formatPeerAddress(address)}`),
  });
  for (const infoHash of infoHashes) discovery.add(infoHashFromHex(infoHash));
  print("ready");
}

function ownAddress(): string {
  return Deno.networkInterfaces().find(({ family, name }) =>
    family === "IPv4" && name !== "lo"
  )!.address;
}

async function flood(
  infoHashes: readonly string[],
  count: number,
): Promise<void> {
  const { ipv4: hostname, port } = GROUPS[1];
  const socket = open(ownAddress(), 0);
  const message = ENCODER.encode(
    `BT-SEARCH * HTTP/1.1\r\nHost: ${hostname}:${port}\r\nPort: 7000\r\n${
      infoHashes.map((infoHash) => `Infohash: ${infoHash}\r\n`).join("")
    }\r\n\r\n`,
  );
  for (let sent = 0; sent < count; sent++) {
    await socket.send(message, { transport: "udp", hostname, port });
  }
  socket.close();
  print(`sent ${count}`);
}

async function share(name: string): Promise<void> {
  const advertiser = await advertiseShares({
    onHostName: (hostName) => print(`host ${hostName}`),
  });
  advertiser.set({
    ...{ id: "a1b2", name, sizeBytes: 123_456, path: "/a.torrent", port: 8000 },
    hostName: "teacher-pc",
  });
  const ended = Promise.withResolvers<void>();
  Deno.addSignalListener("SIGTERM", () => ended.resolve());
  await ended.promise;
  await advertiser.close();
  Deno.exit();
}

async function find(hostAddress: string | undefined): Promise<void> {
  const startMs = performance.now();
  await findShares({
    signal: new AbortController().signal,
    hostAddress,
    onShare: (share) => {
      const afterMs = Math.round(performance.now() - startMs);
      print(JSON.stringify({ ...share, afterMs }));
    },
    onGone: (id) => print(`gone ${id}`),
  });
}

/** A response with records; of other types than the codec writes there are none. */
function response(answers: readonly DnsRecord[]): Uint8Array<ArrayBuffer> {
  return encodeDnsMessage({
    ...{ isResponse: true, questions: [], answers, proposed: [] },
  });
}

/** The messages of an attack, over and over. */
function* attacks(): Generator<readonly [Uint8Array, number]> {
  const blanks = " ".repeat(1340);
  const slow = ENCODER.encode(
    `BT-SEARCH * HTTP/1.1\r\nPort:${blanks}a\nb\r\n\r\n`,
  );
  for (let number = 0;; number++) {
    const share = {
      ...{ id: `lie${number}`, name: `lie ${number}`, sizeBytes: 1, port: 22 },
      ...{ path: "/torrents/a.torrent", hostName: "\x1b[2J".repeat(20) },
    };
    const instance = `lie-${number}.${SERVICE}`;
    yield [response(shareRecords(share, { instance, host: "h.local" })), 5353];
    const addresses = Array.from({ length: 250 }, (_, index): DnsRecord => ({
      ...{ name: "h.local", type: "A", ttl: 9 },
      data: `10.${number & 255}.1.${index + 1}`,
    }));
    yield [response(addresses), 5353];
    yield [crypto.getRandomValues(new Uint8Array(900)), 5353];
    yield [slow, 6771];
  }
}

async function attack(): Promise<void> {
  const own = ownAddress();
  const heard = open("0.0.0.0", 5353);
  await heard.joinMulticastV4(GROUPS[0].ipv4, own);
  const socket = open(own, 5353);
  const send = async (datagram: Uint8Array, port: number): Promise<void> => {
    const { ipv4: hostname } = GROUPS.find((group) => group.port === port)!;
    await socket.send(datagram, { transport: "udp", hostname, port });
  };
  const takeLeave = async (): Promise<void> => {
    for await (const [datagram, from] of heard) {
      if ((from as Deno.NetAddr).hostname === own) continue;
      const message = decodeDnsMessage(datagram);
      if (!message?.isResponse) continue;
      const gone = message.answers.map((record) => ({ ...record, ttl: 0 }));
      await send(response(gone), 5353);
    }
  };
  void takeLeave();
  print("ready");
  for (const [datagram, port] of attacks()) {
    await send(datagram, port);
    await delay(5);
  }
}

/** The modes of the program, by its first argument. */
const MODES: Readonly<
  Record<string, (argument: string, count?: string) => Promise<void>>
> = {
  lsd: (hashes) => report(hashes.split(",")),
  flood: (hashes, count) => flood(hashes.split(","), Number(count)),
  share,
  attack,
  find: (address) => find(address || undefined),
  resolve: async (name) => {
    const options = { timeoutMs: RESOLVE_WITHIN_MS };
    print(JSON.stringify(await resolveLocalName(name, options)));
  },
};

if (import.meta.main) {
  const [mode = "", argument = "", count] = Deno.args;
  await (MODES[mode] ?? listen)(argument, count);
}
