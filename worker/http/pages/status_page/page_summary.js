// The head of the page, and the totals.

const COUNTER_LABELS = [
  ["requests", "Requests", formatCount],
  ["responses2xx", "2xx", formatCount],
  ["responses3xx", "3xx", formatCount],
  ["responses4xx", "4xx", formatCount],
  ["responses5xx", "5xx", formatCount],
  ["accepted", "Accepted", formatCount],
  ["handled", "Handled", formatCount],
  ["handedOff", "Handed off", formatCount],
  ["adopted", "Adopted", formatCount],
  ["closedAtDeadline", "Closed at deadline", formatCount],
  ["bytesReceived", "Received", formatBytes],
  ["bytesSent", "Sent", formatBytes],
];

class Summary {
  constructor() {
    this.facts = new Terms(byId("facts"));
    this.totals = new Terms(byId("totals"));
  }

  update(status) {
    const { master, total, latency } = status;
    const isSome = (count) => count !== null && count > 0n;
    this.facts.show("Version", status.version === null ? NONE : status.version);
    this.facts.show("Master", master.pid === null ? NONE : "pid " + master.pid);
    this.facts.show("Uptime", formatAge(master.uptime));
    this.facts.show("Generation", formatCount(master.generation));
    this.facts.show("Reloads", formatCount(master.reloads) + (isSome(master.reloadsRefused)
      ? ", " + formatCount(master.reloadsRefused) + " refused" : ""));
    this.facts.show("Crashes", formatCount(master.crashes), isSome(master.crashes) ? "bad" : null);
    const lost = status.workers.reduce((sum, worker) => sum + (worker.logLinesLost || 0n),
      master.logLinesLost || 0n);
    this.facts.show("Log lines lost", formatCount(lost), isSome(lost) ? "bad" : null);
    for (const [name, label, format] of COUNTER_LABELS) {
      this.totals.show(label, format(total[name]));
    }
    if (latency !== null) {
      this.totals.show("Latency p50", formatLatency(latency.p50));
      this.totals.show("Latency p99", formatLatency(latency.p99));
      this.totals.show("Latency p99.9", formatLatency(latency.p999));
    }
    show(byId("totals-note"), master.startTime === null ? "" : "since "
      + formatDay(master.startTime) + " " + formatClock(master.startTime));
  }
}
