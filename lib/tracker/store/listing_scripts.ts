/**
 * The scripts that Redis runs for whoever looks at the swarms, and to keep them
 * in order. None does more at once than a few milliseconds of work.
 *
 * @module
 */
import { PRELUDE } from "./redis_layout.ts";

/** Torrents that are remembered, with and without peers, at most. */
const MAX_SWARM_COUNT = 100_000;

/** How many torrents one call of {@linkcode TIDY_SCRIPT} forgets, at most. */
export const TIDY_COUNT = 500;

/**
 * Describes torrents. Arguments after the two of all scripts: `range`, a first
 * rank and a last, most recent first; or `named` and info hashes without anything
 * between. Answer, of each: info hash in hex, seeders, leechers, completed
 * downloads, bytes of content, bytes a second.
 */
export const SWARMS_SCRIPT = PRELUDE + `
local hashes, swarms = {}, key('swarms')
if ARGV[3] == 'range' then
  hashes = call('ZREVRANGE', swarms, ARGV[4], ARGV[5])
else
  for at = 1, #ARGV[4], 40 do
    local hash = sub(ARGV[4], at, at + 39)
    if call('ZSCORE', swarms, hash) then hashes[#hashes + 1] = hash end
  end
end
local list = {}
local function describe(hash)
  local base = key(hash)
  local seeders, leechers = count(base, 's'), count(base, 'l')
  local kept = call('HMGET', base, 'd', 'c')
  local speed = leechers > 0 and call('HGET', base .. ':p', 'v') or 0
  list[#list + 1] = pack('>c40IIddd', hash, seeders, leechers,
    tonumber(kept[1] or 0), tonumber(kept[2] or 0), tonumber(speed or 0))
end
-- One torrent whose keys hold something else is not to hide the others.
for _, hash in ipairs(hashes) do pcall(describe, hash) end
return table.concat(list)
`;

/** How many downloads were completed, of all torrents ever. */
export const TOTALS_SCRIPT = PRELUDE + `
return call('HGET', key('totals'), 'd')
`;

/**
 * Describes the peers of a torrent: its info hash and how many at most, leechers
 * first. Answer: Redis's time, and of each peer its id, its record's length and
 * the record.
 */
export const PEERS_SCRIPT = PRELUDE + `
local base, limit = key(ARGV[3]), tonumber(ARGV[4])
local list = {pack('>d', now)}
for _, role in ipairs({'l', 's'}) do
  local members = limit <= 0 and {} or call('ZREVRANGEBYSCORE', base .. ':' .. role,
    '+inf', string.format('%.0f', now - timeout), 'LIMIT', 0, limit)
  limit = limit - #members
  for _, member in ipairs(members) do
    local id = idOf(member)
    local record = call('HGET', base .. ':p', id)
    if record then list[#list + 1] = id .. pack('>I', #record) .. record end
  end
end
return table.concat(list)
`;

/**
 * Raises counts to what a tracker remembers, where Redis lost its own: info hash
 * in hex, completed downloads and bytes of content of each torrent.
 */
export const RESTORE_SCRIPT = PRELUDE + `
local function restore(hash, done, content)
  local base = key(hash)
  local kept = call('HMGET', base, 'd', 'c')
  local missing = done - tonumber(kept[1] or 0)
  if missing > 0 then
    call('HINCRBY', base, 'd', missing)
    call('HINCRBY', key('totals'), 'd', missing)
    call('PEXPIRE', key('totals'), keep)
  end
  if content > tonumber(kept[2] or 0) then call('HSET', base, 'c', content) end
  call('PEXPIRE', base, keep)
  call('ZADD', key('swarms'), 'NX', now, hash)
  call('PEXPIRE', key('swarms'), keep)
end
for at = 1, #ARGV[3], 56 do
  pcall(restore, read('>c40dd', ARGV[3], at))
end
`;

/**
 * Forgets torrents that nobody announced for longest: those of long ago, and
 * those that are too many. Answer: how many it were.
 */
export const TIDY_SCRIPT = PRELUDE + `
local swarms = key('swarms')
local hashes = call('ZRANGEBYSCORE', swarms, '-inf',
  '(' .. string.format('%.0f', now - keep), 'LIMIT', 0, ${TIDY_COUNT})
local excess = call('ZCARD', swarms) - ${MAX_SWARM_COUNT}
if #hashes == 0 and excess > 0 then
  hashes = call('ZRANGE', swarms, 0, math.min(excess, ${TIDY_COUNT}) - 1)
end
for _, hash in ipairs(hashes) do
  local base = key(hash)
  call('UNLINK', base, base .. ':p', base .. ':s', base .. ':l',
    base .. ':sn', base .. ':ln')
  call('ZREM', swarms, hash)
end
return #hashes
`;
