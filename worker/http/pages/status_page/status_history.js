// What the page remembers of the statuses that it got: points for the plots, events, and which
// generation served when. Times are milliseconds of this machine's clock.

const HISTORY_MS = 15 * 60 * 1000;
const MOST_KEPT_EVENTS = 300;
const SEVERE = /CRASH|GAVE_UP|KILLED|HUNG|REFUSED|FAILED|LOST/;

class StatusHistory {
  constructor() {
    this.points = [];
    // The oldest first.
    this.events = [];
    this.eventCount = 0;
    // {generation, from, until}, the oldest first; the last one serves.
    this.generations = [];
    this.last = null;
    // How many other masters answered before, and the last event of this one.
    this.master = 0;
    this.lastSequence = -1n;
  }

  // Takes a status that arrived at `at`, when the server's clock was at `serverTime` (null: unknown).
  // Returns the events that are new since the last one: none of those that the first status had.
  add(status, at, serverTime = null) {
    const after = { at, status };
    const fresh = [];
    const isFirst = this.last === null;
    if (!isFirst && isRestart(this.last.status, status)) {
      this.master += 1;
      this.lastSequence = -1n;
      fresh.push(this.note(at, "MASTER_RESTARTED", "Another master answers: pid "
        + (status.master.pid === null ? "unknown" : status.master.pid)));
      this.points.push({ at, values: {}, ofSlot: new Map() });
    } else if (!isFirst && status.events === null) {
      fresh.push(...this.compare(this.last.status, status, at));
    }
    this.points.push(pointOf(this.last, after));
    const skew = serverTime === null || Math.abs(at - serverTime) < 2000 ? 0 : at - serverTime;
    for (const event of status.events || []) {
      if (event.sequence <= this.lastSequence) continue;
      this.lastSequence = event.sequence;
      const kept = { ...event, at: event.time === null ? at : event.time + skew,
        isSevere: SEVERE.test(event.kind) };
      this.keep(kept);
      if (!isFirst) fresh.push(kept);
    }
    this.follow(status, at);
    this.last = after;
    this.forget(at);
    return fresh;
  }

  // Nothing arrived at `at`, or the page did not ask: the plots have a gap, and rates begin anew.
  interrupt(at) {
    const end = this.points[this.points.length - 1];
    if (end === undefined || end.isGap) return;
    this.points.push({ at, values: {}, ofSlot: new Map(), isGap: true });
  }

  // An event that this page saw.
  note(at, kind, text) {
    const event = { sequence: null, at, time: at, kind, generation: null, worker: null, pid: null,
      text, isSevere: SEVERE.test(kind) || kind === "MASTER_RESTARTED" || kind === "NO_ANSWER" };
    this.keep(event);
    return event;
  }

  keep(event) {
    this.events.push(event);
    this.eventCount += 1;
  }

  // Of a server that tells no events.
  compare(before, after, at) {
    const found = [];
    const crashes = increase(before.master.crashes, after.master.crashes);
    if (crashes > 0) {
      found.push(this.note(at, "WORKER_CRASHED",
        crashes === 1 ? "A worker ended unexpectedly" : crashes + " workers ended unexpectedly"));
    }
    if (increase(before.master.reloadsRefused, after.master.reloadsRefused) > 0) {
      found.push(this.note(at, "RELOAD_REFUSED", "A reload was refused"));
    }
    if (after.master.generation !== null && after.master.generation !== before.master.generation) {
      found.push(this.note(at, "GENERATION_SERVES", "Generation " + after.master.generation
        + " serves"));
    }
    return found;
  }

  follow(status, at) {
    const generation = status.master.generation;
    if (generation === null) return;
    const serving = this.generations[this.generations.length - 1];
    if (serving !== undefined && serving.generation === generation
      && serving.master === this.master) {
      serving.until = at;
      return;
    }
    if (serving === undefined) this.recall(status, at);
    const recalled = this.generations[this.generations.length - 1];
    if (serving === undefined && recalled !== undefined && recalled.generation === generation) {
      recalled.until = at;
      return;
    }
    this.generations.push({ generation, master: this.master, from: at, until: at });
  }

  // What served before this page: by the events, or else since the oldest worker of the generation.
  recall(status, at) {
    const begin = (generation, from) =>
      this.generations.push({ generation, master: this.master, from, until: at });
    for (const event of this.events) {
      if (event.kind === "GENERATION_SERVES" && event.generation !== null && event.at <= at) {
        begin(event.generation, event.at);
      }
    }
    const ages = status.workers
      .filter((worker) => worker.generation === status.master.generation && worker.age !== null)
      .map((worker) => worker.age);
    if (this.generations.length === 0 && ages.length > 0) {
      begin(status.master.generation, at - Math.max(...ages) * 1000);
    }
    this.generations.forEach((span, index) => {
      if (index + 1 < this.generations.length) span.until = this.generations[index + 1].from;
    });
  }

  forget(at) {
    const start = at - HISTORY_MS;
    while (this.points.length > 0 && this.points[0].at < start) this.points.shift();
    while (this.generations.length > 1 && this.generations[0].until < start) {
      this.generations.shift();
    }
    this.events.sort((left, right) => left.at - right.at);
    if (this.events.length > MOST_KEPT_EVENTS) {
      this.events.splice(0, this.events.length - MOST_KEPT_EVENTS);
    }
  }

  // The points since `start`, and the one before, from which a line comes.
  since(start) {
    const first = this.points.findIndex((point) => point.at >= start);
    return first < 0 ? [] : this.points.slice(Math.max(0, first - 1));
  }
}
