-- Announces of many peers, for wrk: each of them in one torrent of a list, in an
-- order of chance that is the same in every run.
--
--   wrk ... -s announce.lua http://HOST:PORT/ -- INFO_HASHES PEERS CONNECTION
--
-- INFO_HASHES is a file with info hashes in hex, one a line, as opentracker takes
-- it. CONNECTION is "close" for a connection each, "keep-alive" for one that stays.
-- All requests are made at the start: writing one would cost wrk as much time as
-- it takes to answer it.

local requests = {}

-- What an info hash is in a URL; wrk takes the first result alone.
local function escape(hex)
  return (hex:gsub("%x%x", "%%%0"))
end

function init(args)
  local path, peers, connection = args[1], tonumber(args[2]), args[3]
  local info_hashes = {}
  for line in io.lines(path) do
    info_hashes[#info_hashes + 1] = escape(line)
  end
  local headers = { ["User-Agent"] = "qBittorrent/4.5.0" }
  if connection == "close" then
    headers["Connection"] = "close"
  end
  math.randomseed(1)
  for peer = 1, peers do
    requests[peer] = wrk.format(
      "GET",
      string.format(
        "/announce?info_hash=%s&peer_id=-qB4500-%012d&port=%d" ..
          "&uploaded=0&downloaded=0&left=%d&key=%08X&compact=1&numwant=50",
        info_hashes[(peer - 1) % #info_hashes + 1],
        peer,
        1024 + (peer - 1) % 64000,
        -- One in eight has it all.
        peer % 8 == 0 and 0 or 1048576,
        math.random(0, 0x7fffffff)
      ),
      headers
    )
  end
end

function request()
  return requests[math.random(#requests)]
end
