// Which view is shown, and what is around it.

import { el, fill, notice } from "./dom.js";
import { announce, live } from "./live.js";
import { keyboard } from "./keys.js";
import { tablesView } from "./tables.js";
import { tableView } from "./table.js";
import { liveView } from "./feed.js";
import { laneView } from "./lane.js";
import { planView } from "./plan.js";
import { driftView } from "./drift.js";

// A view fills a root, and gives a function that ends it.
const views = { tables: tablesView, table: tableView, live: liveView, lane: laneView, plan: planView, drift: driftView };
const main = document.getElementById("main");
let end = null;
let shown = "";

// asked is what the address asks for.
function asked() {
  const [path, query = ""] = (location.hash.replace(/^#\/?/, "") || "tables").split("?", 2);
  return { path, query, address: path + "?" + query };
}

function route() {
  const { path, query, address } = asked();
  if (address === shown) return;
  const first = shown === "";
  shown = address;
  end?.();
  end = null;
  const section = path === "table" ? "tables" : path;
  for (const link of document.querySelectorAll("#sections a")) {
    if (link.dataset.section === section) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const root = el("div", { class: "view" });
  fill(main, root);
  const view = views[path];
  if (view) end = view(root, new URLSearchParams(query));
  else fill(root, notice("There is no such page.", "error"));
  if (!first) {
    main.focus({ preventScroll: true });
    scrollTo(0, 0);
  }
}

// replaceRoute keeps the address true to what is shown, without showing it anew.
export function replaceRoute(path, query) {
  if (asked().address !== shown) return; // somebody is on the way to another one
  const text = query.toString();
  shown = path + "?" + text;
  history.replaceState(null, "", "#/" + path + (text ? "?" + text : ""));
}

const themes = { auto: ["Auto", "as the system"], dark: ["Dark", "dark"], light: ["Light", "light"] };

function showTheme() {
  const button = document.getElementById("theme");
  const [label, words] = themes[document.documentElement.dataset.theme ?? "auto"];
  button.textContent = label;
  button.title = "Colours: " + words + " (t)";
  button.setAttribute("aria-label", button.title);
}

function nextTheme() {
  const names = Object.keys(themes);
  const name = names[(names.indexOf(document.documentElement.dataset.theme ?? "auto") + 1) % names.length];
  if (name === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = name;
  try {
    localStorage.setItem("schemactor-theme", name);
  } catch { /* for this visit only */ }
  showTheme();
}

const links = { connecting: "Connecting", live: "Live", reconnecting: "Reconnecting", polling: "Polling", paused: "Paused" };

live.addEventListener("link", ({ detail }) => {
  document.getElementById("link").dataset.state = detail;
  document.getElementById("link-text").textContent = links[detail];
});
live.addEventListener("pulse", ({ detail }) => {
  if (document.title === detail.title) return;
  document.title = detail.title;
  document.getElementById("title").textContent = detail.title;
});

document.getElementById("theme").addEventListener("click", nextTheme);
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address is the view's
  main.focus();
});
const help = document.getElementById("help");
document.getElementById("help-open").addEventListener("click", () => help.showModal());
keyboard({ theme: nextTheme, help: () => help.showModal() });
announce(document.getElementById("announce"));
showTheme();
addEventListener("hashchange", route);
route();
live.run();
