import { script } from "./script.js";

/* The acts on entries. What each answers is written above it; arguments in their order. */

/** identity: a fresh id. -> the board's id, and 1 when it is the fresh one. */
export const IDENTIFY = script(`
local stamped = call('SET', P .. 'id', ARGV[1], 'NX')
return { call('GET', P .. 'id'), stamped and 1 or 0 }
`);

/** Four for each posting: id, signature, rank, delay in ms. -> how many were new. */
export const PUT = script(`
local now, added = clock(), 0
for i = 1, #ARGV, 4 do
  local id, signature, rank, delay = ARGV[i], ARGV[i + 1], ARGV[i + 2], tonumber(ARGV[i + 3])
  if call('EXISTS', ENTRY .. id) == 0 then
    added = added + 1
    create(id, signature, rank)
    if delay > 0 then postpone(id, signature, now + delay) else offer(id, signature, rank) end
  end
end
if added > 0 then tell() end
return added
`);

/** id, rank. -> 1 when there is such an entry. */
export const REPRIORITISE = script(`
local id, rank = ARGV[1], ARGV[2]
local signature = entry(id)
if not signature then return 0 end
call('HSET', ENTRY .. id, 'rank', rank)
call('ZADD', READY .. signature, 'XX', rank, id)
return 1
`);

/** id, claimId, lease in ms. -> claimed | taken | gone */
export const CLAIM = script(`
local id, claim = ARGV[1], ARGV[2]
local signature, _, holder = entry(id)
if not signature then return 'gone' end
local now = clock()
local at = call('ZSCORE', LATER, id)
if at and tonumber(at) > now and holder ~= claim then return 'taken' end
take(id, signature, holder, claim, now + ARGV[3])
return 'claimed'
`);

/** id, signature, rank, claimId, lease in ms: whatever delay a sweep has put. -> claimed | taken */
export const RECLAIM = script(`
local id, claim = ARGV[1], ARGV[4]
local signature, _, holder = entry(id)
if holder and holder ~= claim then return 'taken' end
if not signature then
  signature = ARGV[2]
  create(id, signature, ARGV[3])
end
take(id, signature, holder, claim, clock() + ARGV[5])
return 'claimed'
`);

/**
 * Lease in ms, then two for each claim: id, claimId. -> ok | taken | gone for each. A lease that
 * ran out is renewed as well, as long as nobody else took the entry.
 */
export const RENEW = script(`
local at, answers = clock() + ARGV[1], {}
for i = 2, #ARGV, 2 do
  local id, claim = ARGV[i], ARGV[i + 1]
  local signature, _, holder = entry(id)
  if not holder then answers[#answers + 1] = 'gone'
  elseif holder ~= claim then answers[#answers + 1] = 'taken'
  else
    postpone(id, signature, at)
    answers[#answers + 1] = 'ok'
  end
end
return answers
`);

/** id, claimId, delay in ms. -> 1 when the claim was that one. */
export const ABANDON = script(`
local id, claim, delay = ARGV[1], ARGV[2], tonumber(ARGV[3])
local signature, rank, holder = entry(id)
if holder ~= claim then return 0 end
call('HDEL', ENTRY .. id, 'claim')
call('ZREM', CLAIMS, claim .. ' ' .. id)
if delay > 0 then postpone(id, signature, clock() + delay) else offer(id, signature, rank) end
tell()
return 1
`);

/** id, claimId. -> 1 when the claim was that one. */
export const CONSUME = script(`
local id, claim = ARGV[1], ARGV[2]
local signature, _, holder = entry(id)
if holder ~= claim then return 0 end
forget(id, signature, holder)
return 1
`);

/** ids. -> how many went; those that are held stay. */
export const REMOVE = script(`
local now, removed = clock(), 0
for i = 1, #ARGV do
  local id = ARGV[i]
  local signature, _, holder = entry(id)
  local at = holder and call('ZSCORE', LATER, id)
  if signature and not (at and tonumber(at) > now) then
    forget(id, signature, holder)
    removed = removed + 1
  end
end
return removed
`);
