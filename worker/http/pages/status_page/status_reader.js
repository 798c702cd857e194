// From the JSON of proto/status.proto to numbers and texts, whatever it has: a field that is missing
// or of another kind becomes null. 64-bit numbers come as strings of digits and stay exact (BigInt);
// durations come as "0.000210s" and become seconds.

const COUNTERS = ["accepted", "handled", "requests", "active", "reading", "writing", "waiting",
  "bytesReceived", "bytesSent", "closedAtDeadline", "handedOff", "adopted", "responses2xx",
  "responses3xx", "responses4xx", "responses5xx"];
const MOST_WORKERS = 1024;
const MOST_EVENTS = 500;

const isObject = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const listOf = (value) => (Array.isArray(value) ? value.filter(isObject) : []);

function readCount(value) {
  if (typeof value === "string" && /^[0-9]{1,20}$/.test(value)) return BigInt(value);
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return BigInt(value);
  return null;
}

function readNumber(value) {
  const count = readCount(value);
  return count === null ? null : Number(count);
}

function readDuration(value) {
  if (typeof value !== "string" || !/^-?[0-9]{1,12}(\.[0-9]{1,9})?s$/.test(value)) return null;
  return Number(value.slice(0, -1));
}

// Milliseconds since 1970.
function readTime(value) {
  if (typeof value !== "string") return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : time;
}

// What would move the text around it, or not be seen, is shown as a replacement character.
function readText(value) {
  if (typeof value !== "string" || value === "") return null;
  return value.replace(
    /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, "\ufffd");
}

function readCounters(value) {
  const from = isObject(value) ? value : {};
  const counters = {};
  for (const name of COUNTERS) counters[name] = readCount(from[name]);
  return counters;
}

// Buckets by their lower bound in microseconds. Null: the server does not tell.
function readLatency(value) {
  if (!isObject(value)) return null;
  const buckets = new Map();
  for (const bucket of listOf(value.buckets)) {
    const lower = readNumber(bucket.lowerUs);
    const count = readCount(bucket.count);
    if (lower === null || count === null) continue;
    const upper = readNumber(bucket.upperUs);
    buckets.set(lower, { lower, upper: upper === null ? lower : Math.max(lower, upper), count });
  }
  return {
    count: readCount(value.count),
    p50: readDuration(value.p50),
    p99: readDuration(value.p99),
    p999: readDuration(value.p999),
    buckets,
  };
}

// Null: no process of the slot left any.
function readLastWords(value) {
  if (!isObject(value)) return null;
  const text = readText(value.text);
  return text === null ? null : { text, pid: readNumber(value.pid), time: readTime(value.time) };
}

function readWorker(value) {
  const request = isObject(value.request) ? value.request : null;
  return {
    slot: readNumber(value.slot),
    state: readText(value.state) || "STATE_UNSPECIFIED",
    pid: readNumber(value.pid),
    generation: readCount(value.generation),
    age: readDuration(value.age),
    sinceHeartbeat: readDuration(value.sinceHeartbeat),
    counters: readCounters(value.counters),
    logLinesLost: readCount(value.logLinesLost),
    latency: readLatency(value.latency),
    request: request && {
      method: readText(request.method),
      path: readText(request.path),
      peer: readText(request.peer),
      id: readText(request.id),
      age: readDuration(request.age),
    },
    lastWords: readLastWords(value.lastWords),
  };
}

function readEvent(value) {
  return {
    sequence: readCount(value.sequence),
    time: readTime(value.time),
    kind: readText(value.kind) || "EVENT",
    generation: readCount(value.generation),
    worker: readNumber(value.worker),
    pid: readNumber(value.pid),
    text: readText(value.text),
  };
}

// Throws if it is not a status at all.
function readStatus(json) {
  if (!isObject(json) || !isObject(json.master)) throw new Error("this is not a status of muster");
  const master = json.master;
  return {
    version: readText(json.version),
    master: {
      pid: readNumber(master.pid),
      startTime: readTime(master.startTime),
      uptime: readDuration(master.uptime),
      generation: readCount(master.generation),
      workerProcesses: readNumber(master.workerProcesses),
      reloads: readCount(master.reloads),
      reloadsRefused: readCount(master.reloadsRefused),
      crashes: readCount(master.crashes),
      logLinesLost: readCount(master.logLinesLost),
    },
    workers: listOf(json.workers).slice(0, MOST_WORKERS).map(readWorker)
      .filter((worker) => worker.slot !== null),
    total: readCounters(json.total),
    latency: readLatency(json.latency),
    // Null: the server does not tell.
    events: Array.isArray(json.events)
      ? listOf(json.events).slice(-MOST_EVENTS).map(readEvent)
        .filter((event) => event.sequence !== null)
      : null,
  };
}
