// Generations and events: a strip along the time of the plots, a list, and for screen readers the
// new ones.

const STRIP_HEIGHT = 64;
const MOST_LISTED = 100;
const MOST_TOLD = 3;

function describe(event) {
  const whose = [event.worker === null ? null : "worker " + event.worker,
    event.pid === null || event.pid === 0 ? null : "pid " + event.pid]
    .filter((text) => text !== null && !(event.text || "").includes(text)).join(", ");
  return [event.text, whose === "" ? null : "(" + whose + ")"]
    .filter((text) => text !== null).join(" ");
}

class Events {
  constructor() {
    this.figure = byId("timeline");
    this.svg = draw("svg", { "aria-hidden": "true", focusable: "false" });
    this.strip = make("div", { class: "canvas strip", role: "img", tabindex: "0" }, this.svg);
    this.figure.append(this.strip);
    this.list = byId("events");
    this.listed = -1;
  }

  draw(history, from, until) {
    const width = this.strip.clientWidth || 320;
    const right = width - RIGHT;
    const x = (at) => coordinate(LEFT + Math.max(0, (at - from) / (until - from)) * (right - LEFT));
    this.svg.setAttribute("viewBox", "0 0 " + width + " " + STRIP_HEIGHT);
    const parts = [draw("text", { class: "tick y", x: LEFT - 6, y: 19 }, "serves"),
      draw("text", { class: "tick y", x: LEFT - 6, y: 40 }, "events"),
      draw("line", { class: "grid", x1: LEFT, x2: right, y1: 36.5, y2: 36.5 })];
    const spans = history.generations.filter((span) => span.until >= from);
    spans.forEach((span, index) => {
      const begin = x(span.from);
      // A generation serves until the next one does.
      const end = index + 1 < spans.length ? x(spans[index + 1].from) : x(span.until);
      parts.push(draw("rect", { class: index + 1 === spans.length ? "span last" : "span", x: begin,
        y: 6, width: Math.max(1.5, end - begin - 1), height: 18, rx: 3 }));
      const name = "generation " + span.generation;
      if (end - begin > name.length * 6.5 + 14) {
        parts.push(draw("text", { class: "span-name", x: begin + 7, y: 19 }, name));
      } else if (end - begin > 20) {
        parts.push(draw("text", { class: "span-name", x: begin + 5, y: 19 }, String(span.generation)));
      }
    });
    for (const event of history.events) {
      if (event.at < from) continue;
      const at = x(event.at);
      parts.push(event.isSevere
        ? draw("path", { class: "event severe", d: "M" + at + " 30.5l5.5 9.5h-11z" })
        : draw("circle", { class: "event", cx: at, cy: 36.5, r: 3.5 }));
    }
    const y = STRIP_HEIGHT - 4;
    for (const { share, text } of timeTicks(until - from, right - LEFT)) {
      parts.push(draw("text", { class: "tick x", x: coordinate(right - share * (right - LEFT)), y },
        text));
    }
    parts.push(draw("text", { class: "tick now", x: right, y }, "now"));
    this.svg.replaceChildren(...parts);
    const within = history.events.filter((event) => event.at >= from).length;
    mark(this.strip, "aria-label", "Last " + formatAge((until - from) / 1000) + ": "
      + (spans.length === 0 ? "no generation" : spans.length === 1
        ? "generation " + spans[0].generation + " serves"
        : "generations " + spans.map((span) => span.generation).join(", ")) + "; "
      + (within === 1 ? "1 event" : within + " events") + ".");
  }

  showList(history) {
    const events = history.events.slice(-MOST_LISTED);
    if (this.listed === history.eventCount) return;
    this.listed = history.eventCount;
    byId("no-events").hidden = events.length > 0;
    show(byId("events-note"), history.events.length > events.length
      ? "the last " + events.length : "");
    this.list.replaceChildren(...events.reverse().map((event) => {
      const time = make("time", event.time === null ? {}
        : { datetime: new Date(event.time).toISOString(), title: formatDay(event.time) },
      formatClock(event.time));
      return make("li", { class: event.isSevere ? "severe" : null }, time,
        make("span", { class: "kind" }, formatKind(event.kind)),
        make("span", { class: "generation" },
          event.generation === null || event.generation === 0n ? "" : "gen " + event.generation),
        make("span", { class: "text" }, describe(event)));
    }));
  }

  tell(fresh) {
    if (fresh.length === 0) return;
    const told = fresh.slice(-MOST_TOLD).map((event) =>
      formatKind(event.kind) + (event.text === null ? "" : ": " + event.text));
    if (fresh.length > told.length) told.unshift(fresh.length - told.length + " other events");
    show(byId("news"), told.join(". "));
  }
}
