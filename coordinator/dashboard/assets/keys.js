// Keys for everything. What can be walked through by j and k has the attribute data-entry; a view that has pages has buttons with
// data-page="next" and "previous".

const walkable = "[data-entry]";

function walk(step) {
  const entries = [...document.querySelectorAll(walkable)].filter((entry) => entry.offsetParent !== null);
  if (entries.length === 0) return;
  const at = entries.indexOf(document.activeElement?.closest(walkable));
  const next = at < 0 ? (step > 0 ? 0 : entries.length - 1) : Math.min(Math.max(at + step, 0), entries.length - 1);
  entries[next].focus();
  entries[next].scrollIntoView({ block: "nearest" });
}

function press(selector) {
  const button = document.querySelector(selector);
  if (button && !button.disabled) button.click();
}

function search() {
  const field = document.querySelector("input[type=search]");
  if (field) {
    field.focus();
    field.select();
  } else {
    location.hash = "#/tables?find=1";
  }
}

function escape(typing) {
  if (typing) {
    const field = document.activeElement;
    if (field.type === "search" && field.value !== "") {
      field.value = "";
      field.dispatchEvent(new Event("input", { bubbles: true }));
    } else {
      field.blur();
    }
  } else if (!/^#?\/?(tables)?(\?|$)/.test(location.hash)) {
    if (location.hash.startsWith("#/table?") && history.length > 1) history.back();
    else location.hash = "#/tables";
  }
}

export function keyboard({ theme, help }) {
  const acts = {
    "/": search, "?": help, t: theme, j: () => walk(1), k: () => walk(-1), ArrowDown: () => walk(1), ArrowUp: () => walk(-1),
    n: () => press("[data-page=next]"), p: () => press("[data-page=previous]"),
  };
  document.querySelectorAll("#sections a").forEach((link, i) => { acts[i + 1] = () => link.click(); });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.matches("input:not([type=checkbox]), textarea, select");
    if (event.key === "Escape") {
      escape(typing);
      return;
    }
    // From the search one walks straight into what was found.
    const leaving = event.target.type === "search" && (event.key === "ArrowDown" || event.key === "Enter");
    if (leaving) {
      event.preventDefault();
      walk(1);
      return;
    }
    if (typing || event.target.closest("[role=tablist]") && event.key.startsWith("Arrow")) return;
    const act = acts[event.key];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}
