"""What runs inside Redis, so that an epoch is compared and records are written in one step.

KEYS: 1 meta (hash: epoch owner newest previous seat terms base ended heard), 2 journal (list), 3 what was heard of late
(list). A write answers {held epoch, next index}; epoch 0 stands for a session that does not exist. Every script may be
repeated after a lost answer. Whoever owns a session or comes back to it has it live for another TTL, as a write does.
"""

from __future__ import annotations

_LIVES_ON = """
local function lives_on(seconds)
  for _, key in ipairs(KEYS) do redis.call('EXPIRE', key, seconds) end
end
"""

CREATE = """
if redis.call('EXISTS', KEYS[1]) == 1 then
  return redis.call('HGET', KEYS[1], 'newest') == ARGV[2] and 1 or 0
end
redis.call('HSET', KEYS[1], 'epoch', 1, 'owner', ARGV[1], 'newest', ARGV[2], 'previous', '', 'base', 0)
redis.call('EXPIRE', KEYS[1], ARGV[3])
return 1
"""

# ARGV: held epoch, owner, ttl in seconds
CLAIM = (
    _LIVES_ON
    + """
local held = tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
if held == tonumber(ARGV[1]) and held > 0 then
  redis.call('HSET', KEYS[1], 'epoch', held + 1, 'owner', ARGV[2])
  lives_on(ARGV[3])
  return held + 1
end
if held == tonumber(ARGV[1]) + 1 and redis.call('HGET', KEYS[1], 'owner') == ARGV[2] then
  lives_on(ARGV[3])
  return held
end
return -held
"""
)

# ARGV: token, fresh token, ttl in seconds
REDEEM = (
    _LIVES_ON
    + """
local newest, previous, seat, epoch = unpack(redis.call('HMGET', KEYS[1], 'newest', 'previous', 'seat', 'epoch'))
if not newest or (ARGV[1] ~= newest and ARGV[1] ~= previous) then
  return {0, 0}
end
seat = tonumber(seat or 1)
if newest ~= ARGV[2] then
  seat = seat + 1
end
redis.call('HSET', KEYS[1], 'newest', ARGV[2], 'previous', ARGV[1], 'seat', seat)
lives_on(ARGV[3])
return {tonumber(epoch), seat}
"""
)

# ARGV: token, ttl in seconds or nothing where the token is only checked. Answers {epoch, the newest seat}; epoch 0:
# the token does not fit.
RELINK = (
    _LIVES_ON
    + """
local newest, previous, seat, epoch = unpack(redis.call('HMGET', KEYS[1], 'newest', 'previous', 'seat', 'epoch'))
if not newest or (ARGV[1] ~= newest and ARGV[1] ~= previous) then
  return {0, 0}
end
if ARGV[2] then lives_on(ARGV[2]) end
return {tonumber(epoch), tonumber(seat or 1)}
"""
)

# ARGV: epoch, index, drop below, terms, last, ttl in seconds, pieces heard that are kept, pieces n, n times {first
# micro-turn, piece}, records … What was heard is written whatever becomes of the records.
APPEND = (
    _LIVES_ON
    + """
local epoch = tonumber(redis.call('HGET', KEYS[1], 'epoch') or 0)
local index, below = tonumber(ARGV[2]), tonumber(ARGV[3])
if epoch == 0 or epoch ~= tonumber(ARGV[1]) then
  return {epoch, 0}
end
local records = 9 + 2 * tonumber(ARGV[8])
if records > 9 then
  local heard = tonumber(redis.call('HGET', KEYS[1], 'heard') or -1)
  for i = 9, records - 1, 2 do
    if tonumber(ARGV[i]) > heard then
      heard = tonumber(ARGV[i])
      redis.call('RPUSH', KEYS[3], ARGV[i + 1])
    end
  end
  redis.call('HSET', KEYS[1], 'heard', heard)
  redis.call('LTRIM', KEYS[3], -tonumber(ARGV[7]), -1)
  redis.call('EXPIRE', KEYS[3], ARGV[6])
end
local base = tonumber(redis.call('HGET', KEYS[1], 'base'))
local following = base + redis.call('LLEN', KEYS[2])
if index > following and below >= index then
  redis.call('DEL', KEYS[2])
  base, following = index, index
end
if index > following then
  return {epoch, following}
end
for i = records + following - index, #ARGV do
  redis.call('RPUSH', KEYS[2], ARGV[i])
  following = following + 1
end
below = math.min(below, following)
if below > base then
  redis.call('LTRIM', KEYS[2], below - base, -1)
  base = below
end
redis.call('HSET', KEYS[1], 'base', base)
if ARGV[4] ~= '' then redis.call('HSET', KEYS[1], 'terms', ARGV[4]) end
if ARGV[5] == '1' then redis.call('HSET', KEYS[1], 'ended', 1) end
lives_on(ARGV[6])
return {epoch, following}
"""
)

LOAD = """
return {redis.call('HGETALL', KEYS[1]), redis.call('LRANGE', KEYS[2], 0, -1)}
"""
