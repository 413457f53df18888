/**
 * The numbers at the top of the page, of all torrents together.
 *
 * @module
 */
import { type Html, markup } from "./html.ts";
import { renderSparkline } from "./sparkline.ts";
import type { Sources } from "./sources.ts";
import { formatCount, formatDuration, formatSpeed } from "./units.ts";

/** Writes the totals. */
export function renderTotals({ reading, history }: Sources): Html {
  const { totals, torrents } = reading;
  return markup`${
    renderTotal("Seeders", formatCount(totals.seederCount), {
      note: "have everything",
      state: "done",
    })
  }${
    renderTotal("Leechers", formatCount(totals.leecherCount), {
      note: "still fetching",
      state: "fetching",
    })
  }${
    renderTotal("Speed", formatSpeed(totals.bytesPerSecond), {
      note: renderSparkline(history.total()),
      state: "plain",
    })
  }${
    renderTotal("Completed", formatCount(totals.downloadCount), {
      note: "downloads so far",
      state: "plain",
    })
  }${
    renderTotal("Torrents", formatCount(totals.activeSwarmCount), {
      note: `active, of ${formatCount(torrents.length)}`,
      state: "plain",
    })
  }`;
}

/** `up 3 h 12 min`: since when the counts are kept; whole minutes after the first. */
export function renderUptime({ startedAtMs, nowMs }: Sources): Html {
  const seconds = (nowMs - startedAtMs) / 1000;
  const shown = seconds < 60 ? seconds : Math.floor(seconds / 60) * 60;
  return markup`up ${formatDuration(shown).replace(/ 0 s$/, "")}`;
}

interface TotalDetails {
  readonly note: string | Html;
  readonly state: "done" | "fetching" | "plain";
}

function renderTotal(
  label: string,
  value: string,
  { note, state }: TotalDetails,
): Html {
  return markup`<div class="${state}"><dt>${label}</dt><dd>${value}</dd>
    <dd class="note">${note}</dd></div>`;
}
