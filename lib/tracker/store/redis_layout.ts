/**
 * How a tracker's peers lie in Redis, as the beginning of every script in Lua
 * that works on them. All of it is done by scripts, so that each announce is one
 * question and nobody sees half of a change.
 *
 * Every key begins with `lanswarm:1:`, where 1 is the version of this layout.
 * Of each torrent, named by its info hash in hex:
 *
 * | Key              | Holds                                                       |
 * | ---------------- | ----------------------------------------------------------- |
 * | `HASH:s`, `:l`   | seeders, leechers: a sorted set of members by last announce |
 * | `HASH:sn`, `:ln` | the same by address, for who asks from near by              |
 * | `HASH:p`         | a hash of records by peer id, and three of the swarm's own  |
 * | `HASH`           | a hash: `d` completed downloads, `c` bytes of content       |
 *
 * and of all: `swarms`, a sorted set of info hashes by last announce; `totals`, a
 * hash: `d` completed downloads; `trackers`, a hash of what each tracker says of itself.
 *
 * A member begins with the address that others are told of first: a byte, 4 or
 * 6, or 0 if there is none; 6 or 18 bytes of address and port; a byte of flags
 * ({@linkcode MEMBER_FLAG}); the peer id; and 18 bytes more if the peer has an
 * address of IPv6 beside that of IPv4.
 *
 * Peers that are silent leave with the next announce of their torrent, and all of
 * its keys by themselves if there is none: everything has a time to live. Time is
 * Redis's, so that the trackers' clocks need not agree.
 *
 * The keys are made by the scripts and not declared before, which only a cluster
 * of several Redis minds.
 *
 * @module
 */

/** Begins every key; with the version of the layout. */
export const KEY_PREFIX = "lanswarm:1:";

/**
 * Silent peers that one announce clears away of each role, at most: what it
 * costs must not depend on how many left at once. The next one goes on.
 */
const TIDY_LIMIT = 200;

/** What a member's flags tell. */
export const MEMBER_FLAG = {
  /** An IPv6 address and a port follow the peer id, 18 bytes. */
  ipv6: 1,
  seeder: 2,
} as const;

/** What the first byte of a peer's record tells. */
export const RECORD_FLAG = {
  seeder: 1,
  /** Its download was counted. */
  completed: 2,
  /** Others may be told of its IPv4 address. */
  tellsIpv4: 4,
  tellsIpv6: 8,
} as const;

/** What all scripts begin with. The first two arguments are the same for all. */
export const PRELUDE = `
local call, pack, read, sub = redis.call, struct.pack, struct.unpack, string.sub
local timeout, keep = tonumber(ARGV[1]), tonumber(ARGV[2])
local clock = call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local function key(hash) return '${KEY_PREFIX}' .. hash end

local function has(flags, flag) return math.floor(flags / flag) % 2 == 1 end

-- Flags, seen, uploaded, downloaded, left, speed, key, IPv4, IPv6.
local RECORD = '>BdddddBc0Bc0Bc0'
local SEEDER, COMPLETED = ${RECORD_FLAG.seeder}, ${RECORD_FLAG.completed}
local TELLS_IPV4, TELLS_IPV6 = ${RECORD_FLAG.tellsIpv4}, ${RECORD_FLAG.tellsIpv6}

-- The peer id in a member.
local function idOf(member)
  local family = string.byte(member)
  local at = family == 4 and 9 or family == 6 and 21 or 3
  return sub(member, at, at + 19)
end

-- Takes members of one role out of all but the hash of records.
local function unlist(base, role, members)
  call('ZREM', base .. ':' .. role, unpack(members))
  call('ZREM', base .. ':' .. role .. 'n', unpack(members))
end

local function forget(base, role, members)
  unlist(base, role, members)
  local ids, speed = {}, 0
  for index, member in ipairs(members) do ids[index] = idOf(member) end
  for _, record in ipairs(call('HMGET', base .. ':p', unpack(ids))) do
    if record then speed = speed + select(6, read(RECORD, record)) end
  end
  call('HDEL', base .. ':p', unpack(ids))
  if speed > 0 then call('HINCRBY', base .. ':p', 'v', -speed) end
end

-- Clears silent peers away. Whether none is left.
local function tidy(base, role)
  local silent = call('ZRANGEBYSCORE', base .. ':' .. role, '-inf',
    '(' .. string.format('%.0f', now - timeout), 'LIMIT', 0, ${TIDY_LIMIT})
  if #silent > 0 then forget(base, role, silent) end
  return #silent < ${TIDY_LIMIT}
end

-- How many of a role are not silent.
local function count(base, role)
  return call('ZCOUNT', base .. ':' .. role, string.format('%.0f', now - timeout), '+inf')
end
`;
