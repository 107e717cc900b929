// Elements from data. Text is always text: nothing here, nor anywhere on the page, reads markup.

// el makes an element. Of props, "class", "text", "data" and "on" are taken apart; true is an attribute without a value, and
// false, null and undefined are none.
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === false || value === null || value === undefined) continue;
    if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "data") Object.assign(node.dataset, value);
    else if (name === "on") for (const [event, act] of Object.entries(value)) node.addEventListener(event, act);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// fill puts children in place of what is there.
export function fill(node, ...children) {
  node.replaceChildren(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// say sets text only where it changes, so that a selection and a screen reader are left in peace.
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export const nameOf = (ref) => (ref.namespace ? ref.namespace + "." + ref.name : ref.name);

// broken is a name that may be broken into lines where its words end.
export const broken = (ref) => nameOf(ref).split(/(?<=[_.])/).flatMap((part, i) => (i === 0 ? [part] : [el("wbr"), part]));

export const keyOf = (ref) => JSON.stringify([ref.namespace ?? "", ref.name]);

export function refQuery(ref) {
  const query = new URLSearchParams();
  if (ref.namespace) query.set("namespace", ref.namespace);
  query.set("name", ref.name);
  return query.toString();
}

export const tableLink = (ref) => "#/table?" + refQuery(ref);

// stateBadge shows a state by word, shape and colour.
export function stateBadge(row) {
  const badge = el("span", { class: "state" });
  setState(badge, row);
  return badge;
}

export function setState(badge, row) {
  badge.dataset.state = row.state;
  say(badge, row.state + (row.phase ? " · " + row.phase : ""));
}

export const notice = (words, kind = "info") => el("p", { class: "notice " + kind, role: kind === "error" ? "alert" : null, text: words });

export const tag = (words, kind = "") => el("span", { class: ("tag " + kind).trim(), text: words });
