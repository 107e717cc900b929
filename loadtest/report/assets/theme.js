// What the other scripts share: the results, colours, and numbers in words.
"use strict";

const runs = JSON.parse(document.getElementById("runs").textContent);
const several = runs.length > 1;
// Names do not turn the writing around them.
const labels = runs.map((run) => (run.name || run.mode || "run").replace(/\p{Bidi_Control}/gu, "\ufffd"));
const seconds = (ns) => ns / 1e9;
const millis = (ns) => ns / 1e6;

function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

// Runs beyond the last colour have the first ones again, dotted.
const palette = 6;
const runColor = (i) => color("run-" + (i % palette + 1));
const runDash = (i) => (i >= palette ? [2, 3] : undefined);

function three(x) {
  const digits = x < 10 ? 2 : x < 100 ? 1 : 0;
  return x.toLocaleString("en-US", { maximumFractionDigits: digits, minimumFractionDigits: 0 });
}

// span writes milliseconds with the unit that suits them.
function span(ms) {
  if (ms == null) return "–";
  if (ms === 0) return "0";
  if (ms >= 1000) return three(ms / 1000) + " s";
  return ms >= 1 ? three(ms) + " ms" : ms >= 0.001 ? three(ms * 1000) + " µs" : Math.round(ms * 1e6) + " ns";
}

const count = (n) => (n == null ? "–" : Math.round(n).toLocaleString("en-US"));
const perSecond = (n) => (n == null ? "–" : (n > 0 && n < 10 ? three(n) : count(n)) + "/s");
const atSecond = (s) => (s == null ? "–" : s.toFixed(s < 10 ? 2 : 1) + " s");

// make gives an element with attributes and children; text stays text.
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

function draw(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
