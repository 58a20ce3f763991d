/* Menus are <details>; this closes them as people expect. */
import { all, one } from "./dom.js";

function close(menu, refocus) {
  menu.open = false;
  if (refocus) one("summary", menu).focus();
}

export function startMenus() {
  document.addEventListener("click", (event) => {
    for (const menu of all("details.menu[open]")) {
      if (!menu.contains(event.target)) close(menu, false);
    }
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details.menu[open]");
    if (!menu) return;
    if (event.key === "Escape") {
      event.preventDefault();
      close(menu, true);
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      const items = all("a.menu-item, button.menu-item", menu);
      if (!items.length || event.target.matches("input, select, textarea")) return;
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      const at = items.indexOf(document.activeElement);
      items[(at + step + items.length) % items.length].focus();
    }
  });
  document.addEventListener("toggle", (event) => {
    const menu = event.target;
    if (!menu.matches?.("details.menu") || !menu.open) return;
    for (const other of all("details.menu[open]")) if (other !== menu) other.open = false;
  }, true);
}
