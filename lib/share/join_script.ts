/**
 * The scripts that start `lanswarm get` on a machine with nothing installed: one
 * for POSIX shells, one for PowerShell. Each fetches the executable for its system,
 * compares its SHA-256 with the one in the script and runs it. Invariant: nothing
 * of a script that was cut off in transit runs, since its last line calls the rest.
 *
 * @module
 */
import { DEFAULT_TRACKER_PORT } from "../tracker/tracker_options.ts";

/** An executable that a script may fetch. */
export interface OfferedExecutable {
  /** The target as Deno spells it: `x86_64-unknown-linux-gnu`. */
  readonly target: string;
  /** In hex. */
  readonly sha256: string;
}

/** The values in a script. */
export interface JoinScript {
  /** `http://HOST:PORT` without characters that mean something to a shell. */
  readonly origin: string;
  readonly executables: readonly OfferedExecutable[];
}

/** The systems of a script, as `uname -sm` names them. */
const SYSTEMS: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "Linux x86_64",
  "aarch64-unknown-linux-gnu": "Linux aarch64",
  "x86_64-apple-darwin": "Darwin x86_64",
  "aarch64-apple-darwin": "Darwin arm64",
};

/** The only target of Windows. */
const WINDOWS_TARGET = "x86_64-pc-windows-msvc";

/** The targets that the scripts know. */
export const JOIN_TARGETS: readonly string[] = [
  ...Object.keys(SYSTEMS),
  WINDOWS_TARGET,
];

/** A line for a machine with nothing installed. */
export interface JoinLine {
  /** The kind of shell that the line is for. */
  readonly shell: "sh" | "powershell";
  /** The system that it is for. */
  readonly label: string;
  /** The line. */
  readonly command: string;
}

/**
 * The host and port of a share as `get` takes it: without the port that `get` tries
 * first. At another port, a further share may stand before this one.
 */
export function shortHost(host: string): string {
  return host.replace(new RegExp(`:${DEFAULT_TRACKER_PORT}$`), "");
}

/**
 * Writes the lines that fetch and run the join scripts of the server at `origin`,
 * for those shells for whose systems it has an executable.
 * @param targets Targets as Deno spells them.
 */
export function joinLines(
  origin: string,
  targets: readonly string[],
): JoinLine[] {
  const lines: JoinLine[] = [];
  if (targets.some((target) => target in SYSTEMS)) {
    const label = "With nothing installed";
    const command = `curl -fsS ${origin}/join | sh`;
    lines.push({ shell: "sh", label, command });
  }
  if (targets.includes(WINDOWS_TARGET)) {
    const label = lines.length === 0
      ? "With nothing, on Windows"
      : "The same on Windows";
    const command = `irm ${origin}/join.ps1 | iex`;
    lines.push({ shell: "powershell", label, command });
  }
  return lines;
}

/**
 * Writes the script for dash, bash, zsh and busybox ash. Arguments of the script
 * follow those of `lanswarm get`.
 */
export function posixJoinScript({ origin, executables }: JoinScript): string {
  const offered = new Map(
    executables.map(({ target, sha256 }) => [target, sha256]),
  );
  const systems = Object.entries(SYSTEMS).map(([target, system]) => {
    const sum = offered.get(target);
    return sum === undefined
      ? `    '${system}') fail "${origin} has no executable for $system; there, run: deno task compile --target ${target}" ;;`
      : `    '${system}') target=${target} sum=${sum} ;;`;
  });
  return `#!/bin/sh
# Runs lanswarm on this machine: fetches it from ${origin}, checks its SHA-256,
# keeps it in your cache, and gets what is shared there. Needs no root.
set -eu
fail() { echo "lanswarm: $*" >&2; exit 1; }
get() {
  if command -v curl >/dev/null; then curl -fsS -o "$2" "$1"; else wget -q -O "$2" "$1"; fi
}
fetch() {
  tries=60
  until get "$@"; do
    if [ $((tries -= 1)) = 0 ]; then fail "cannot fetch $1"; fi
    echo "lanswarm: cannot fetch $1; trying again in 5 s" >&2; sleep 5
  done
}
sum_of() { if command -v sha256sum >/dev/null; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1; }
has_loader() { for file; do if [ -e "$file" ]; then return 0; fi; done; return 1; }
main() {
  system="$(uname -s) $(uname -m)"
  case $system in
${systems.join("\n")}
    *) fail "there is no executable for $system; use any BitTorrent client" ;;
  esac
  has_loader /lib*/ld-linux* /System || fail "the executable needs the GNU C library, which is not here (musl?); open ${origin}/ in a browser"
  cache="\${XDG_CACHE_HOME:-\${HOME:?is not set}/.cache}/lanswarm"
  file="$cache/lanswarm-$sum"
  mkdir -p "$cache"
  if ! [ -x "$file" ] || [ "$(sum_of "$file")" != "$sum" ]; then
    trap 'rm -f "$file.$$"' EXIT
    fetch "${origin}/bin/$target" "$file.$$"
    [ "$(sum_of "$file.$$")" = "$sum" ] || fail "the executable's SHA-256 is wrong"
    chmod 755 "$file.$$"
    mv -f "$file.$$" "$file"
  fi
  exec "$file" get "${origin}/" "$@"
}
main "$@"
`;
}

/** Writes the script for PowerShell 5 and later. */
export function powershellJoinScript(
  { origin, executables }: JoinScript,
): string {
  const sum = executables.find(({ target }) => target === WINDOWS_TARGET)
    ?.sha256.toUpperCase();
  const action = sum === undefined
    ? `  throw 'lanswarm: ${origin} has no executable for Windows; there, run: deno task compile --target ${WINDOWS_TARGET}'`
    : `  $folder = Join-Path $env:LOCALAPPDATA 'lanswarm'
  $file = Join-Path $folder 'lanswarm-${sum.slice(0, 16)}.exe'
  New-Item -ItemType Directory -Force $folder | Out-Null
  if (-not (Test-Path $file) -or (Get-FileHash $file).Hash -ne '${sum}') {
    $part = "$file.$PID"
    for ($tries = 60; ; $tries--) {
      try { Invoke-WebRequest -UseBasicParsing '${origin}/bin/${WINDOWS_TARGET}' -OutFile $part; break }
      catch { if ($tries -le 1) { throw }; Start-Sleep 5 }
    }
    if ((Get-FileHash $part).Hash -ne '${sum}') {
      Remove-Item $part
      throw "lanswarm: the executable's SHA-256 is wrong"
    }
    Move-Item -Force $part $file
  }
  & $file get '${origin}/'`;
  return `# Runs lanswarm on this machine: fetches it from ${origin}, checks its SHA-256,
# keeps it in your profile, and gets what is shared there. Needs no administrator.
function Start-Lanswarm {
  $ErrorActionPreference = 'Stop'
  $ProgressPreference = 'SilentlyContinue'
${action}
}
Start-Lanswarm
`;
}
