-- Sends the signed requests of a file: each is a template with a record's values copied in.
-- Arguments after `--`: plan (Lua table), records file, first record, end record, "wrap" or "stop".
local ffi = require 'ffi'

ffi.cdef [[
  int open(const char *path, int flags, ...);
  void *mmap(void *address, size_t length, int protection, int flags, int file, long offset);
]]

local PROT_READ, MAP_PRIVATE = 1, 2

local buffer, total, records, record_bytes
local copies, copy_count = {}, 0
local first, last, at, wraps

function init(args)
  local plan = dofile(args[1])
  first, last, wraps = tonumber(args[3]), tonumber(args[4]), args[5] == 'wrap'
  at = first
  record_bytes = plan.record_bytes
  total = #plan.template
  buffer = ffi.new('uint8_t[?]', total)
  ffi.copy(buffer, plan.template, total)
  for index, copy in ipairs(plan.copies) do
    copies[index] = { from = copy[1], to = copy[2], length = copy[3] }
  end
  copy_count = #copies
  records = map(args[2], last * record_bytes)
end

function map(path, length)
  local file = ffi.C.open(path, 0)
  if file < 0 then error('cannot open ' .. path) end
  local address = ffi.C.mmap(nil, length, PROT_READ, MAP_PRIVATE, file, 0)
  if ffi.cast('intptr_t', address) == -1 then error('cannot map ' .. path) end
  return ffi.cast('const uint8_t *', address)
end

function request()
  if at >= last then
    if not wraps then
      -- The requests under way are cut; the caller counts at the receiver.
      io.stderr:write('exhausted\n')
      io.stderr:flush()
      wrk.thread:stop()
    end
    at = first
  end
  local record = records + at * record_bytes
  at = at + 1
  for index = 1, copy_count do
    local copy = copies[index]
    ffi.copy(buffer + copy.to, record + copy.from, copy.length)
  end
  return ffi.string(buffer, total)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'RESULT {"durationUs":%d,"requests":%d,"p50Us":%d,"p99Us":%d,"p999Us":%d,"maxUs":%d,'
      .. '"connectErrors":%d,"readErrors":%d,"writeErrors":%d,"statusErrors":%d,"timeouts":%d}\n',
    summary.duration, summary.requests, latency:percentile(50), latency:percentile(99), latency:percentile(99.9),
    latency.max, errors.connect, errors.read, errors.write, errors.status, errors.timeout))
end
