-- wrk sends one request per token, over and over: -- TOKENS HOST METHOD PATH
-- Prints its counts as one line that the driver reads.
local requests, at = {}, 0

function init(args)
  local file, host, method, path = args[1], args[2], args[3], args[4]
  for token in io.lines(file) do
    local headers = { ["Host"] = host, ["User-Agent"] = "eec/1", ["Accept"] = "application/json" }
    headers["Authorization"] = "Bearer " .. token
    requests[#requests + 1] = wrk.format(method, path, headers)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format("counts %d %d %d %d %d\n", summary.requests, summary.duration, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout, latency:percentile(99)))
end
