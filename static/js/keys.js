/* g then a letter goes, c then a letter creates, ? shows the list, e edits, / searches; data-key="l" is what l focuses. */
import { one, typing } from "./dom.js";

const WAIT = 1200;
let pending = "";
let timer = 0;

function arm(key) {
  pending = key;
  window.clearTimeout(timer);
  timer = window.setTimeout(() => (pending = ""), WAIT);
}

function second(key) {
  const attribute = pending === "g" ? "data-go" : "data-create";
  const link = one(`[${attribute}="${CSS.escape(key)}"]`);
  pending = "";
  if (!link) return false;
  link.click();
  return true;
}

const FIRST = {
  "?": () => one("#shortcuts")?.showModal(),
  "/": () => one("[data-list-search]")?.focus(),
  e: () => one("tr.at [data-edit], [data-edit]:not(tr [data-edit])")?.click(),
  g: () => arm("g"),
  c: () => {
    arm("c");
    const menu = one("#create-menu");
    if (!menu) return;
    menu.open = true;
    one(".menu-item", menu)?.focus();
  },
};

export function startKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || event.defaultPrevented) return;
    if (one("dialog[open]")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (pending && second(key)) {
      event.preventDefault();
    } else if (one(`[data-key="${CSS.escape(key)}"]`)) {
      event.preventDefault();
      one(`[data-key="${CSS.escape(key)}"]`).focus();
    } else if (FIRST[key]) {
      event.preventDefault();
      FIRST[key]();
    }
  });
}
