import { assertEquals } from "@std/assert";
import { describeCandidate } from "../../../cli/find_share.ts";
import { describeFetched, describeState } from "../../../cli/get_display.ts";
import { joinOffer } from "../../../cli/share_search.ts";
import { MIB, peer, snapshot, TORRENT } from "./snapshots.ts";

Deno.test("describeState() shows progress, sources and the place", () => {
  const peers = [1, 2].map(() => peer({ downloadBytesPerSecond: 5 * MIB }));
  const state = {
    torrent: TORRENT,
    snapshot: snapshot({ peers: [...peers, peer()] }),
    verification: undefined,
  };
  assertEquals(
    describeState(state, "."),
    " 50 %  10 MiB/s from 2 machines  0:05 left  → ./film.mkv",
  );
  assertEquals(
    describeState({ ...state, snapshot: snapshot({ peers: [] }) }, "/srv"),
    " 50 %  10 MiB/s from 0 machines  0:05 left  → /srv/film.mkv",
  );
  const alone = snapshot({ peers: [], downloadBytesPerSecond: 0 });
  assertEquals(
    describeState({ ...state, snapshot: alone }, "."),
    " 50 %  waiting: connected to no machine  → ./film.mkv",
  );
});

Deno.test("describeState() shows what a complete machine sends", () => {
  const seeding = {
    state: "seeding",
    verifiedLength: 100 * MIB,
    uploadBytesPerSecond: 3 * MIB,
  } as const;
  const peers = [peer({ uploadBytesPerSecond: 3 * MIB }), peer()];
  const parts = { torrent: TORRENT, verification: undefined };
  assertEquals(
    describeState({ ...parts, snapshot: snapshot({ ...seeding, peers }) }, "."),
    "3 MiB/s to 1 machine",
  );
  const idle = snapshot({ ...seeding, uploadBytesPerSecond: 0 });
  assertEquals(
    describeState({ ...parts, snapshot: idle }, "."),
    "nobody needs anything from here at present",
  );
});

Deno.test("describeCandidate() names the share and its machine, both cut to 64 characters", () => {
  const candidate = {
    id: "a",
    name: "images",
    sizeBytes: 58.4 * 2 ** 30,
    hostName: "teacher-pc",
    hosts: ["192.168.1.10:8000", "192.168.1.11:8000"],
  };
  assertEquals(
    describeCandidate(candidate),
    "images, 58.4 GiB, from teacher-pc (192.168.1.10)",
  );
  const unknown = {
    sizeBytes: undefined,
    hostName: "",
    hosts: ["[fd00::1]:80"],
  };
  assertEquals(
    describeCandidate({
      ...candidate,
      ...unknown,
      name: "\u{1F427}".repeat(70),
    }),
    `${"\u{1F427}".repeat(63)}…, from [fd00::1]`,
  );
});

Deno.test("joinOffer() keeps the name and the address of one machine together", () => {
  const share = { id: "a", name: "images", sizeBytes: 0 };
  const teacher = joinOffer(undefined, { ...share, hostName: "teacher-pc" }, [
    "192.168.1.10:8000",
  ]);
  const hosts = ["192.168.1.11:8000", "192.168.1.10:8000"];
  const both = joinOffer(teacher, { ...share, hostName: "lab01" }, hosts);
  assertEquals(both, {
    ...{ id: "a", name: "images", sizeBytes: undefined },
    hostName: "teacher-pc",
    hosts: ["192.168.1.10:8000", "192.168.1.11:8000"],
  });
});

Deno.test("describeFetched() counts what was there before apart", () => {
  const length = 912 * MIB;
  assertEquals(
    describeFetched({ length, startLength: 0, seconds: 6 }),
    "912 MiB in 6 s",
  );
  assertEquals(
    describeFetched({ length, startLength: 500 * MIB, seconds: 1 }),
    "912 MiB, 412 MiB of it fetched in 1 s",
  );
});
