// The JSON API, which docs/dashboard.md describes.

export class Problem extends Error {
  constructor(body) {
    super(body.detail || body.title);
    this.code = body.code;
    this.status = body.status;
    this.hazards = body.hazards ?? [];
  }
}

export async function get(path, query = "", signal = undefined) {
  return answer(await reach("api/" + path + (query ? "?" + query : ""), { signal }));
}

export async function post(path, body) {
  return answer(await reach("api/" + path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  }));
}

async function reach(path, options) {
  try {
    return await fetch(path, options);
  } catch (err) {
    if (err.name === "AbortError") throw err;
    throw new Problem({ code: "unreachable", status: 0, detail: "the program cannot be reached" });
  }
}

async function answer(response) {
  let body;
  try {
    body = await response.json();
  } catch (err) {
    if (err.name === "AbortError") throw err;
    body = { status: response.status, code: "unreadable", title: "the answer cannot be read (" + response.status + ")" };
  }
  if (!response.ok) throw new Problem(body);
  return body;
}

// latest gives a function that fetches, and forgets whatever it was fetching before.
export function latest() {
  let running;
  const fetcher = (path, query) => {
    running?.abort();
    running = new AbortController();
    return get(path, query, running.signal);
  };
  fetcher.stop = () => running?.abort();
  return fetcher;
}
