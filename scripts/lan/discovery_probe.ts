/**
 * Discovery on a host of a test network. Without arguments it prints a line for each
 * datagram to the groups of discovery. `lsd INFO_HASH` prints the peers that local
 * service discovery reports; `flood INFO_HASH,... COUNT` sends announces as fast
 * as it can. `share NAME` advertises a share until SIGTERM; `find [ADDRESS]` prints the
 * shares that it finds and `resolve NAME` the addresses of a host.
 *
 * @module
 */
import { openLocalServiceDiscovery } from "../../lib/discovery/local_service_discovery.ts";
import {
  advertiseShares,
  findShares,
  formatPeerAddress,
  infoHashFromHex,
  resolveLocalName,
} from "../../mod.ts";

const GROUPS = [
  { ipv4: "224.0.0.251", ipv6: "ff02::fb", port: 5353 },
  { ipv4: "239.192.152.143", ipv6: "ff15::efc0:988f", port: 6771 },
] as const;

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

async function report(infoHash: string): Promise<void> {
  const discovery = await openLocalServiceDiscovery({
    port: 6881,
    onPeer: (_, address) => print(`peer ${formatPeerAddress(address)}`),
  });
  discovery.add(infoHashFromHex(infoHash));
  print("ready");
}

async function flood(
  infoHashes: readonly string[],
  count: number,
): Promise<void> {
  const own = Deno.networkInterfaces().find(({ family, name }) =>
    family === "IPv4" && name !== "lo"
  )!;
  const { ipv4: hostname, port } = GROUPS[1];
  const socket = open(own.address, 0);
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

if (import.meta.main) {
  const [mode, argument = "", count] = Deno.args;
  switch (mode) {
    case "lsd":
      await report(argument);
      break;
    case "flood":
      await flood(argument.split(","), Number(count));
      break;
    case "share":
      await share(argument);
      break;
    case "find":
      await find(argument || undefined);
      break;
    case "resolve":
      print(JSON.stringify(await resolveLocalName(argument)));
      break;
    default:
      await listen();
  }
}
