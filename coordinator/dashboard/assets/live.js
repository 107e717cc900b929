// What happens, as the program tells it: server-sent events, and where there can be none, a question every few seconds.

import { get } from "./api.js";
import { nameOf } from "./dom.js";
import { counted, setClock } from "./time.js";

const keep = 300;

// live is an EventTarget: "pulse" and "events" carry what came in detail, "link" the state of the connection.
class Live extends EventTarget {
  overview = null;
  events = []; // the last ones, newest first
  #fresh = [];
  #drawing = false;
  #state = "connecting";
  #source = null;
  #seen = ""; // the id of the last event
  #pause = null;

  // A page that nobody looks at is not live: a browser has few connections for each host, and the program few places.
  run() {
    this.#open();
    document.addEventListener("visibilitychange", () => {
      clearTimeout(this.#pause);
      if (document.hidden) this.#pause = setTimeout(() => this.#close(), 30000);
      else if (!this.#source) this.#open();
    });
  }

  #close() {
    this.#source?.close();
    this.#source = null;
    this.#link("paused");
  }

  #open() {
    const source = new EventSource("api/events" + (this.#seen ? "?after=" + encodeURIComponent(this.#seen) : ""));
    this.#source = source;
    source.addEventListener("open", () => this.#link("live"));
    source.addEventListener("pulse", (message) => this.#pulse(JSON.parse(message.data)));
    source.addEventListener("ensure", (message) => this.#add(JSON.parse(message.data), message));
    source.addEventListener("lost", (message) => this.#add({ kind: "lost", ...JSON.parse(message.data) }, message));
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) {
        this.#link("polling");
        this.#poll();
        this.#source = null;
        setTimeout(() => { if (!this.#source && !document.hidden) this.#open(); }, 10000);
      } else {
        this.#link("reconnecting");
      }
    });
  }

  get state() {
    return this.#state;
  }

  async #poll() {
    try {
      this.#pulse(await get("overview"));
    } catch {
      this.#link("reconnecting");
    }
  }

  #link(state) {
    if (this.#state === state) return;
    this.#state = state;
    this.dispatchEvent(new CustomEvent("link", { detail: state }));
  }

  #pulse(overview) {
    setClock(overview.now);
    this.overview = overview;
    this.dispatchEvent(new CustomEvent("pulse", { detail: overview }));
  }

  // However many events come, the page draws once a frame, and not at all while nobody sees it.
  #add(event, { lastEventId }) {
    this.#seen = lastEventId;
    this.#fresh.push(event);
    if (this.#fresh.length > keep) this.#fresh.splice(0, this.#fresh.length - keep);
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      const fresh = this.#fresh.reverse();
      this.#fresh = [];
      this.events = [...fresh, ...this.events].slice(0, keep);
      this.dispatchEvent(new CustomEvent("events", { detail: fresh }));
    });
  }
}

export const live = new Live();

// announce tells those who listen rather than look, every few seconds at most.
export function announce(node) {
  let ready = 0, failed = [], timer = null;
  live.addEventListener("events", ({ detail }) => {
    for (const event of detail) {
      if (event.kind === "ready") ready++;
      if (event.kind === "failed") failed.push(nameOf(event.table));
    }
    if (timer || (ready === 0 && failed.length === 0)) return;
    timer = setTimeout(() => {
      const words = [];
      if (ready > 0) words.push(counted(ready, "table") + " became ready");
      if (failed.length === 1) words.push(failed[0] + " failed");
      if (failed.length > 1) words.push(counted(failed.length, "attempt") + " failed");
      node.textContent = words.join(", ");
      ready = 0, failed = [], timer = null;
    }, 2000);
  });
}
