import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Rollout } from "../../../lib/rollout/rollout.ts";
import {
  renderRollout,
  type RolloutPageShare,
} from "../../../lib/share/rollout_page.ts";
import type { Finish } from "../../../lib/rollout/forecast.ts";
import { markup } from "../../../lib/tracker/page/html.ts";
import { readPageView } from "../../../lib/tracker/page/view.ts";
import { createRollout, expecting, report } from "../rollout/rollout_sample.ts";

/** 14:30 at a minute after the start of the hosts' clock. */
const CLOCKS = {
  nowMs: 60_000,
  wallMs: new Date(2026, 0, 1, 14, 30).getTime(),
};
const FINISH: Finish = {
  ...{ leftMs: 250_000, uncertaintyMs: 20_000, endMs: 310_000 },
  ...{ boundMs: 300_000, ofBound: 0.926 },
};
const SHARE: RolloutPageShare = {
  name: "images",
  light: { light: "red", onlyHere: 0.401, map: [0, 0, 1, 2, 9, 0] },
  finish: FINISH,
  isPaused: false,
};

function render(
  rollout: Rollout,
  { query = "", shares = [SHARE] }: {
    readonly query?: string;
    readonly shares?: readonly RolloutPageShare[];
  } = {},
): { html: string; rows: string[]; title: string } {
  const view = readPageView(query, "http://192.0.2.1:8000")!;
  const hosts = rollout.hosts(CLOCKS.nowMs);
  const { title, before, rows, after } = renderRollout(view, {
    ...{ hosts, shares, verdict: rollout.verdict(hosts) },
    invitation: markup`<section id="shares"></section>`,
  }, CLOCKS);
  const texts = rows.map(({ text }) => text);
  return {
    title,
    rows: texts.map((row) => /<bdi>(.*?)<\/bdi>/.exec(row)![1]!),
    html: before.text + texts.join("") + after.text,
  };
}

/** Hosts in several states, each a minute after it was seen first. */
function lab(): Rollout {
  const rollout = expecting("lab0[1-9]");
  for (const nowMs of [0, 60_000]) {
    const states = ["verified", "fetching", "failed", "waiting"] as const;
    for (const [index, state] of states.entries()) {
      const digit = `${index + 1}`;
      const fraction = 0.5 + nowMs / 1e6;
      const reason = state === "failed" ? "its disk is full" : undefined;
      rollout.reported(
        report(digit, { state, fraction, reason }),
        `192.168.1.${digit}`,
        nowMs,
      );
    }
  }
  // Without progress it is stuck.
  for (const nowMs of [0, 58_000]) {
    rollout.reported(report("5"), "192.168.1.5", nowMs);
  }
  return rollout;
}

Deno.test("renderRollout() puts missing and stuck hosts first", () => {
  const { rows, title } = render(lab());
  assertEquals(rows, [
    ...["lab06", "lab07", "lab08", "lab09", "lab03", "lab05"],
    ...["lab04", "lab02", "lab01"],
  ]);
  assertEquals(title, "1 of 9 verified, 8 not · images");
  const sorted = render(lab(), { query: "sort=-name" });
  assertEquals(sorted.rows.at(0), "lab09");
  assertEquals(render(lab(), { query: "q=failed" }).rows, ["lab03"]);
});

Deno.test("renderRollout() has the light, the end and a map of the pieces", () => {
  const { html } = render(lab());
  assertStringIncludes(html, "41% is only on this machine: leave it on");
  assertStringIncludes(
    html,
    "Last one done in about 4 min 30 s, at 14:34 (± 20 s); 92% of the fastest possible",
  );
  assertStringIncludes(html, 'viewBox="0 0 6 1"');
  assertStringIncludes(
    html,
    '<path class="stuck" d="M0 0h2v1h-2zM5 0h1v1h-1z"/>',
  );
  assertStringIncludes(html, '<path class="waiting" d="M2 0h1v1h-1z"/>');
  assertStringIncludes(html, "50% none, 17% one, 33% two or more");
  const paused = render(lab(), { shares: [{ ...SHARE, isPaused: true }] }).html;
  assertStringIncludes(paused, ">paused</b>");
  assertEquals(paused.includes("Last one"), false);
});

Deno.test("renderRollout() invites first while nobody has joined, and follows hosts that nobody expected", () => {
  const order = (rollout: Rollout): string[] =>
    [...render(rollout).html.matchAll(/<section id="([^"]*)"/g)]
      .map(([, id]) => id!);
  assertEquals(order(expecting("lab01")), [
    ...["shares", "rollout", "host-section"],
  ]);
  assertEquals(order(lab()), ["rollout", "shares", "host-section"]);
  const rollout = createRollout();
  assertStringIncludes(render(rollout).html, "No machine has joined yet.");
  rollout.reported(report("1", { state: "done" }), "192.168.1.1", 60_000);
  assertEquals(render(rollout).title, "1 machine, 1 verified · images");
});

Deno.test("renderRollout() names each of several shares, and escapes what strangers say", () => {
  const rollout = createRollout();
  const reason = `<img src=x onerror="alert(1)">`;
  rollout.reported(
    report("1", { state: "failed", reason }),
    "192.168.1.1",
    60_000,
  );
  const light = undefined;
  const shares = [SHARE, { ...SHARE, name: "<script>", light }];
  const { html } = render(rollout, { shares });
  assertStringIncludes(html, "<h3><bdi>images</bdi></h3>");
  assertStringIncludes(html, "<h3><bdi>&lt;script&gt;</bdi></h3>");
  assertStringIncludes(html, "&lt;img src=x");
  assert(!/<(script|img)/.test(html));
});

Deno.test("renderRollout() shows 300 of a thousand hosts, and how to see the others", () => {
  const { rows, html } = render(expecting("pc[0001-1000]"));
  assertEquals([rows.length, rows[0]], [300, "pc0001"]);
  assertStringIncludes(html, "and 700 more");
  assertStringIncludes(html, "show the next 100");
});
