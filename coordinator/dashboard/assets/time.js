// Times and numbers for people. Moments are of the program's clock; the page's own may be wrong.

let ahead = 0; // of the program's clock, in milliseconds

export function setClock(now) {
  ahead = Date.parse(now) - Date.now();
}

export const serverNow = () => Date.now() + ahead;

const whole = new Intl.NumberFormat("en");
export const count = (n) => whole.format(n);
export const counted = (n, noun) => count(n) + " " + noun + (n === 1 ? "" : "s");

export function duration(ms) {
  if (ms < 1) return ms > 0 ? ms.toFixed(2) + " ms" : "0 ms";
  if (ms < 1000) return ms.toFixed(ms < 10 ? 1 : 0) + " ms";
  const s = ms / 1000;
  if (s < 60) return s.toFixed(s < 10 ? 1 : 0) + " s";
  if (s < 3600) return Math.floor(s / 60) + " min " + Math.floor(s % 60) + " s";
  if (s < 86400) return Math.floor(s / 3600) + " h " + Math.floor((s % 3600) / 60) + " min";
  return counted(Math.floor(s / 86400), "day");
}

// ago and until round, so that they are still while nothing happens.
function rough(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 60) return s + " s";
  if (s < 3600) return Math.floor(s / 60) + " min";
  if (s < 86400) return Math.floor(s / 3600) + " h";
  return counted(Math.floor(s / 86400), "day");
}

export const missing = (moment) => !moment || moment.startsWith("0001-");

export const clock = (moment) => new Date(moment).toLocaleTimeString("en-GB");

export const date = (moment) => moment.replace("T", " ").replace(/(\.\d+)?Z$/, " UTC");

// since is a <time> that tells how long ago a moment was, until one that tells when it comes.
export function since(node, moment) {
  relative(node, moment, "since");
}

export function until(node, moment) {
  relative(node, moment, "until");
}

function relative(node, moment, kind) {
  if (missing(moment)) {
    node.removeAttribute("datetime");
    if (node.textContent !== "–") node.textContent = "–";
    return;
  }
  node.setAttribute("datetime", moment);
  node.setAttribute("title", date(moment));
  node.dataset.relative = kind;
  tell(node);
}

function tell(node) {
  const ms = serverNow() - Date.parse(node.getAttribute("datetime"));
  let words = rough(ms) + " ago";
  if (node.dataset.relative === "until") words = ms >= 0 ? "with the next call" : "in " + rough(-ms);
  else if (ms < 1500) words = "just now";
  if (node.textContent !== words) node.textContent = words;
}

// Every second all of them are told anew.
setInterval(() => {
  for (const node of document.querySelectorAll("time[data-relative]")) if (node.hasAttribute("datetime")) tell(node);
}, 1000);
