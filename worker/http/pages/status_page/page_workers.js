// A tile for each slot that has a worker; also for an empty one, while workers are missing.

const HANGS_AFTER_SECONDS = 5;
const SPARK_POINTS = 60;
const STATES = { EMPTY: "empty", STARTING: "starting", SERVING: "serving", DRAINING: "draining" };

function describeWords({ text, pid, time }) {
  return "Last words" + (pid === null ? "" : " of pid " + pid)
    + (time === null ? "" : " at " + formatClock(time)) + ": " + text;
}

class Tile {
  constructor(slot) {
    const titleId = "slot-" + slot;
    this.state = make("span", { class: "pill" });
    this.identity = make("p", { class: "identity" });
    this.rate = make("b");
    this.spark = draw("path");
    this.terms = new Terms(make("dl"));
    this.request = make("p", { class: "request" });
    this.words = make("p", { class: "words" });
    this.counters = new Terms(make("dl"));
    this.details = make("details", {}, make("summary", {}, "Counters"), this.counters.list);
    this.article = make("article", { class: "card tile", tabindex: "0", "aria-labelledby": titleId },
      make("div", { class: "tile-head" }, make("h3", { id: titleId }, "Slot " + slot), this.state),
      this.identity,
      make("div", { class: "tile-rate" },
        make("p", {}, this.rate, make("span", {}, " requests/s")),
        draw("svg", { viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true" },
          this.spark)),
      this.terms.list, this.request, this.words, this.details);
    this.element = make("li", {}, this.article);
    this.article.addEventListener("keydown", (event) => {
      if (event.target !== this.article || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      this.details.open = !this.details.open;
    });
    this.details.addEventListener("toggle", () => this.showCounters());
  }

  update(worker, points) {
    this.worker = worker;
    const isHung = worker.sinceHeartbeat !== null && worker.sinceHeartbeat > HANGS_AFTER_SECONDS;
    mark(this.article, "data-state", isHung ? "hung" : STATES[worker.state] || "unknown");
    show(this.state, isHung ? "hangs" : STATES[worker.state] || "unknown");
    const identity = [worker.generation === null || worker.generation === 0n
      ? null : "generation " + worker.generation,
    worker.pid === null || worker.pid === 0 ? null : "pid " + worker.pid]
      .filter((text) => text !== null).join(" \u00b7 ");
    if (this.pid !== undefined && this.pid !== worker.pid && worker.pid > 0) this.flash();
    this.pid = worker.pid;
    show(this.identity, identity || "no process");
    const rates = points.slice(-SPARK_POINTS).map((point) => point.ofSlot.get(worker.slot));
    const now = rates[rates.length - 1];
    show(this.rate, formatNumber(now));
    this.drawSpark(rates);
    this.terms.show("Connections", formatCount(worker.counters.active));
    this.terms.show("Age", formatAge(worker.age));
    this.terms.show("Heartbeat", worker.sinceHeartbeat === null ? NONE
      : formatAge(worker.sinceHeartbeat) + " ago", isHung ? "bad" : null);
    if (worker.latency !== null) this.terms.show("p99", formatLatency(worker.latency.p99));
    this.showRequest(worker.request);
    this.words.hidden = worker.lastWords === null;
    show(this.words, worker.lastWords === null ? "" : describeWords(worker.lastWords));
    this.showCounters();
  }

  // Another process is in the slot.
  flash() {
    this.article.classList.remove("new");
    void this.article.offsetWidth;
    this.article.classList.add("new");
  }

  drawSpark(rates) {
    const most = Math.max(1, ...rates.filter(isKnown));
    let path = "";
    let isOpen = false;
    rates.forEach((rate, index) => {
      if (!isKnown(rate)) {
        isOpen = false;
        return;
      }
      const x = 100 - (rates.length - 1 - index) * (100 / (SPARK_POINTS - 1));
      path += (isOpen ? "L" : "M") + coordinate(x) + " " + coordinate(22.5 - (rate / most) * 21);
      isOpen = true;
    });
    mark(this.spark, "d", path || "M0 22.5");
  }

  showRequest(request) {
    this.request.hidden = request === null;
    if (request === null) return;
    if (this.request.childElementCount === 0) {
      this.request.append(make("code"), make("span"));
    }
    const [line, rest] = this.request.children;
    show(line, [request.method, request.path].filter((text) => text !== null).join(" "));
    show(rest, (request.age === null ? "" : " for " + formatAge(request.age))
      + (request.peer === null ? "" : ", from " + request.peer)
      + (request.id ? ", id " + request.id : ""));
  }

  showCounters() {
    if (!this.details.open || this.worker === undefined) return;
    const { counters, logLinesLost } = this.worker;
    for (const [name, label, format] of COUNTER_LABELS) {
      this.counters.show(label, format(counters[name]));
    }
    this.counters.show("Log lines lost", formatCount(logLinesLost));
  }
}

class Tiles {
  constructor() {
    this.list = byId("tiles");
    this.note = byId("workers-note");
    this.tiles = new Map();
  }

  update(status, points) {
    const count = (state) => status.workers.filter((worker) => worker.state === state).length;
    const serving = count("SERVING");
    const wanted = status.master.workerProcesses;
    const isMissing = wanted !== null && serving < wanted;
    const shown = status.workers.filter((worker) => worker.state !== "EMPTY" || isMissing)
      .sort((left, right) => left.slot - right.slot);
    const slots = new Set(shown.map((worker) => worker.slot));
    for (const [slot, tile] of this.tiles) {
      if (slots.has(slot)) continue;
      const hadFocus = tile.element.contains(document.activeElement);
      tile.element.remove();
      this.tiles.delete(slot);
      if (hadFocus) byId("workers").focus();
    }
    shown.forEach((worker, index) => {
      let tile = this.tiles.get(worker.slot);
      if (tile === undefined) {
        tile = new Tile(worker.slot);
        this.tiles.set(worker.slot, tile);
      }
      if (this.list.children[index] !== tile.element) {
        this.list.insertBefore(tile.element, this.list.children[index] || null);
      }
      tile.update(worker, points);
    });
    const parts = [serving + (wanted === null ? "" : " of " + wanted) + " serving"];
    for (const state of ["STARTING", "DRAINING"]) {
      if (count(state) > 0) parts.push(count(state) + " " + STATES[state]);
    }
    show(this.note, parts.join(", "));
    mark(this.note, "data-kind", isMissing ? "bad" : null);
    document.title = (isMissing ? "\u26a0 " + serving + " of " + wanted + " workers \u2013 " : "")
      + "muster status";
  }
}
