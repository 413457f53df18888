import { assertEquals } from "@std/assert";
import {
  describeHosts,
  describeSummaries,
  fitHosts,
} from "../../../cli/host_lines.ts";
import {
  countMachines,
  describeControl,
  describeMachines,
  describeNeed,
  describeShare,
  describeShareLight,
  formatShareStart,
  placeCode,
} from "../../../cli/share_output.ts";
import { infoHashFromHex, type PeerId } from "../../../lib/base/identifier.ts";
import {
  countStates,
  joinLines,
  readExpectation,
  Rollout,
  type RolloutSummary,
  type SourceDocument,
} from "../../../mod.ts";
import { room } from "./snapshots.ts";

Deno.test("formatShareStart() prints what to type on another machine", () => {
  const start = { names: ["images"], get: "lanswarm get" };
  assertEquals(
    formatShareStart({
      ...start,
      hosts: ["192.168.1.10:8001", "10.0.0.3:8001"],
      isDiscovered: true,
      join: joinLines("http://192.168.1.10:8001", [
        "x86_64-pc-windows-msvc",
        "x86_64-unknown-linux-gnu",
      ]),
    }),
    [
      "Sharing images on this network",
      "  On each other machine     lanswarm get",
      "    if it finds nothing     lanswarm get 192.168.1.10:8001",
      "  With nothing installed    curl -fsS http://192.168.1.10:8001/join | sh",
      "  The same on Windows       irm http://192.168.1.10:8001/join.ps1 | iex",
      "  Watch                     http://192.168.1.10:8001/",
      "    or                      http://10.0.0.3:8001/",
    ],
  );
  assertEquals(
    formatShareStart({
      ...start,
      hosts: ["192.168.1.10:9000"],
      isDiscovered: false,
      join: [],
    }),
    [
      "Sharing images on this network",
      "  On each other machine     lanswarm get 192.168.1.10:9000",
      "  With nothing installed    run deno task compile here; see the page then",
      "  Watch                     http://192.168.1.10:9000/",
    ],
  );
});

Deno.test("formatShareStart() puts each text below its label where the terminal is narrow", () => {
  const start = {
    names: ["x".repeat(65)],
    get: "lanswarm get",
    hosts: ["192.168.1.10:8000"],
    isDiscovered: true,
    join: joinLines("http://192.168.1.10:8000", ["x86_64-unknown-linux-gnu"]),
  };
  const [, , , line] = formatShareStart(start);
  assertEquals(formatShareStart(start, line!.length)[3], line);
  assertEquals(
    formatShareStart(start, line!.length - 1),
    [
      `Sharing ${"x".repeat(63)}… on this network`,
      "  On each other machine",
      "      lanswarm get",
      "    if it finds nothing",
      "      lanswarm get 192.168.1.10",
      "  With nothing installed",
      "      curl -fsS http://192.168.1.10:8000/join | sh",
      "  Watch",
      "      http://192.168.1.10:8000/",
    ],
  );
});

Deno.test("formatShareStart() has a line for Windows alone where there is no other executable", () => {
  const origin = "http://192.168.1.10:8000";
  const lines = formatShareStart({
    names: ["images"],
    get: "lanswarm get",
    hosts: ["192.168.1.10:8000"],
    isDiscovered: true,
    join: joinLines(origin, ["x86_64-pc-windows-msvc"]),
  });
  assertEquals(
    lines[3],
    `  With nothing, on Windows  irm ${origin}/join.ps1 | iex`,
  );
  assertEquals(lines.some((line) => line.includes("curl")), false);
});

Deno.test("describeMachines() says who has it and how fast it goes", () => {
  const counts = { complete: 3, fetching: 4, failed: 0 };
  const rates = { own: 118 * 2 ** 20, all: 1.1 * 2 ** 30 };
  assertEquals(
    describeMachines(counts, rates),
    "7 machines: 3 complete, 4 fetching   118 MiB/s from here, 1.1 GiB/s in all",
  );
  assertEquals(
    describeMachines(
      { complete: 1, fetching: 0, failed: 2 },
      { own: 0, all: 0 },
    ),
    "3 machines: 1 complete, 0 fetching, 2 failed",
  );
  assertEquals(
    describeMachines({ complete: 7, fetching: 0, failed: 0 }, rates),
    "7 machines: 7 complete, 0 fetching",
  );
});

Deno.test("describeShareLight() names the share where there are several", () => {
  const light = { light: "red", onlyHere: 0.41 } as const;
  const text = "red. 41% is only on this machine: leave it on";
  assertEquals(describeShareLight(light), `Light: ${text}`);
  assertEquals(
    describeShareLight(light, "tools.zip"),
    `Light of tools.zip: ${text}`,
  );
});

Deno.test("describeSummaries() counts who is missing, and says whether the source is needed", () => {
  const of = (verified: number, source?: SourceDocument): string =>
    describeSummaries([{
      ...{
        id: "ab",
        name: "images",
        state: "ready",
        paused: false,
        counts: countStates([]),
      },
      verdict: { verified, isMet: false },
      ...source && { source },
    }], () => 40);
  const source = { needed: true, onlyHere: 0.5, light: "red" } as const;
  assertEquals(
    of(38, source),
    "38 of 40 verified, 2 not; source still needed",
  );
  assertEquals(
    of(39, { ...source, needed: false }),
    "39 of 40 verified, 1 not; source no longer needed",
  );
  assertEquals(of(0), "0 of 40 verified, 40 not");
});

Deno.test("describeSummaries() names the shares where there are several", () => {
  const summary = (name: string, verified: number): RolloutSummary => ({
    ...{ id: name, name, state: "ready", paused: false },
    ...{ counts: countStates([]), verdict: { verified, isMet: false } },
  });
  const images = summary("images", 3);
  assertEquals(describeSummaries([images], () => 4), "3 of 4 verified, 1 not");
  assertEquals(
    describeSummaries([images, summary("tools.zip", 0)], () => 4),
    "images: 3 of 4 verified, 1 not · tools.zip: 0 of 4 verified, 4 not",
  );
});

Deno.test("describeNeed() rounds up what is only here", () => {
  assertEquals(
    describeNeed(2, 0.401),
    "2 machines still fetch; 41% is only on this machine; Ctrl+C again to leave",
  );
  assertEquals(
    describeNeed(1, 0),
    "1 machine still fetches; others have everything; Ctrl+C again to leave",
  );
});

Deno.test("describeShare() counts files", () => {
  const plan = { fileCount: 1, length: 2048 };
  assertEquals(describeShare("a.bin", plan), "a.bin: 1 file, 2 KiB");
});

Deno.test("placeCode() puts a code beside the lines, below them, or nowhere", () => {
  const lines = ["ab", "日本"];
  const code = ["██", "▀▀", "▄▄"];
  const place = (columns: number, rows: number): string[] =>
    placeCode(lines, code, room(columns, rows));
  assertEquals(place(12, 3), ["ab    ██", "日本  ▀▀", "      ▄▄"]);
  assertEquals(place(12, 2), lines);
  assertEquals(place(11, 5), [...lines, "  ██", "  ▀▀", "  ▄▄"]);
  assertEquals(place(11, 4), lines);
  assertEquals(place(7, 9), lines);
  assertEquals(placeCode(lines, [], room(80, 24)), lines);
});

Deno.test("fitHosts() breaks long reasons, so that what to do can be read", () => {
  const host = { name: "lab07", state: "fetching", fraction: 0.625 } as const;
  const reason = "it receives a steady 11.8 MB/s; replace its cable";
  const hosts = [{ ...host, reason }, host, host];
  assertEquals(fitHosts(hosts, room(40, 4)), [
    "lab07  fetching   at 62 %: it receives a",
    "      steady 11.8 MB/s; replace its",
    "      cable",
    "and 2 more hosts",
  ]);
  assertEquals(fitHosts(hosts, room(80, 4)).length, 3);
  assertEquals(fitHosts(hosts, room(40, 3)), [
    "and 3 more hosts",
  ]);
  assertEquals(
    fitHosts([{ ...host, reason }], room(70, 2)).length,
    2,
  );
  assertEquals(fitHosts([host], room(40, 0)).length, 1);
  assertEquals(fitHosts([], room(40, 3)), []);
});

Deno.test("describeHosts() puts states below each other, and counts the rest", () => {
  const rollout = new Rollout({ expectation: readExpectation("lab[07-09]") });
  const infoHash = infoHashFromHex("ab".repeat(20));
  rollout.addShare(infoHash, 100);
  rollout.reported(
    {
      infoHash,
      ...{ peerId: "cd".repeat(20) as PeerId, port: 1, name: "debian" },
      ...{ state: "fetching", fraction: 0.625, freeBytes: undefined },
      ...{ downloadBytesPerSecond: 0, uploadBytesPerSecond: 0 },
      ...{ addresses: [], exitCode: undefined, reason: undefined },
    },
    "192.168.1.7",
    0,
  );
  const hosts = rollout.hosts(0);
  assertEquals(describeHosts(hosts, room(80, Infinity)), [
    "lab07   missing    never seen",
    "lab08   missing    never seen",
    "lab09   missing    never seen",
    "debian  fetching   at 62 %",
  ]);
  assertEquals(describeHosts(hosts, room(80, 2)), [
    "lab07  missing    never seen",
    "and 3 more hosts",
  ]);
  assertEquals(countMachines(hosts), {
    complete: 0,
    fetching: 1,
    failed: 0,
  });
});

Deno.test("describeControl() says what is paused, and the sum of the limits", () => {
  const { control } = new Rollout();
  const settings = (): ReturnType<typeof control.of>[] =>
    ["a", "b"].map((id) => control.of(id));
  assertEquals(describeControl(settings()), "");
  control.setLimit(undefined, 1024 * 1024);
  assertEquals(describeControl(settings()), "at most 1 MiB/s in all");
  control.setLimit("a", 1024 * 1024);
  assertEquals(describeControl(settings()), "at most 2 MiB/s in all");
  control.setPaused("b", true);
  assertEquals(describeControl(settings()), "1 of 2 shares are paused");
  control.setPaused(undefined, true);
  assertEquals(describeControl(settings()), "paused");
});
