/**
 * The script that Redis runs for announces, several at once: it applies each and
 * answers with counts and a random few of the other peers. What an announce
 * costs grows with the number of peers that are wanted, not with the swarm.
 *
 * @module
 */
import { MEMBER_FLAG, PRELUDE } from "./redis_layout.ts";

/** Flags of an announce on its way to the script. */
export const ANNOUNCE_FLAG = {
  seeder: 1,
  completed: 2,
  stopped: 4,
  /** Others may be told of the address. */
  listed: 8,
  /** Said by the tracker and not by the peer, so that nothing is to be proved. */
  trusted: 16,
  started: 32,
} as const;

/** How the script's answer to one announce begins. */
export const ANNOUNCE_STATUS = {
  accepted: 0,
  /** The peer id is in use at another address. */
  refused: 1,
  /** What follows is the error's text. */
  failed: 2,
} as const;

/**
 * Arguments: peer timeout and how long counts are kept in milliseconds, this
 * tracker's name, its number of peers (empty if Redis need not be told), and the
 * announces as `announce_batch.ts` writes them. Answer: the number of peers of
 * all trackers (empty if it was not told), then an answer for each announce.
 */
export const ANNOUNCE_SCRIPT = PRELUDE + `
local ASK_SEEDER, ASK_COMPLETED, ASK_STOPPED, ASK_LISTED, ASK_TRUSTED =
  ${ANNOUNCE_FLAG.seeder}, ${ANNOUNCE_FLAG.completed}, ${ANNOUNCE_FLAG.stopped}, ${ANNOUNCE_FLAG.listed}, ${ANNOUNCE_FLAG.trusted}
local ASK_STARTED = ${ANNOUNCE_FLAG.started}

local function parse(record)
  local peer = {}
  peer.flags, peer.seen, peer.uploaded, peer.downloaded, peer.left, peer.speed,
    peer.secret, peer.ipv4, peer.ipv6 = read(RECORD, record)
  return peer
end

local function write(peers, id, peer)
  call('HSET', peers, id, pack(RECORD, peer.flags, peer.seen, peer.uploaded,
    peer.downloaded, peer.left, peer.speed, #peer.secret, peer.secret,
    #peer.ipv4, peer.ipv4, #peer.ipv6, peer.ipv6))
end

local function roleOf(peer) return has(peer.flags, SEEDER) and 's' or 'l' end

local function memberOf(id, peer)
  local ipv4 = has(peer.flags, TELLS_IPV4) and peer.ipv4 or ''
  local ipv6 = has(peer.flags, TELLS_IPV6) and peer.ipv6 or ''
  local flags = has(peer.flags, SEEDER) and ${MEMBER_FLAG.seeder} or 0
  if ipv4 ~= '' and ipv6 ~= '' then flags = flags + ${MEMBER_FLAG.ipv6} end
  if ipv4 ~= '' then return '\\4' .. ipv4 .. string.char(flags) .. id .. ipv6 end
  local family = ipv6 ~= '' and '\\6' or '\\0'
  return family .. ipv6 .. string.char(flags) .. id
end

-- A known peer may announce from where it is listed, or prove itself with its key.
local function mayUpdate(peer, ask)
  if has(ask.flags, ASK_TRUSTED) then return true end
  if ask.secret ~= '' and ask.secret == peer.secret then return true end
  local known = #ask.address == 6 and peer.ipv4 or peer.ipv6
  return #known == #ask.address and sub(known, 1, -3) == sub(ask.address, 1, -3)
end

local function complete(base, peer)
  peer.flags = peer.flags + COMPLETED
  for _, counter in ipairs({{base, 'd'}, {key('totals'), 'd'}}) do
    call('HINCRBY', counter[1], counter[2], 1)
    call('PEXPIRE', counter[1], keep)
  end
end

-- Bytes a second between two announces, as the memory's store measures it.
local function measuredSpeed(old, ask, seen)
  if not old or has(ask.flags, ASK_SEEDER) or has(ask.flags, ASK_STARTED) then
    return 0
  end
  if seen - old.seen < 1000 then return old.speed end
  local gained = (ask.downloaded - old.downloaded) * 1000 / (seen - old.seen)
  return math.max(0, math.floor(math.min(gained, 4294967295)))
end

-- The peer as it is after an announce.
local function updated(old, ask, seen)
  local peer = {seen = seen, uploaded = ask.uploaded,
    downloaded = ask.downloaded, left = ask.left,
    speed = measuredSpeed(old, ask, seen), secret = ask.secret,
    ipv4 = old and old.ipv4 or '', ipv6 = old and old.ipv6 or ''}
  local tellsIpv4 = old and has(old.flags, TELLS_IPV4)
  local tellsIpv6 = old and has(old.flags, TELLS_IPV6)
  if #ask.address == 6 then
    peer.ipv4, tellsIpv4 = ask.address, has(ask.flags, ASK_LISTED)
  elseif #ask.address == 18 then
    peer.ipv6, tellsIpv6 = ask.address, has(ask.flags, ASK_LISTED)
  end
  if peer.secret == '' and old then peer.secret = old.secret end
  peer.flags = (has(ask.flags, ASK_SEEDER) and SEEDER or 0)
    + (old and has(old.flags, COMPLETED) and COMPLETED or 0)
    + (tellsIpv4 and TELLS_IPV4 or 0) + (tellsIpv6 and TELLS_IPV6 or 0)
  return peer
end

-- Keeps the keys of a torrent for as long as it has peers.
local function keepAlive(base, hash)
  call('HSET', base .. ':p', 't', now)
  for _, part in ipairs({':p', ':s', ':l', ':sn', ':ln'}) do
    call('PEXPIRE', base .. part, timeout * 2)
  end
  call('ZADD', key('swarms'), now, hash)
  call('PEXPIRE', key('swarms'), keep)
  call('PEXPIRE', base, keep)
end

-- Lists a peer as it is now. Its member.
local function list(base, ask, old, seen, refreshed)
  local peers = base .. ':p'
  local peer = updated(old, ask, seen)
  if has(ask.flags, ASK_COMPLETED) and not has(peer.flags, COMPLETED) then
    complete(base, peer)
  end
  local role, member = roleOf(peer), memberOf(ask.id, peer)
  local oldMember = old and memberOf(ask.id, old)
  local isMoved = member ~= oldMember
  if isMoved then
    if old then unlist(base, roleOf(old), {oldMember}) end
    call('ZADD', base .. ':' .. role .. 'n', 0, member)
  end
  call('ZADD', base .. ':' .. role, seen, member)
  write(peers, ask.id, peer)
  local faster = peer.speed - (old and old.speed or 0)
  if faster ~= 0 then call('HINCRBY', peers, 'v', faster) end
  if isMoved or now - refreshed > timeout / 4 then keepAlive(base, ask.hash) end
  return member
end

-- Gives up to half of what is left of one role to those near by, first of the
-- asker's subnet. Where in it the search begins is left to chance.
local function giveNear(give, zset, ask, limit)
  local family, cuts = '\\4', {3, 2}
  if #ask.address == 18 then family, cuts = '\\6', {8, 6} end
  for _, cut in ipairs(cuts) do
    local first = family .. sub(ask.address, 1, cut)
    local last, middle = first .. '\\255\\255', first .. string.char(ask.random % 256)
    for _, range in ipairs({{'[' .. middle, '(' .. last}, {'[' .. first, '(' .. middle}}) do
      -- One more, as the asker may be among them.
      for _, member in ipairs(call('ZRANGEBYLEX', zset, range[1], range[2],
        'LIMIT', 0, limit + 1)) do
        if limit > 0 and give(member) then limit = limit - 1 end
      end
      if limit == 0 then return end
    end
  end
end

-- Gives from a few runs of those who announced one after another, which costs a
-- tenth of drawing each by itself. The set is taken as a ring that is cut
-- anywhere, and each run stands anywhere in its part: all are equally likely.
local function giveRuns(give, zset, size, length)
  local runs = length * 2 <= size and 4 or 1
  local part, run = math.floor(size / runs), math.ceil(length / runs)
  local cut = math.random(0, size - 1)
  for index = 0, runs - 1 do
    local first = (cut + index * part + math.random(0, part - run)) % size
    local last = first + run - 1
    for _, range in ipairs({{first, last}, {0, last - size}}) do
      if range[2] >= range[1] then
        for _, member in ipairs(call('ZRANGE', zset, range[1], range[2])) do
          give(member)
        end
      end
    end
  end
end

-- Up to a share of one role, some of them from near by.
local function pick(list, given, zset, size, share, ask)
  local wanted = share
  local function give(member)
    if wanted == 0 or given[member] then return false end
    given[member] = true
    list[#list + 1] = member
    wanted = wanted - 1
    return true
  end
  if size > share then giveNear(give, zset .. 'n', ask, math.floor(share / 2)) end
  -- Enough for all even if those that were given and the asker are among them.
  giveRuns(give, zset, size, math.min(size, share + 1))
end

-- A seeder has no use for seeders. A leecher gets them for at most half of the
-- list while there are leechers for the other half.
local function choose(list, base, member, ask, seeders, leechers)
  local wanted, isSeeder = ask.wanted, has(ask.flags, SEEDER)
  local others = isSeeder and leechers or leechers - 1
  local share = isSeeder and 0 or math.min(seeders,
    math.max(math.ceil(wanted / 2), wanted - others))
  if wanted == 0 then return end
  math.randomseed(ask.random)
  local given = {[member] = true}
  if share > 0 then pick(list, given, base .. ':s', seeders, share, ask) end
  if wanted > share and leechers > 0 then
    pick(list, given, base .. ':l', leechers, wanted - share, ask)
  end
end

local function size(base, role, isTidy)
  if isTidy then return call('ZCARD', base .. ':' .. role) end
  return count(base, role)
end

local function announce(ask)
  local base, seen = key(ask.hash), now - ask.age
  local peers = base .. ':p'
  local seedersAreTidy, leechersAreTidy = tidy(base, 's'), tidy(base, 'l')
  local found = call('HMGET', peers, ask.id, 't', 'b')
  local old, born = found[1] and parse(found[1]), tonumber(found[3] or now)
  if old and not mayUpdate(old, ask) then
    return pack('>B', ${ANNOUNCE_STATUS.refused})
  end
  -- Written back after a time without Redis, which has heard of the peer since.
  local isLate = old and old.seen > seen
  local isStopped, member = has(ask.flags, ASK_STOPPED), nil
  if isStopped then
    if old and not isLate then
      forget(base, roleOf(old), {memberOf(ask.id, old)})
    end
  elseif isLate then
    member = memberOf(ask.id, old)
    if has(ask.flags, ASK_COMPLETED) and not has(old.flags, COMPLETED) then
      complete(base, old)
      write(peers, ask.id, old)
    end
  elseif ask.age <= timeout then
    member = list(base, ask, old, seen, tonumber(found[2] or 0))
  end
  local seeders = size(base, 's', seedersAreTidy)
  local leechers = size(base, 'l', leechersAreTidy)
  if seeders + leechers == 0 then
    call('DEL', peers)
    born = now
  elseif not found[3] or (seeders + leechers == 1 and member and not old) then
    call('HSET', peers, 'b', seen)
    born = seen
  end
  local counts = call('HMGET', base, 'd', 'c')
  if member and ask.left > tonumber(counts[2] or 0) then
    call('HSET', base, 'c', ask.left)
    call('PEXPIRE', base, keep)
  end
  local answer = {pack('>BIIdd', ${ANNOUNCE_STATUS.accepted}, seeders, leechers,
    tonumber(counts[1] or 0), now - born)}
  if member then choose(answer, base, member, ask, seeders, leechers) end
  return table.concat(answer)
end

-- The number of peers of all trackers that spoke lately, with what this one says.
local function peersOfAll(tracker, own)
  local trackers, sum = key('trackers'), 0
  call('HSET', trackers, tracker, pack('>dd', now, own))
  call('PEXPIRE', trackers, keep)
  local said = call('HGETALL', trackers)
  for index = 1, #said, 2 do
    local at, peers = read('>dd', said[index + 1])
    if at >= now - timeout then sum = sum + peers
    else call('HDEL', trackers, said[index]) end
  end
  return pack('>d', sum)
end

local batch, at = ARGV[5], 1
local answers = {ARGV[4] == '' and '' or peersOfAll(ARGV[3], tonumber(ARGV[4]))}
while at <= #batch do
  local ask = {}
  ask.hash, ask.id, ask.flags, ask.wanted, ask.random, ask.uploaded,
    ask.downloaded, ask.left, ask.age, ask.address, ask.secret, at =
    read('>c40c20BBIddddBc0Bc0', batch, at)
  -- One torrent whose keys hold something else is not to hurt the others.
  local isDone, answer = pcall(announce, ask)
  if not isDone then
    answer = pack('>B', ${ANNOUNCE_STATUS.failed}) .. tostring(
      type(answer) == 'table' and answer.err or answer)
  end
  answers[#answers + 1] = answer
end
return answers
`;
