import { createHash } from "node:crypto";

/** A Lua script: Redis runs it as one atomic act. */
export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/*
 * The board's keys, P being the prefix:
 *
 *   P id              the board's random identity (P-30)
 *   P entry:<job>     hash: signature, rank, and the claim of its holder
 *   P ready:<sig>     sorted set of the claimable jobs under a signature: rank, then id
 *   P offered         set of the signatures whose ready set is not empty
 *   P later           sorted set of all other jobs: when they become claimable, ms of Redis TIME
 *   P claims          sorted set of "<claimId> <job>", all with score 0: ordered by name
 *   P changes         the channel
 *
 * A job with an entry is in exactly one of ready and later. rank is minus the priority; jobs of
 * one rank are ordered by id, which is by age. A job whose lease ended keeps its claim in the entry
 * until another takes it, so that its holder may still renew.
 *
 * Only the prefix is declared as a key. The others are made from it, which Redis allows as long as
 * they are in the same slot; the braces in the prefix see to that.
 */
const PRELUDE = `
local P = KEYS[1]
local ENTRY, READY = P .. 'entry:', P .. 'ready:'
local OFFERED, LATER, CLAIMS = P .. 'offered', P .. 'later', P .. 'claims'
local call = redis.call

local function clock()
  local time = call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function entry(id)
  local fields = call('HMGET', ENTRY .. id, 'signature', 'rank', 'claim')
  return fields[1], fields[2], fields[3]
end

local function offer(id, signature, rank)
  call('ZREM', LATER, id)
  call('ZADD', READY .. signature, rank, id)
  call('SADD', OFFERED, signature)
end

local function withdraw(id, signature)
  local ready = READY .. signature
  if call('ZREM', ready, id) == 1 and call('EXISTS', ready) == 0 then
    call('SREM', OFFERED, signature)
  end
end

local function postpone(id, signature, at)
  call('ZADD', LATER, at, id)
  withdraw(id, signature)
end

-- holder: the claim that the entry carries, or false.
local function take(id, signature, holder, claim, at)
  if holder ~= claim then
    if holder then call('ZREM', CLAIMS, holder .. ' ' .. id) end
    call('HSET', ENTRY .. id, 'claim', claim)
    call('ZADD', CLAIMS, 0, claim .. ' ' .. id)
  end
  postpone(id, signature, at)
end

local function create(id, signature, rank)
  call('HSET', ENTRY .. id, 'signature', signature, 'rank', rank)
end

local function forget(id, signature, holder)
  call('DEL', ENTRY .. id)
  call('ZREM', LATER, id)
  withdraw(id, signature)
  if holder then call('ZREM', CLAIMS, holder .. ' ' .. id) end
end

local function tell()
  call('PUBLISH', P .. 'changes', '')
end
`;

/** A script of these lines after the prelude, which it may use. */
export function script(body: string): Script {
  const lua = `${PRELUDE}${body}`;
  return { lua, sha: createHash("sha1").update(lua).digest("hex") };
}
