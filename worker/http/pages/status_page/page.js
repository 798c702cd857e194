// Asks for the status again and again, one request at a time, and shows what comes. It does not ask
// while the page is hidden or paused.

const ANSWER_WITHIN_MS = 10000;
// Of a shorter time, rates would tell little.
const SHORTEST_PAUSE_MS = 500;

const history = new StatusHistory();
const summary = new Summary();
const tiles = new Tiles();
const events = new Events();
const sum = (...keys) => (values) => {
  const known = keys.map((key) => values[key]).filter(isKnown);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
};
const nothingYet = () => "nothing yet";
const plots = [
  new Plot({ id: "requests", title: "Requests per second", stacked: true, least: 1,
    format: formatNumber, nothing: nothingYet,
    sum: (values) => formatRate(isKnown(values.requests) ? values.requests
      : sum("responses2xx", "responses3xx", "responses4xx", "responses5xx")(values)),
    series: [{ key: "responses2xx", label: "2xx" }, { key: "responses3xx", label: "3xx" },
      { key: "responses4xx", label: "4xx" }, { key: "responses5xx", label: "5xx" }] }),
  new Plot({ id: "latency", title: "Latency", logarithmic: true, format: formatLatency,
    nothing: () => (history.last !== null && history.last.status.latency === null
      ? "this server does not tell latencies" : "no requests yet"),
    sum: (values) => (isKnown(values.p99) ? "p99 " + formatLatency(values.p99) : NONE),
    series: [{ key: "p50", label: "p50" }, { key: "p99", label: "p99" },
      { key: "p999", label: "p99.9" }] }),
  new Plot({ id: "connections", title: "Connections", stacked: true, least: 2, format: formatCount,
    nothing: nothingYet,
    sum: (values) => formatCount(sum("reading", "writing", "waiting")(values)),
    series: [{ key: "writing", label: "writing" }, { key: "reading", label: "reading" },
      { key: "waiting", label: "waiting" }] }),
  new Plot({ id: "traffic", title: "Bytes per second", least: 1000, format: formatBytes,
    nothing: nothingYet, sum: (values) => formatByteRate(sum("bytesReceived", "bytesSent")(values)),
    series: [{ key: "bytesSent", label: "sent" }, { key: "bytesReceived", label: "received" }] }),
];
byId("plots").append(...plots.map((plot) => plot.figure));

let interval = 1000;
let span = 300000;
let cursor = null;
let isPaused = false;
let isAsking = false;
let timer = 0;
let askedAt = -Infinity;
let silentSince = null;

const dataUrl = location.origin
  + document.documentElement.dataset.json.split("/").map(encodeURIComponent).join("/");

function drawAll() {
  if (history.last === null) return;
  const last = history.points[history.points.length - 1].at;
  const until = Math.max(last, silentSince === null || isPaused ? 0 : Date.now());
  const from = until - span;
  const points = history.since(from);
  const marks = history.events.filter((event) => event.isSevere || event.kind === "GENERATION_SERVES");
  for (const plot of plots) plot.draw(points, from, until, cursor, marks);
  events.draw(history, from, until);
}

function showState(state, text) {
  mark(byId("state"), "data-state", state);
  show(byId("state-text"), text);
}

function take(status, serverTime) {
  const at = Date.now();
  const fresh = [];
  if (silentSince !== null) {
    fresh.push(history.note(at, "ANSWERS_AGAIN",
      "The server answers again, after " + formatAge((at - silentSince) / 1000)));
    silentSince = null;
    byId("trouble").hidden = true;
    show(byId("trouble-text"), "");
  }
  fresh.push(...history.add(status, at, serverTime));
  if (!isPaused) showState("live", "live");
  show(byId("updated"), formatClock(at));
  summary.update(status);
  tiles.update(status, history.since(at - 120000));
  drawAll();
  events.showList(history);
  events.tell(fresh);
}

function miss(reason) {
  const now = Date.now();
  if (silentSince === null) {
    silentSince = now;
    history.interrupt(now);
    if (history.last !== null) history.note(now, "NO_ANSWER", reason);
    byId("trouble").hidden = false;
    show(byId("trouble-text"), "No answer since " + formatClock(now) + ": " + reason
      + ". The page keeps what it has, and goes on asking.");
    events.showList(history);
  }
  if (!isPaused) showState("silent", "no answer");
  show(byId("trouble-age"), formatAge((now - silentSince) / 1000));
  drawAll();
}

// What a browser says when it cannot connect differs, and tells nothing.
function reasonOf(error) {
  if (error.name === "TimeoutError") return "nothing came within " + ANSWER_WITHIN_MS / 1000 + " s";
  if (error instanceof SyntaxError) return "the answer is not JSON";
  if (error instanceof TypeError) return "the server cannot be reached";
  return error.message;
}

async function ask() {
  clearTimeout(timer);
  if (isAsking || isPaused || document.hidden) return;
  const early = askedAt + SHORTEST_PAUSE_MS - performance.now();
  if (early > 0) {
    timer = setTimeout(ask, early);
    return;
  }
  isAsking = true;
  askedAt = performance.now();
  try {
    const response = await fetch(dataUrl, { cache: "no-store", redirect: "error",
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
    if (!response.ok) throw new Error("the answer has status " + response.status);
    const status = readStatus(await response.json());
    const date = Date.parse(response.headers.get("Date"));
    take(status, Number.isNaN(date) ? null : date);
  } catch (error) {
    miss(reasonOf(error));
  }
  isAsking = false;
  if (isPaused || document.hidden) return;
  timer = setTimeout(ask, Math.max(0, askedAt + interval - performance.now()));
}

byId("pause").addEventListener("click", () => {
  isPaused = !isPaused;
  show(byId("pause"), isPaused ? "Resume" : "Pause");
  if (isPaused) {
    clearTimeout(timer);
    history.interrupt(Date.now());
    showState("paused", "paused");
  } else {
    showState("wait", "asking");
    ask();
  }
});

byId("interval").addEventListener("change", (event) => {
  interval = Number(event.target.value);
  ask();
});

byId("span").addEventListener("change", (event) => {
  span = Number(event.target.value);
  cursor = null;
  drawAll();
});

document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    clearTimeout(timer);
    history.interrupt(Date.now());
  } else {
    ask();
  }
});

function moveCursor(time) {
  cursor = time;
  drawAll();
}

function stepCursor(plot, step) {
  const points = history.points.filter((point) => point.at >= plot.from && !point.isGap);
  if (points.length === 0) return;
  const index = cursor === null ? points.length - 1
    : points.findIndex((point) => point.at >= plot.at(cursor).at) + step;
  moveCursor(points[Math.min(points.length - 1, Math.max(0, index))].at);
}

for (const plot of plots) {
  const { canvas } = plot;
  canvas.addEventListener("pointermove", (event) => {
    if (plot.points === undefined) return;
    moveCursor(plot.timeAt(event.clientX - canvas.getBoundingClientRect().left));
  });
  canvas.addEventListener("pointerleave", () => moveCursor(null));
  canvas.addEventListener("blur", () => moveCursor(null));
  canvas.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 };
    if (event.key === "Escape") moveCursor(null);
    else if (event.key in steps && plot.points !== undefined) stepCursor(plot, steps[event.key]);
    else return;
    event.preventDefault();
  });
}

window.addEventListener("resize", drawAll);
ask();
