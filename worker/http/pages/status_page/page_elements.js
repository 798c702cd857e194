// Elements of the page. All texts go in as texts: nothing here, or elsewhere, reads markup.

const SVG = "http://www.w3.org/2000/svg";
const byId = (id) => document.getElementById(id);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const make = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
const draw = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS(SVG, tag), attributes, children);

// Changes only what is different, so that a selection stays, and nothing is laid out in vain.
function show(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function mark(element, name, value) {
  if (value === null) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

// A list of terms and values that are shown again and again.
class Terms {
  constructor(list) {
    this.list = list;
    this.rows = new Map();
  }

  show(term, text, kind = null) {
    let row = this.rows.get(term);
    if (row === undefined) {
      const value = make("dd");
      row = { box: make("div", {}, make("dt", {}, term), value), value };
      this.rows.set(term, row);
      this.list.append(row.box);
    }
    show(row.value, text);
    mark(row.box, "data-kind", kind);
  }
}
