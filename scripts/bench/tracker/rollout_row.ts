/**
 * Row `rollout`: a share with 1,000 hosts that report each second: its CPU time, its
 * memory, and how soon it answers a reader of its page and of its JSON document.
 */
import { delay } from "@std/async/delay";
import { connect, type Socket } from "node:net";
import type { InfoHash, PeerId } from "../../../lib/base/identifier.ts";
import { reportPath } from "../../../lib/rollout/host_report.ts";
import { Host } from "../../lan/host.ts";
import { writeRandomFile } from "../../programs/sample_file.ts";
import {
  constantTarget,
  MEBIBYTE,
  OURS,
  oursAlone,
  percentile,
  type Row,
  secondsOf,
  type Values,
} from "../row.ts";
import { readProcessUsage } from "../swarm_run.ts";

const HOST_COUNT = 1_000;
const INTERVAL_MS = 1_000;
/** Time until all hosts have reported several times, and of the measurement. */
const WARM_UP_MS = 10_000;
const MEASURED_MS = 60_000;
/** Time between two readings of the page. */
const READ_PAUSE_MS = 100;
const NAME = "file.bin";

export const ROLLOUT_ROW: Row = {
  name: "rollout",
  work: "a share of 1,000 hosts that report each second",
  metrics: [
    { id: "cpu", label: "% of a core", decimals: 0 },
    { id: "page", label: "ms, page, 99th percentile", decimals: 0 },
    { id: "document", label: "ms, JSON, 99th percentile", decimals: 0 },
    { id: "memory", label: "MiB", decimals: 0 },
    { id: "growth", label: "MiB more after a minute", decimals: 0 },
  ],
  targets: [
    constantTarget("cpu", "below", 25, "below 25 % of a core"),
    constantTarget("page", "below", 100, "the page under 100 ms"),
  ],
  prepare: async ({ folder }) => {
    const host = new Host({ name: OURS, address: "127.0.0.1", folder });
    await writeRandomFile(host.path(NAME), MEBIBYTE);
    const missing = Deno.build.os === "linux"
      ? undefined
      : "only Linux has an address for each of 1,000 hosts on loopback";
    return oursAlone(() => measure(host), missing);
  },
};

async function measure(host: Host): Promise<Values> {
  const args = [NAME, "--port", "0", "--peer-port", "0", "--json"];
  await using share = host.spawnTask("share", [
    ...[...args, "--host", "127.0.0.1", "--no-discovery"],
  ]);
  const sharing = await share.stdout.waitFor(/"sharing"/);
  const [address] = JSON.parse(sharing.input!).hosts as string[];
  const ready = await share.stdout.waitFor(/"ready"/);
  const { infoHash } = JSON.parse(ready.input!);
  const port = Number(address!.split(":")[1]);
  const hosts = Array.from(
    { length: HOST_COUNT },
    (_, index) => new ReportingHost(index, { port, infoHash }),
  );
  try {
    await delay(WARM_UP_MS);
    const origin = `http://${address}`;
    const document = `${origin}/api/v1/shares/${infoHash}`;
    const { hosts: rows } = await (await fetch(document)).json();
    if (rows.length < HOST_COUNT) {
      throw new Error(`only ${rows.length} of ${HOST_COUNT} hosts are there`);
    }
    const before = await usageOf(share.pid);
    const startMs = performance.now();
    const pageMs: number[] = [];
    const documentMs: number[] = [];
    while (performance.now() - startMs < MEASURED_MS) {
      pageMs.push(await timeOf(`${origin}/`));
      documentMs.push(await timeOf(document));
      await delay(READ_PAUSE_MS);
    }
    const seconds = (performance.now() - startMs) / 1000;
    const after = await usageOf(share.pid);
    const failure = hosts.find(({ failure }) => failure !== undefined);
    if (failure !== undefined) throw failure.failure;
    return {
      cpu: (after.cpuSeconds - before.cpuSeconds) / seconds * 100,
      page: percentile(pageMs, 0.99),
      document: percentile(documentMs, 0.99),
      memory: after.memoryBytes / MEBIBYTE,
      growth: (after.memoryBytes - before.memoryBytes) / MEBIBYTE,
    };
  } finally {
    for (const host of hosts) host[Symbol.dispose]();
  }
}

/** A host with an address of its own that reports on one connection. */
class ReportingHost implements Disposable {
  failure: Error | undefined;
  readonly #socket: Socket;
  readonly #index: number;
  readonly #infoHash: InfoHash;
  #fraction = 0;
  #change = 0;
  #sentMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    index: number,
    { port, infoHash }: { readonly port: number; readonly infoHash: InfoHash },
  ) {
    this.#index = index;
    this.#infoHash = infoHash;
    this.#socket = connect({
      ...{ host: "127.0.0.1", port },
      localAddress: `127.1.${Math.floor(index / 250)}.${1 + index % 250}`,
    });
    this.#socket.on("error", (error: Error) => this.failure ??= error);
    this.#socket.on("data", (bytes: Uint8Array) => this.#receive(bytes));
    const waitMs = index / HOST_COUNT * INTERVAL_MS;
    this.#timer = setTimeout(() => this.#report(), waitMs);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#socket.destroy();
  }

  #report(): void {
    this.#sentMs = performance.now();
    this.#fraction = Math.min(0.999, this.#fraction + 0.001);
    const number = `${this.#index}`.padStart(4, "0");
    const path = reportPath({
      infoHash: this.#infoHash,
      peerId: number.padStart(40, "a") as PeerId,
      port: 6881,
      name: `lab${number}`,
      addresses: [],
      state: "fetching",
      fraction: this.#fraction,
      downloadBytesPerSecond: 11_000_000,
      uploadBytesPerSecond: 3_000_000,
      freeBytes: 100_000_000_000,
      change: this.#change,
    });
    this.#socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  }

  /** An answer is short, and comes in one segment on loopback. */
  #receive(bytes: Uint8Array): void {
    const text = new TextDecoder().decode(bytes);
    if (!text.startsWith("HTTP/1.1 200 ")) {
      this.failure ??= new Error(`Cannot report: ${text.split("\r\n", 1)[0]}`);
    }
    this.#change = Number(/"change":(\d+)/.exec(text)?.[1] ?? 0);
    const waitMs = this.#sentMs + INTERVAL_MS - performance.now();
    this.#timer = setTimeout(() => this.#report(), Math.max(0, waitMs));
  }
}

async function usageOf(
  pid: number,
): Promise<{ readonly cpuSeconds: number; readonly memoryBytes: number }> {
  const usage = await readProcessUsage(pid);
  if (usage !== undefined) return usage;
  throw new Error("Cannot measure the share: it has ended");
}

/** The time of one request with all of its answer. */
async function timeOf(url: string): Promise<number> {
  return 1000 * await secondsOf(async () => {
    const response = await fetch(url);
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`Cannot read ${url}: ${response.status}`);
  });
}
