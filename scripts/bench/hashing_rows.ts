/**
 * Rows `create` and `verify`: hashing 1 GiB to create a torrent file, and at a peer's
 * start, beside `mktorrent` with two threads. The time is that of the whole program;
 * for a peer it ends with the line that reports the verified pieces.
 */
import { missingProgram } from "../clients/client.ts";
import type { Host } from "../lan/host.ts";
import { startPeer, TORRENT_NAME } from "../lan/sharing_steps.ts";
import { Content } from "./content.ts";
import { openNetwork } from "./network.ts";
import {
  GIBIBYTE,
  MEBIBYTE,
  multipleTarget,
  OURS,
  type Participant,
  type Row,
  type RowOptions,
  secondsOf,
} from "./row.ts";

const ANNOUNCE_URL = "http://127.0.0.1:9/announce";
const VERIFY_TIMEOUT_MS = 120_000;
const MKTORRENT = "mktorrent -t 2";

function hashingRow(name: string, work: string, ourWork: Work): Row {
  return {
    name,
    work,
    warmsUp: true,
    metrics: [
      { id: "seconds", label: "seconds", decimals: 2 },
      { id: "throughput", label: "MiB/s", decimals: 0 },
    ],
    targets: [multipleTarget(["seconds", "at most", 1.25], [MKTORRENT])],
    prepare: (options) => prepare(options, ourWork),
  };
}

export const create: Row = hashingRow(
  "create",
  "create of 1 GiB",
  createOnce,
);

export const verify: Row = hashingRow(
  "verify",
  "verifying 1 GiB at the peer's start",
  verifyOnce,
);

type Work = (host: Host, content: Content) => Promise<void>;

async function prepare(
  { folder, size = GIBIBYTE }: RowOptions,
  ourWork: Work,
): Promise<Participant[]> {
  const content = await Content.random(folder, size);
  const participant = (
    name: string,
    work: Work,
    missing?: string,
  ): Participant => ({
    name,
    missing,
    measure: async () => {
      await using network = await openNetwork(["host"], {
        kind: "loopback",
        dir: folder,
      });
      const host = network.host("host");
      await content.layInto(host);
      const torrentFile = content.torrentFor(ANNOUNCE_URL);
      await Deno.writeFile(host.path(TORRENT_NAME), torrentFile);
      const seconds = await secondsOf(() => work(host, content));
      return { seconds, throughput: content.length / MEBIBYTE / seconds };
    },
  });
  return [
    participant(OURS, ourWork),
    participant(MKTORRENT, mktorrentOnce, await missingProgram("mktorrent")),
  ];
}

async function createOnce(host: Host, { torrent }: Content): Promise<void> {
  const output = "created.torrent";
  checkCode(await host.runTask("create", [torrent.name, ANNOUNCE_URL, output]));
}

async function verifyOnce(host: Host): Promise<void> {
  const peer = startPeer(host);
  const [line] = await peer.stdout.waitFor(
    /.*"type":"verified".*/,
    VERIFY_TIMEOUT_MS,
  );
  if (!line.includes('"state":"seeding"')) {
    throw new Error(
      `Cannot use the run: it did not verify every piece: ${line}`,
    );
  }
}

async function mktorrentOnce(host: Host, content: Content): Promise<void> {
  const { name, geometry: { pieceLength } } = content.torrent;
  checkCode(
    await host.run("mktorrent", [
      ...["-t", "2", "-l", `${Math.log2(pieceLength)}`],
      ...["-a", ANNOUNCE_URL, "-o", "created.torrent", name],
    ]),
  );
}

function checkCode(result: { code: number; stderr: string }): void {
  if (result.code === 0) return;
  throw new Error(
    `Cannot use the run: exit code ${result.code}: ${result.stderr}`,
  );
}
