-- Makes wrk print what it measured as a line of JSON. wrk counts microseconds.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "failed": %d, "seconds": %.3f, "p50": %.2f, "p99": %.2f, "longest": %.2f}\n',
    summary.requests,
    errors.connect + errors.read + errors.write + errors.timeout + errors.status,
    summary.duration / 1e6,
    latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3,
    latency.max / 1e3))
end
