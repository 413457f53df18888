"""Seeds or downloads one torrent in the current folder until it is ended.

usage: libtorrent_peer.py TORRENT MARKER [--extensions] [--lsd] [--before TORRENT]
           [--priorities N,N...]

TORRENT is a torrent file or a magnet link. Creates the file MARKER once the torrent
is complete and written, and prints the bytes of content that it has received. With
--before it waits first until another torrent file is complete. With --priorities it
downloads the files whose priority, in their order, is not 0. With --extensions it prints the messages of protocol extensions that it
sends and receives. With --lsd it uses Local Service Discovery.
"""

import sys
import time

import libtorrent

torrent_path, marker_path = sys.argv[1:3]
values = dict(zip(sys.argv[3:], sys.argv[4:]))
has_log = "--extensions" in sys.argv[3:]
LOGGED = ("EXTENSIONS [", "EXTENDED_HANDSHAKE", "HAVE_ALL", "HAVE_NONE", "PEX", "REJECT")
session = libtorrent.session({
    "listen_interfaces": "0.0.0.0:6881,[::]:6881",
    "enable_dht": False,
    "enable_lsd": "--lsd" in sys.argv[3:],
    "enable_upnp": False,
    "enable_natpmp": False,
    # TCP, as for all clients here. Its µTP is ten times slower between two of them
    # on one machine.
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    # In a benchmark over loopback all peers have one address.
    "allow_multiple_connections_per_ip": True,
    # No limits, and the send buffers of its own high_performance_seed(): a fifth
    # faster from one to one.
    "unchoke_slots_limit": -1,
    "send_buffer_watermark": 3 * 1024 * 1024,
    "send_buffer_low_watermark": 1024 * 1024,
    "send_buffer_watermark_factor": 150,
    "alert_mask": libtorrent.alert.category_t.storage_notification
    | (libtorrent.alert.category_t.peer_log_notification if has_log else 0),
})
if torrent_path.startswith("magnet:"):
    parameters = libtorrent.parse_magnet_uri(torrent_path)
    parameters.save_path = "."
    handle = session.add_torrent(parameters)
else:
    parameters = {"save_path": "."}
    if "--before" in values:
        before = {"ti": libtorrent.torrent_info(values["--before"]), "save_path": "."}
        before = session.add_torrent(before)
        while not before.status().is_seeding:
            time.sleep(0.01)
    if "--priorities" in values:
        parameters["file_priorities"] = [int(n) for n in values["--priorities"].split(",")]
    parameters["ti"] = libtorrent.torrent_info(torrent_path)
    handle = session.add_torrent(parameters)
is_complete = False
while True:
    status = handle.status()
    if status.errc.value() != 0:
        sys.exit(f"error: {status.errc.message()}")
    if status.is_finished and not is_complete:
        is_complete = True
        print(f"received: {status.total_payload_download}", flush=True)
        # Blocks that are hashed may still wait to be written.
        handle.flush_cache()
    for alert in session.pop_alerts():
        if isinstance(alert, libtorrent.cache_flushed_alert):
            if is_complete:
                open(marker_path, "w").close()
        elif has_log and any(word in alert.message() for word in LOGGED):
            print(alert.message(), flush=True)
    time.sleep(0.01)
