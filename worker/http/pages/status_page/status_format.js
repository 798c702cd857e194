// Numbers and times as texts. What is not known is a dash.

const NONE = "\u2013";
const isKnown = (value) => value !== null && value !== undefined && !Number.isNaN(value);

// Three digits that count, fewer for less: "0.4", "12.3", "1,284".
function formatNumber(value) {
  if (!isKnown(value)) return NONE;
  if (value === 0) return "0";
  if (value < 0.095) return "<0.1";
  const digits = value < 99.95 ? 1 : 0;
  return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

function formatCount(value) {
  return isKnown(value) ? value.toLocaleString("en") : NONE;
}

// Of latencies: "210 µs", "1.25 ms", "3.4 s".
function formatLatency(seconds) {
  if (!isKnown(seconds)) return NONE;
  for (const [unit, size] of [["s", 1], ["ms", 1e-3], ["\u00b5s", 1e-6]]) {
    const value = seconds / size;
    if (value >= 0.9995 || unit === "\u00b5s") {
      const digits = value < 9.995 && unit !== "\u00b5s" ? 2 : value < 99.95 && unit !== "\u00b5s" ? 1 : 0;
      return value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits })
        + "\u00a0" + unit;
    }
  }
  return NONE;
}

// Of ages: "0.4 s", "42 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
function formatAge(seconds) {
  if (!isKnown(seconds)) return NONE;
  if (seconds < 9.95) return Math.max(0, seconds).toFixed(1) + "\u00a0s";
  const whole = Math.round(seconds);
  const units = [["d", 86400], ["h", 3600], ["min", 60], ["s", 1]];
  for (let i = 0; i < units.length; ++i) {
    const [unit, size] = units[i];
    if (whole < size) continue;
    const first = Math.floor(whole / size) + "\u00a0" + unit;
    if (i + 1 === units.length) return first;
    const [nextUnit, nextSize] = units[i + 1];
    return first + " " + Math.floor((whole % size) / nextSize) + "\u00a0" + nextUnit;
  }
  return "0\u00a0s";
}

// Powers of 1000, as of a network.
function formatBytes(bytes) {
  if (!isKnown(bytes)) return NONE;
  const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
  let value = Number(bytes);
  let unit = 0;
  while (value >= 999.5 && unit + 1 < units.length) {
    value /= 1000;
    ++unit;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return value.toFixed(digits) + "\u00a0" + units[unit];
}

const formatByteRate = (value) => (isKnown(value) ? formatBytes(value) + "/s" : NONE);
const formatRate = (value) => (isKnown(value) ? formatNumber(value) + "\u00a0/s" : NONE);

// "12:03:11", where the reader is.
function formatClock(time) {
  if (!isKnown(time)) return NONE;
  const date = new Date(time);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, "0")).join(":");
}

function formatDay(time) {
  if (!isKnown(time)) return NONE;
  const date = new Date(time);
  return [date.getFullYear(), date.getMonth() + 1, date.getDate()]
    .map((part) => String(part).padStart(2, "0")).join("-");
}

// "WORKER_CRASHED" is "worker crashed".
const formatKind = (kind) => kind.toLowerCase().replace(/_/g, " ");

// The least of 1, 2, 5, 10, 20 and so on that is not less.
function roundUp(value) {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 5, 10]) {
    if (value <= step * power * (1 + 1e-9)) return step * power;
  }
  return 10 * power;
}
