// SQL with its words told apart by weight and colour. It is read for the eye only: whatever is not understood is plain text.

import { el } from "./dom.js";

const token = /('(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\b\d+(?:\.\d+)?\b|\b[A-Za-z_]+\b)/g;
const words = new Set(`ADD ALTER ALWAYS AND AS ASC BEGIN BY CASCADE CHECK COLLATE COLUMN COMMENT CONCURRENTLY CONFLICT CONSTRAINT CREATE
DATA DEFAULT DEFERRABLE DEFERRED DELETE DESC DISTINCT DROP EXISTS FOREIGN FROM GENERATED IDENTITY IF IN INDEX INITIALLY INSERT INTO IS
KEY LIKE LIMIT NAMESPACE NOT NULL ON OR ORDER PRIMARY REFERENCES RENAME RESTRICT RETURNING SCHEMA SELECT SET STORED STRICT TABLE TO
TRIGGER TYPE UNIQUE UPDATE USING VALID VALIDATE VALUES VIEW VIRTUAL WHERE WITH WITHOUT`.split(/\s+/));

export function sql(text) {
  const code = el("code");
  let at = 0;
  for (const match of text.matchAll(token)) {
    const kind = kindOf(match[0]);
    if (!kind) continue;
    code.append(text.slice(at, match.index), el("span", { class: kind, text: match[0] }));
    at = match.index + match[0].length;
  }
  code.append(text.slice(at));
  return el("pre", { class: "sql", tabindex: "0" }, code);
}

function kindOf(part) {
  if (part.startsWith("'")) return "text";
  if (part.startsWith("--")) return "note";
  if (/^\d/.test(part)) return "digit";
  return words.has(part.toUpperCase()) && !part.startsWith('"') ? "word" : "";
}
