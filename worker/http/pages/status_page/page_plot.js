// Plots over the last minutes, in SVG. All share one cursor, and the time of one draw.

const PLOT_HEIGHT = 132;
const LEFT = 48;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 18;
const MOST_ROWS = 12;
const TEXT_EVERY_MS = 10000;

const TICK_WIDTH = 58;

// "now" at the right; {text, share}: how far to the left of it, as a part of the whole. Only as many
// as there is room for in `width`.
function timeTicks(span, width) {
  const step = [30000, 60000, 120000, 300000].find((one) =>
    one * 6 >= span && one * width > TICK_WIDTH * span) || span;
  const ticks = [];
  for (let ago = step; ago < span; ago += step) {
    ticks.push({ share: ago / span, text: ago % 60000 === 0
      ? "\u2212" + ago / 60000 + "\u00a0min" : "\u2212" + ago / 1000 + "\u00a0s" });
  }
  return ticks;
}

// The parts of `points` without a gap. `valuesOf`: a point's values, or null.
function unbroken(points, valuesOf) {
  const runs = [];
  let run = null;
  for (const point of points) {
    const values = valuesOf(point);
    if (values === null) {
      run = null;
      continue;
    }
    if (run === null) runs.push(run = []);
    run.push({ at: point.at, values });
  }
  return runs;
}

// "10.0 ms" is "10 ms".
const shortest = (text) => text.replace(/\.0+(?![0-9])/, "");
const coordinate = (value) => Math.round(value * 10) / 10;

class Plot {
  // settings: id, title, series [{key, label}], stacked, logarithmic, format, sum (the number beside
  // the title: a function of a point's values), nothing (the text where there is no value).
  constructor(settings) {
    this.settings = settings;
    this.textTime = -Infinity;
    const titleId = settings.id + "-title";
    this.number = make("p", { class: "number" });
    this.svg = draw("svg", { "aria-hidden": "true", focusable: "false" });
    this.canvas = make("div", { class: "canvas", role: "img", tabindex: "0",
      "aria-label": settings.title }, this.svg);
    this.values = new Map();
    const legend = make("ul", { class: "legend", role: "list" });
    for (const { key, label } of settings.series) {
      const value = make("b");
      this.values.set(key, value);
      legend.append(make("li", {}, make("i", { class: "swatch s-" + key, "aria-hidden": "true" }),
        label + " ", value));
    }
    this.rows = make("tbody");
    this.details = make("details", {}, make("summary", {}, "Table"),
      make("div", { class: "scroll" }, make("table", {},
        make("caption", { class: "unseen" }, settings.title),
        make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Time"),
          ...settings.series.map(({ label }) => make("th", { scope: "col" }, label)))),
        this.rows)));
    this.figure = make("figure", { class: "card plot", id: settings.id, "aria-labelledby": titleId },
      make("figcaption", {}, make("h3", { id: titleId }, settings.title), this.number),
      this.canvas, legend, this.details);
    this.details.addEventListener("toggle", () => this.tell(true));
  }

  // `from` and `until`: milliseconds. `cursor`: likewise, or null. `marks`: [{at, isSevere}].
  draw(points, from, until, cursor, marks) {
    this.points = points;
    this.from = from;
    this.until = until;
    this.width = this.canvas.clientWidth || 320;
    const { series } = this.settings;
    const known = (point) => (series.some(({ key }) => isKnown(point.values[key]))
      ? series.map(({ key }) => point.values[key]) : null);
    const runs = unbroken(points, known);
    const scale = this.settings.logarithmic ? this.logScale(runs) : this.linearScale(runs);
    this.svg.setAttribute("viewBox", "0 0 " + this.width + " " + PLOT_HEIGHT);
    this.svg.replaceChildren(...this.grid(scale), ...this.marks(marks),
      ...(this.settings.stacked ? this.areas(runs, scale) : this.lines(scale)),
      ...this.cursorLine(cursor));
    if (runs.length === 0) {
      this.svg.append(draw("text", { class: "nothing", x: (LEFT + this.width - RIGHT) / 2,
        y: TOP + (PLOT_HEIGHT - TOP - BOTTOM) / 2 + 4 }, this.settings.nothing()));
    }
    this.showValues(cursor);
    this.tell(false);
  }

  x(at) {
    const share = (at - this.from) / (this.until - this.from);
    return coordinate(LEFT + Math.max(0, share) * (this.width - LEFT - RIGHT));
  }

  linearScale(runs) {
    let most = 0;
    for (const run of runs) {
      for (const { values } of run) {
        const all = values.filter(isKnown);
        most = Math.max(most, this.settings.stacked ? all.reduce((sum, one) => sum + one, 0)
          : Math.max(...all));
      }
    }
    const top = roundUp(Math.max(most, this.settings.least || 0));
    const bottom = PLOT_HEIGHT - BOTTOM;
    return { ticks: [0, top / 2, top],
      y: (value) => coordinate(bottom - (value / top) * (bottom - TOP)) };
  }

  logScale(runs) {
    const all = runs.flatMap((run) => run.flatMap(({ values }) => values.filter((one) => one > 0)));
    let low = all.length === 0 ? -4 : Math.floor(Math.log10(Math.min(...all)) + 1e-9);
    let high = all.length === 0 ? -1 : Math.ceil(Math.log10(Math.max(...all)) - 1e-9);
    if (high - low < 2) high = low + 2;
    low = Math.max(low, -6);
    const bottom = PLOT_HEIGHT - BOTTOM;
    const ticks = [];
    for (let power = low; power <= high; ++power) ticks.push(10 ** power);
    return { ticks, y: (value) => coordinate(bottom
      - ((Math.log10(Math.max(value, 10 ** low)) - low) / (high - low)) * (bottom - TOP)) };
  }

  grid(scale) {
    const parts = [];
    for (const tick of scale.ticks) {
      const y = scale.y(tick);
      parts.push(draw("line", { class: "grid", x1: LEFT, x2: this.width - RIGHT, y1: y, y2: y }),
        draw("text", { class: "tick y", x: LEFT - 6, y: y + 3.5 }, shortest(this.settings.format(tick))));
    }
    const y = PLOT_HEIGHT - 4;
    const right = this.width - RIGHT;
    for (const { share, text } of timeTicks(this.until - this.from, right - LEFT)) {
      const x = coordinate(right - share * (right - LEFT));
      parts.push(draw("text", { class: "tick x", x, y }, text));
    }
    parts.push(draw("text", { class: "tick now", x: right, y }, "now"));
    return parts;
  }

  marks(marks) {
    return marks.filter(({ at }) => at >= this.from).map(({ at, isSevere }) =>
      draw("line", { class: isSevere ? "mark severe" : "mark", x1: this.x(at), x2: this.x(at), y1: TOP,
        y2: PLOT_HEIGHT - BOTTOM }));
  }

  areas(runs, scale) {
    const parts = [];
    this.settings.series.forEach(({ key }, index) => {
      const sum = (values, count) =>
        values.slice(0, count).reduce((total, value) => total + (value || 0), 0);
      let area = "";
      let edge = "";
      for (const run of runs) {
        const upper = run.map(({ at, values }) => this.x(at) + " " + scale.y(sum(values, index + 1)));
        const lower = run.map(({ at, values }) => this.x(at) + " " + scale.y(sum(values, index)));
        edge += "M" + upper.join("L") + (run.length === 1 ? "h0" : "");
        area += "M" + upper.join("L") + "L" + lower.reverse().join("L") + "Z";
      }
      // A class that has nothing would only cover the edge below it.
      if (!runs.some((run) => run.some(({ values }) => values[index] > 0))) return;
      parts.push(draw("path", { class: "area s-" + key, d: area }),
        draw("path", { class: "edge s-" + key, d: edge }));
    });
    return parts;
  }

  lines(scale) {
    return this.settings.series.map(({ key }) => {
      const runs = unbroken(this.points, ({ values }) => (isKnown(values[key]) ? values[key] : null));
      const path = runs.map((run) => "M" + run.map(({ at, values }) =>
        this.x(at) + " " + scale.y(values)).join("L") + (run.length === 1 ? "h0" : "")).join("");
      return draw("path", { class: "edge s-" + key, d: path });
    });
  }

  cursorLine(cursor) {
    if (cursor === null) return [];
    const x = this.x(cursor);
    return [draw("line", { class: "cursor", x1: x, x2: x, y1: TOP, y2: PLOT_HEIGHT - BOTTOM })];
  }

  // The point that the cursor is at, or the last one.
  at(cursor) {
    if (cursor === null) return this.points[this.points.length - 1];
    return this.points.reduce((best, point) => (best === undefined
      || Math.abs(point.at - cursor) < Math.abs(best.at - cursor) ? point : best), undefined);
  }

  showValues(cursor) {
    const point = this.at(cursor);
    const values = point === undefined ? {} : point.values;
    for (const { key } of this.settings.series) {
      show(this.values.get(key), this.settings.format(values[key]));
    }
    show(this.number, this.settings.sum(values));
  }

  // Texts for those who do not see the plot; seldom, since they may be read just now.
  tell(isAskedFor) {
    const now = performance.now();
    if (this.points === undefined || (!isAskedFor && now - this.textTime < TEXT_EVERY_MS)) return;
    this.textTime = now;
    const { series, format, title } = this.settings;
    const last = this.at(null);
    mark(this.canvas, "aria-label", title + ", last " + formatAge((this.until - this.from) / 1000)
      + ". " + series.map(({ key, label }) => {
        const all = this.points.map(({ values }) => values[key]).filter(isKnown);
        return label + ": now " + format(last && last.values[key])
          + (all.length > 0 ? ", at most " + format(Math.max(...all)) : "");
      }).join("; ") + ".");
    if (!this.details.open) return;
    const told = this.points.filter(({ values }) => series.some(({ key }) => isKnown(values[key])));
    const step = Math.max(1, Math.ceil(told.length / MOST_ROWS));
    const chosen = told.filter((point, index) => (told.length - 1 - index) % step === 0).reverse();
    this.rows.replaceChildren(...chosen.map(({ at, values }) => make("tr", {},
      make("th", { scope: "row" }, formatClock(at)),
      ...series.map(({ key }) => make("td", {}, format(values[key]))))));
  }

  // The time below a place of the canvas, in pixels from its left.
  timeAt(x) {
    const share = (x - LEFT) / (this.width - LEFT - RIGHT);
    return this.from + Math.min(1, Math.max(0, share)) * (this.until - this.from);
  }
}
