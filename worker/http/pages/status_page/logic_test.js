// Tests of the scripts without the browser's objects; stands behind them in one text.

const assert = require("node:assert/strict");
const tests = [];
const test = (name, body) => tests.push({ name, body });

function statusWith(change = {}) {
  const status = {
    version: "1",
    master: { pid: 1, uptime: "10s", startTime: "2026-01-02T03:04:05Z", generation: "1",
      workerProcesses: 1, reloads: 0, reloadsRefused: 0, crashes: 0, logLinesLost: "0" },
    workers: [{ slot: 0, state: "SERVING", pid: 2, generation: "1", age: "4s",
      sinceHeartbeat: "0.25s", counters: { requests: "100" } }],
    total: { requests: "100", responses2xx: "90", responses5xx: "10", bytesSent: "1000",
      reading: "1", writing: "2", waiting: "3" },
  };
  return { ...status, ...change, master: { ...status.master, ...change.master },
    total: { ...status.total, ...change.total } };
}
const read = (change) => readStatus(statusWith(change));

test("reads 64-bit numbers exactly", () => {
  assert.equal(readCount("18446744073709551615"), 18446744073709551615n);
  assert.equal(readCount(7), 7n);
  for (const other of ["", "-1", "1.5", "0x1", "1e3", null, undefined, {}, -1, 1.5, NaN]) {
    assert.equal(readCount(other), null, String(other));
  }
});

test("reads durations and times", () => {
  assert.equal(readDuration("0.000123s"), 0.000123);
  assert.equal(readDuration("3600s"), 3600);
  for (const other of ["", "1", "s", "1m", 1, null, "1.2.3s"]) {
    assert.equal(readDuration(other), null, String(other));
  }
  assert.equal(readTime("1970-01-01T00:00:01Z"), 1000);
  assert.equal(readTime("yesterday"), null);
});

test("makes characters visible that move the text around them", () => {
  assert.equal(readText("a\u202eb\nc\u0000"), "a\ufffdb\ufffdc\ufffd");
  assert.equal(readText("<b>\u00e4</b>"), "<b>\u00e4</b>");
});

test("reads what an older server tells", () => {
  const status = readStatus({ master: {} });
  assert.equal(status.master.uptime, null);
  assert.equal(status.latency, null);
  assert.equal(status.events, null);
  assert.deepEqual(status.workers, []);
  assert.equal(status.total.requests, null);
  assert.equal(read().workers[0].request, null);
});

test("reads anything but refuses what is not a status", () => {
  for (const other of [null, 1, "x", [], {}, { master: [] }]) {
    assert.throws(() => readStatus(other), /not a status/);
  }
  const status = readStatus({ master: { pid: {} }, workers: [1, null, {}, { slot: 3, request: 5 }],
    latency: { buckets: [{}, null, { lowerUs: "1" }] }, events: [{}, 7] });
  assert.equal(status.workers.length, 1);
  assert.equal(status.latency.buckets.size, 0);
  assert.deepEqual(status.events, []);
});

test("reads the last words of a process", () => {
  const words = (lastWords) => readStatus({ master: {}, workers: [{ slot: 1, lastWords }] })
    .workers[0].lastWords;
  assert.deepEqual(words({ text: "out\nof memory", pid: 7, time: "1970-01-01T00:00:01Z" }),
    { text: "out\ufffdof memory", pid: 7, time: 1000 });
  for (const none of [undefined, "x", {}, { text: "" }, { pid: 7 }]) assert.equal(words(none), null);
});

test("takes a counter that went backwards as unknown", () => {
  assert.equal(increase(5n, 7n), 2);
  assert.equal(increase(7n, 5n), null);
  assert.equal(increase(null, 5n), null);
  assert.equal(increase(18446744073709551610n, 18446744073709551615n), 5);
});

test("divides by the server's clock", () => {
  const before = { at: 0, status: read() };
  const after = { at: 5000, status: read({ master: { uptime: "12s" }, total: { requests: "300" } }) };
  assert.equal(pointOf(before, after).values.requests, 100);
  after.status.master.uptime = null;
  assert.equal(pointOf(before, after).values.requests, 40);
});

test("has the rate of each slot", () => {
  const before = { at: 0, status: read() };
  const after = { at: 1000, status: read({ master: { uptime: "11s" },
    workers: [{ slot: 0, counters: { requests: "142" } }, { slot: 1, counters: { requests: "9" } }] }) };
  const point = pointOf(before, after);
  assert.equal(point.ofSlot.get(0), 42);
  assert.equal(point.ofSlot.has(1), false);
});

test("has no rates over the restart of a master", () => {
  const before = { at: 0, status: read() };
  for (const master of [{ uptime: "1s" }, { pid: 9, uptime: "99s" }]) {
    const point = pointOf(before, { at: 1000, status: read({ master, total: { requests: "999" } }) });
    assert.equal(point.values.requests, undefined);
    assert.equal(point.values.waiting, 3);
  }
});

const latencyOf = (...buckets) => readLatency({ buckets: buckets.map(([lower, upper, count]) =>
  ({ lowerUs: String(lower), upperUs: String(upper), count: String(count) })) });

test("finds quantiles of an interval from the differences of buckets", () => {
  const before = latencyOf([100, 200, 50]);
  const after = latencyOf([400, 800, 1], [100, 200, 50], [200, 400, 99]);
  const between = bucketsBetween(before, after);
  assert.deepEqual(between.map((bucket) => bucket.count), [99, 1]);
  assert.ok(Math.abs(quantile(between, 0.5) - 301.01e-6) < 1e-8);
  assert.equal(quantile(between, 0.99), 400e-6);
  assert.equal(quantile(between, 1), 800e-6);
  assert.equal(quantile([], 0.5), null);
});

test("has no quantiles if a bucket went backwards", () => {
  assert.equal(bucketsBetween(latencyOf([1, 2, 5]), latencyOf([1, 2, 4])), null);
  assert.equal(bucketsBetween(null, latencyOf([1, 2, 4])), null);
});

test("formats numbers", () => {
  assert.deepEqual([0, 0.01, 0.44, 12.34, 99.96, 1284.4, null, undefined, NaN].map(formatNumber),
    ["0", "<0.1", "0.4", "12.3", "100", "1,284", NONE, NONE, NONE]);
  assert.equal(formatCount(18446744073709551615n), "18,446,744,073,709,551,615");
  assert.deepEqual([0.00021, 0.00125, 0.0123, 0.5, 3.4, 12, 0.0000004, 0.9999].map(formatLatency),
    ["210 \u00b5s", "1.25 ms", "12.3 ms", "500 ms", "3.40 s", "12.0 s", "0 \u00b5s", "1.00 s"]
      .map((text) => text.replace(" ", "\u00a0")));
  assert.deepEqual([0.42, 9.94, 42, 200, 7500, 273600].map((age) => formatAge(age).replace(/\u00a0/g, " ")),
    ["0.4 s", "9.9 s", "42 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"]);
  assert.deepEqual([0, 999, 1000, 1234567, 123456789, 18446744073709551615n]
    .map((bytes) => formatBytes(bytes).replace("\u00a0", " ")),
    ["0 B", "999 B", "1.0 kB", "1.2 MB", "123 MB", "18.4 EB"]);
  assert.equal(formatKind("WORKER_CRASHED"), "worker crashed");
});

test("rounds the end of a scale up", () => {
  assert.deepEqual([0, 1, 1.1, 2.5, 5, 7, 101, 0.03].map(roundUp), [1, 1, 2, 5, 5, 10, 200, 0.05]);
});

const eventOf = (sequence, kind = "WORKER_READY") =>
  ({ sequence: String(sequence), time: "2026-01-02T03:04:05Z", kind, text: "t" });

test("returns each event once, and none of those before the page", () => {
  const history = new StatusHistory();
  assert.deepEqual(history.add(read({ events: [eventOf(1)] }), 0), []);
  const fresh = history.add(read({ master: { uptime: "11s" },
    events: [eventOf(1), eventOf(2, "WORKER_CRASHED")] }), 1000);
  assert.deepEqual(fresh.map((event) => [event.kind, event.isSevere]), [["WORKER_CRASHED", true]]);
  assert.equal(history.events.length, 2);
});

test("takes the events of another master as new ones", () => {
  const history = new StatusHistory();
  history.add(read({ events: [eventOf(1)] }), 0);
  const fresh = history.add(read({ master: { pid: 5, uptime: "1s" }, events: [eventOf(1)] }), 1000);
  assert.deepEqual(fresh.map((event) => event.kind), ["MASTER_RESTARTED", "WORKER_READY"]);
});

test("places events by the clock of this machine", () => {
  const history = new StatusHistory();
  const serverTime = Date.parse("2026-01-02T03:04:15Z");
  history.add(read({ events: [eventOf(1)] }), 500000, serverTime);
  assert.equal(history.events[0].at, 490000);
});

test("sees itself what a server without events does", () => {
  const history = new StatusHistory();
  history.add(read(), 0);
  const fresh = history.add(read({ master: { uptime: "11s", crashes: 2, reloadsRefused: 1,
    generation: "2" } }), 1000);
  assert.deepEqual(fresh.map((event) => event.kind),
    ["WORKER_CRASHED", "RELOAD_REFUSED", "GENERATION_SERVES"]);
  assert.equal(fresh[0].text, "2 workers ended unexpectedly");
});

test("knows which generation served when", () => {
  const history = new StatusHistory();
  history.add(read(), 10000);
  history.add(read({ master: { uptime: "12s" } }), 12000);
  history.add(read({ master: { uptime: "13s", generation: "2" } }), 13000);
  assert.deepEqual(history.generations.map(({ generation, from, until }) => [generation, from, until]),
    [[1n, 6000, 12000], [2n, 13000, 13000]]);
});

test("recalls from the events which generation served before", () => {
  const history = new StatusHistory();
  const serves = (sequence, second, generation) => ({ ...eventOf(sequence, "GENERATION_SERVES"),
    time: "2026-01-02T03:04:0" + second + "Z", generation: String(generation) });
  const start = Date.parse("2026-01-02T03:04:00Z");
  history.add(read({ master: { generation: "4" }, events: [serves(1, 1, 3), serves(2, 4, 4)] }),
    start + 9000);
  assert.deepEqual(history.generations.map(({ generation, from, until }) =>
    [generation, from - start, until - start]), [[3n, 1000, 4000], [4n, 4000, 9000]]);
});

test("has one gap for a time without answers", () => {
  const history = new StatusHistory();
  history.interrupt(0);
  assert.equal(history.points.length, 0);
  history.add(read(), 1000);
  history.interrupt(2000);
  history.interrupt(3000);
  history.add(read({ master: { uptime: "20s" } }), 11000);
  assert.deepEqual(history.points.map((point) => Boolean(point.isGap)), [false, true, false]);
});

test("forgets what is too old", () => {
  const history = new StatusHistory();
  for (let i = 0; i < 1000; ++i) {
    history.add(read({ master: { uptime: 10 + i + "s" }, events: [eventOf(i)] }), i * 1000);
  }
  assert.equal(history.points[0].at, 999000 - HISTORY_MS);
  assert.equal(history.events.length, MOST_KEPT_EVENTS);
  assert.equal(history.since(990000).length, 11);
});

let failures = 0;
for (const { name, body } of tests) {
  try {
    body();
    console.log("ok      " + name);
  } catch (error) {
    failures += 1;
    console.log("FAILED  " + name + "\n" + error.stack);
  }
}
console.log(tests.length - failures + " passed, " + failures + " failed");
process.exit(failures === 0 ? 0 : 1);
