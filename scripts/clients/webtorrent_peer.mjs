// Seeds or downloads one torrent in the current folder until it is ended, under
// Node.js.
//
// usage: webtorrent_peer.mjs MODULE TORRENT MARKER
//
// MODULE is the path of webtorrent's index.js. Creates the file MARKER once the
// torrent is complete.

// deno-lint-ignore-file no-process-global

const [modulePath, torrentPath, markerPath] = process.argv.slice(2);
const { register } = process.getBuiltinModule("node:module");
const { writeFileSync } = process.getBuiltinModule("node:fs");

// WebRTC is for browsers, and its package has a compiled part that npm cannot always
// install.
const hooks = `
  const names = ["RTCPeerConnection", "RTCSessionDescription", "RTCIceCandidate"];
  const source = names.map((name) => "export const " + name + " = undefined;");
  const url = "data:text/javascript," + encodeURIComponent(
    source.join("") + "export default {};",
  );
  export function resolve(specifier, context, nextResolve) {
    return /^(webrtc-polyfill|node-datachannel)(\\/|$)/.test(specifier)
      ? { url, shortCircuit: true }
      : nextResolve(specifier, context);
  }
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);

const { default: WebTorrent } = await import(modulePath);
const client = new WebTorrent({
  torrentPort: 6881 + process.pid % 1000,
  maxConns: 200,
  dht: false,
  lsd: false,
  utPex: false,
  natUpnp: false,
  natPmp: false,
  webSeeds: false,
  // TCP without encryption, as for all clients here.
  utp: false,
  secure: 0,
});
client.on("error", (error) => {
  process.stderr.write(`error: ${error.message}\n`);
  process.exit(1);
});
client.add(torrentPath, {
  path: ".",
  // The default. "rarest" scans all pieces for every block: it takes four times as
  // long from one to one, twice as long from one to four.
  strategy: "sequential",
  uploads: 50,
}, (torrent) => {
  if (torrent.done) writeFileSync(markerPath, "");
  else torrent.on("done", () => writeFileSync(markerPath, ""));
});
