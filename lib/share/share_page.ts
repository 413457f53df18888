/**
 * The part of the page that invites: the shares of this machine, the lines that
 * fetch them on another machine, a QR code of the page, and the files to download
 * one by one. Pure. Names come from strangers too, as a torrent file may be shared.
 *
 * @module
 */
import { encode } from "uqr";
import {
  isRegularFile,
  sizeOfFiles,
  type Torrent,
} from "../metainfo/torrent.ts";
import {
  type Html,
  markup,
  renderCommand,
  shownText,
} from "../tracker/page/html.ts";
import { formatPlural, formatSize } from "../tracker/page/units.ts";
import { joinLines, shortHost } from "./join_script.ts";
import { sharedFilePath } from "./share_routes.ts";

/** Most files listed, as the page is patched whenever a host progresses. */
const MAX_LISTED_FILES = 1_000;
/** Files up to which the list is open. */
const FEW_FILES = 12;
/** Light modules around a QR code. [ISO 18004] */
const QUIET_ZONE = 4;

export interface PageShare {
  readonly name: string;
  /** `undefined` until everything is hashed. */
  readonly torrent: Torrent | undefined;
}

export function renderShares(
  shares: readonly PageShare[],
  { origin, targets }: {
    /** Scheme, host and port at which the reader reaches the machine. */
    readonly origin: string;
    /** Targets for which the machine has an executable. */
    readonly targets: readonly string[];
  },
): Html | undefined {
  if (shares.length === 0) return undefined;
  const host = shortHost(origin.replace(/^http:\/\//, ""));
  return markup`<section id="shares" class="card torrent shares"><div>
    ${shares.map(renderShare)}
    <dl>
    <dt>On each other machine</dt><dd>${
    renderCommand(`lanswarm get ${host}`)
  }</dd>
    ${renderJoinLines(origin, targets)}
    </dl></div>
    <figure>${
    renderQrCode(`${origin}/`)
  }<figcaption>this page</figcaption></figure>
    ${renderFiles(shares)}</section>`;
}

function renderShare({ name, torrent }: PageShare): Html {
  const facts = torrent === undefined
    ? "being hashed; machines may join already"
    : `${formatSize(sizeOfFiles(torrent.files).fileLength)} · ${
      formatPlural(filesOf(torrent).length, "file")
    }`;
  return markup`<h2><bdi>${
    shownText(name)
  }</bdi></h2><p class="facts"><span>${facts}</span></p>`;
}

/** The lines for machines with nothing installed, or how there can be some. */
function renderJoinLines(origin: string, targets: readonly string[]): Html[] {
  const lines = joinLines(origin, targets);
  if (lines.length === 0) {
    return [
      markup`<dt>With nothing installed</dt><dd>There is no executable to hand out. On the machine that shares, run <code>deno task compile</code>; the line appears here then.</dd>`,
    ];
  }
  return lines.map(({ label, command }) =>
    markup`<dt>${label}</dt><dd>${renderCommand(command)}</dd>`
  );
}

/** Links to the files of all shares that are ready. */
function renderFiles(shares: readonly PageShare[]): Html | undefined {
  const torrents = shares.flatMap(({ torrent }) => torrent ?? []);
  const count = torrents.reduce((sum, one) => sum + filesOf(one).length, 0);
  if (count === 0) return undefined;
  const links: Html[] = [];
  for (const torrent of torrents) {
    for (const { path, length } of filesOf(torrent)) {
      if (links.length === MAX_LISTED_FILES) break;
      links.push(
        markup`<li><a href="${
          sharedFilePath(torrent.infoHash, path)
        }" download><bdi>${path.map(shownText).join("/")}</bdi></a> <small>${
          formatSize(length)
        }</small></li>`,
      );
    }
  }
  const rest = count - links.length;
  const more = rest === 0
    ? undefined
    : markup`<li>and ${formatPlural(rest, "file")} more</li>`;
  const isOpen = count <= FEW_FILES ? markup` open` : undefined;
  return markup`<details class="files"${isOpen}><summary>Download in the browser</summary>
    <p class="faint">Slower: this machine alone sends them, and nothing is verified.</p>
    <ul>${links}${more}</ul></details>`;
}

function filesOf({ files }: Torrent): Torrent["files"] {
  return files.filter(isRegularFile);
}

/** A QR code, dark on white on every theme. */
function renderQrCode(text: string): Html {
  const { data, size } = encode(text, { ecc: "L", border: QUIET_ZONE });
  let path = "";
  for (const [row, modules] of data.entries()) {
    for (const [column, isDark] of modules.entries()) {
      if (isDark) path += `M${column} ${row}h1v1h-1z`;
    }
  }
  const box = `0 0 ${size} ${size}`;
  return markup`<svg class="qr" viewBox="${box}" role="img" aria-label="QR code of ${text}" shape-rendering="crispEdges">
    <path fill="#fff" d="M0 0h${size}v${size}h-${size}z"/><path fill="#000" d="${path}"/></svg>`;
}
