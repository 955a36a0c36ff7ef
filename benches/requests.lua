-- wrk sends one request per token, over and over: -- TOKENS HOST METHOD PATH
-- A line with a proof behind the token makes a request for once: nothing is sent when all are.
-- Prints its counts as one line that the driver reads.
local requests, at, once = {}, 0, false
local SPARE = 64

function init(args)
  local file, host, method, path = args[1], args[2], args[3], args[4]
  for line in io.lines(file) do
    local headers = { ["Host"] = host, ["User-Agent"] = "eec/1", ["Accept"] = "application/json" }
    local token, proof = line:match("^(%S+) (%S+)$")
    headers["Authorization"] = token and "DPoP " .. token or "Bearer " .. line
    headers["DPoP"] = proof
    once = proof ~= nil
    requests[#requests + 1] = wrk.format(method, path, headers)
  end
end

function request()
  at = at % #requests + 1
  if once and at == #requests - SPARE then wrk.thread:stop() end
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("counts %d %d %d %d %d\n", summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(99)))
end
