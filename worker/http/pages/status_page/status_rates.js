// What happened between two statuses of the same master. Null: it is not known.

// Of a counter. One that went backwards began anew.
function increase(before, after) {
  if (before === null || after === null || after < before) return null;
  return Number(after - before);
}

function rate(before, after, seconds) {
  const more = increase(before, after);
  return more === null || !(seconds > 0) ? null : more / seconds;
}

// Whether another master answers than before.
function isRestart(before, after) {
  const old = before.master;
  const now = after.master;
  if (old.pid !== null && now.pid !== null && old.pid !== now.pid) return true;
  return old.uptime !== null && now.uptime !== null && now.uptime < old.uptime;
}

// The clock of the server is better than ours: it does not count the way of the answer.
function secondsBetween(before, after) {
  const old = before.status.master.uptime;
  const now = after.status.master.uptime;
  if (old !== null && now !== null && now > old) return now - old;
  return (after.at - before.at) / 1000;
}

// The requests of the interval, as buckets sorted by their bounds. Null: a bucket went backwards.
function bucketsBetween(before, after) {
  if (before === null || after === null) return null;
  const between = [];
  for (const bucket of after.buckets.values()) {
    const old = before.buckets.get(bucket.lower);
    const count = increase(old === undefined ? 0n : old.count, bucket.count);
    if (count === null) return null;
    if (count > 0) between.push({ lower: bucket.lower, upper: bucket.upper, count });
  }
  return between.sort((left, right) => left.lower - right.lower);
}

// In seconds, of buckets in microseconds; within a bucket as if it were evenly filled.
function quantile(buckets, fraction) {
  const total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  if (total === 0) return null;
  let rest = fraction * total;
  for (const bucket of buckets) {
    if (rest <= bucket.count) {
      return (bucket.lower + (bucket.upper - bucket.lower) * (rest / bucket.count)) / 1e6;
    }
    rest -= bucket.count;
  }
  return buckets[buckets.length - 1].upper / 1e6;
}

// A point of the plots: what the gauges of `after` are, and the rates since `before`, which may be
// null. Both: {at: milliseconds, status}.
function pointOf(before, after) {
  const gauge = (value) => (value === null ? null : Number(value));
  const total = after.status.total;
  const point = {
    at: after.at,
    values: {
      reading: gauge(total.reading),
      writing: gauge(total.writing),
      waiting: gauge(total.waiting),
    },
    ofSlot: new Map(),
  };
  if (before === null || isRestart(before.status, after.status)) return point;
  const seconds = secondsBetween(before, after);
  const old = before.status.total;
  for (const name of ["responses2xx", "responses3xx", "responses4xx", "responses5xx", "requests",
    "bytesReceived", "bytesSent", "accepted"]) {
    point.values[name] = rate(old[name], total[name], seconds);
  }
  const buckets = bucketsBetween(before.status.latency, after.status.latency);
  if (buckets !== null) {
    point.values.p50 = quantile(buckets, 0.5);
    point.values.p99 = quantile(buckets, 0.99);
    point.values.p999 = quantile(buckets, 0.999);
  }
  const workers = new Map(before.status.workers.map((worker) => [worker.slot, worker]));
  for (const worker of after.status.workers) {
    const was = workers.get(worker.slot);
    if (was === undefined) continue;
    point.ofSlot.set(worker.slot, rate(was.counters.requests, worker.counters.requests, seconds));
  }
  return point;
}
