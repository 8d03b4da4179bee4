import { script } from "./script.js";

/*
 * What agents look at before they claim. Looking also moves what has come due from later to ready,
 * so that no process has to; a bounded number each time, so that no look is slow.
 */

const RIPEN = `
local RIPEN_MAX = 200

local function ripen(now)
  for _, id in ipairs(call('ZRANGEBYSCORE', LATER, '-inf', now, 'LIMIT', 0, RIPEN_MAX)) do
    local signature, rank = entry(id)
    if signature then offer(id, signature, rank) else call('ZREM', LATER, id) end
  end
end
`;

/**
 * -> signatures with a claimable job; ms until the next becomes claimable by itself, or -1; the
 * board's id, or "" when it has none.
 */
export const SURVEY = script(`${RIPEN}
local now = clock()
ripen(now)
local first = call('ZRANGE', LATER, 0, 0, 'WITHSCORES')
local next = first[2] and math.max(0, first[2] - now) or -1
return { call('SMEMBERS', OFFERED), next, call('GET', P .. 'id') or '' }
`);

/**
 * A limit, then signatures. -> id and signature of each candidate, in order. A further signature is
 * read only as far as it can still better what the others gave.
 */
export const CANDIDATES = script(`${RIPEN}
local limit, best = tonumber(ARGV[1]), {}
local function before(a, b)
  if a.rank ~= b.rank then return a.rank < b.rank end
  return a.id < b.id
end
ripen(clock())
for i = 2, #ARGV do
  local worst = best[limit] and best[limit].rank or '+inf'
  local found = call('ZRANGEBYSCORE', READY .. ARGV[i], '-inf', worst, 'WITHSCORES',
    'LIMIT', 0, limit)
  for j = 1, #found, 2 do
    best[#best + 1] = { id = found[j], rank = tonumber(found[j + 1]), signature = ARGV[i] }
  end
  if i > 2 then table.sort(best, before) end
  for j = #best, limit + 1, -1 do best[j] = nil end
end
local answer = {}
for _, one in ipairs(best) do
  -- A server that evicts keys, against our warning, may have dropped the entry alone.
  if call('EXISTS', ENTRY .. one.id) == 0 then withdraw(one.id, one.signature)
  else
    answer[#answer + 1] = one.id
    answer[#answer + 1] = one.signature
  end
end
return answer
`);

/**
 * ids. -> those with an entry. One that is in neither set any more is offered again. While nothing
 * is missing, a page costs Redis three commands, and one for each signature on offer; else three
 * for each id.
 */
export const EXISTS = script(`
local OFFERED_MAX = 64
local keys = {}
for i = 1, #ARGV do keys[i] = ENTRY .. ARGV[i] end

local function complete()
  if call('EXISTS', unpack(keys)) < #keys then return false end
  local offered = call('SMEMBERS', OFFERED)
  if #offered > OFFERED_MAX then return false end
  local sets, ids = { LATER }, ARGV
  for _, signature in ipairs(offered) do sets[#sets + 1] = READY .. signature end
  for _, set in ipairs(sets) do
    local scores, rest = call('ZMSCORE', set, unpack(ids)), {}
    for i, score in ipairs(scores) do
      if not score then rest[#rest + 1] = ids[i] end
    end
    if #rest == 0 then return true end
    ids = rest
  end
  return false
end
if complete() then return ARGV end

local there = {}
for i = 1, #ARGV do
  local id = ARGV[i]
  local signature, rank = entry(id)
  if signature then
    there[#there + 1] = id
    if not call('ZSCORE', LATER, id) and not call('ZSCORE', READY .. signature, id) then
      offer(id, signature, rank)
      tell()
    end
  end
end
return there
`);

/**
 * An incarnation. -> "<claimId> <job>" for each of its claims whose lease is not over; '/' is the
 * character after '.'.
 */
export const HELD = script(`
local now, held = clock(), {}
local first, last = '[' .. ARGV[1] .. '.', '(' .. ARGV[1] .. '/'
for _, member in ipairs(call('ZRANGEBYLEX', CLAIMS, first, last)) do
  local at = call('ZSCORE', LATER, string.match(member, ' (.*)$'))
  if at and tonumber(at) > now then held[#held + 1] = member end
end
return held
`);
