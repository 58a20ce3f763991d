/* Cells edited in place. The table is a grid: arrows walk its cells, Enter, e or a click opens the control; Enter saves,
   Escape leaves, Tab saves and goes on to the next cell that can be edited. The server answers with the fresh row. */
import { all, announce, csrf, one } from "./dom.js";
import { toast } from "./toasts.js";

const WIDE = window.matchMedia("(min-width: 768px)");
const INSIDE = "a, button, input, label, select, textarea, summary, [data-cell-editor]";

let open = null; // { cell, grid, before, start, sending }

const rowOf = (cell) => cell.closest("tr");
const cellsOf = (row) => [...row.cells];
const editable = (grid) => all("td[data-field]", grid);

/* The grid -------------------------------------------------------------------- */

function dress(grid) {
  grid.setAttribute("role", "grid");
  for (const row of all("tbody tr", grid)) dressRow(row);
  const first = one("td[data-field]", grid) || one("tbody td", grid);
  if (first && !one("td[tabindex='0']", grid)) first.tabIndex = 0;
}

function dressRow(row) {
  for (const cell of cellsOf(row)) {
    cell.tabIndex = -1;
    cell.setAttribute("role", "gridcell");
    if (!cell.dataset.field) cell.setAttribute("aria-readonly", "true");
  }
}

function focus(cell) {
  const grid = cell.closest("table");
  for (const other of all("td[tabindex='0']", grid)) other.tabIndex = -1;
  cell.tabIndex = 0;
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: "nearest", inline: "nearest" });
}

function step(cell, key) {
  const row = rowOf(cell);
  const at = cellsOf(row).indexOf(cell);
  const beside = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: row.cells.length - 1 }[key];
  if (beside !== undefined) return row.cells[beside];
  const other = key === "ArrowUp" ? row.previousElementSibling : row.nextElementSibling;
  return other?.cells[at];
}

/* The control ----------------------------------------------------------------- */

function place(cell, html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const editor = one("[data-cell-editor]", parsed.body);
  if (!editor) return null;
  cell.replaceChildren(document.adoptNode(editor));
  cell.classList.add("cell-open");
  const control = one("input, select, textarea", editor);
  control?.focus();
  control?.select?.();
  return control;
}

function address(cell, field) {
  const query = new URLSearchParams(window.location.search);
  query.delete("cursor");
  query.set("cell", rowOf(cell).dataset.key);
  if (field) query.set("field", field);
  return `?${query}`;
}

async function ask(url, options = {}) {
  const headers = { "X-Requested-With": "fetch", Accept: "text/html, application/json", "X-CSRFToken": csrf() };
  return fetch(url, { ...options, headers });
}

function complain(grid, answer) {
  const words = grid.dataset;
  toast(answer ? { 403: words.forbidden, 404: words.gone }[answer.status] || words.failed : words.unreachable, "bad");
}

export async function edit(cell) {
  const grid = cell.closest("table");
  if (open) await save(false);
  if (open) return;
  const mine = { cell, grid, before: [...cell.childNodes], start: "", sending: false };
  open = mine;
  cell.setAttribute("aria-busy", "true");
  let answer = null;
  try {
    answer = await ask(address(cell, cell.dataset.field));
  } catch {
    /* said below */
  }
  cell.removeAttribute("aria-busy");
  if (open !== mine) return;
  if (!answer?.ok || answer.redirected) {
    open = null;
    complain(grid, answer);
    return focus(cell);
  }
  place(cell, await answer.text());
  mine.start = typed();
}

/** Everything that the control holds; it may be more than one field. */
function typed() {
  return JSON.stringify([...new FormData(one("#cell-form"))]);
}

function leave(refocus = true) {
  const { cell, before } = open;
  const stale = one("[data-stale]", cell);
  open = null;
  cell.classList.remove("cell-open");
  cell.replaceChildren(...before);
  if (refocus) focus(cell);
  if (stale) refresh(cell);
}

async function refresh(cell) {
  const answer = await ask(address(cell, "")).catch(() => null);
  if (answer?.ok) replace(cell, await answer.text());
}

/** Puts the fresh row in; the cell at the same place has the focus. */
function replace(cell, html) {
  const row = rowOf(cell);
  const at = cellsOf(row).indexOf(cell);
  const fresh = one("tr", new DOMParser().parseFromString(html, "text/html").body);
  const grid = row.closest("table");
  if (!fresh) {
    const next = row.nextElementSibling || row.previousElementSibling;
    row.remove();
    announce(grid.dataset.gone);
    if (next) focus(next.cells[at]);
    return null;
  }
  const box = one("input[name=pk]", row);
  document.adoptNode(fresh);
  if (box?.checked) one("input[name=pk]", fresh).checked = true;
  fresh.className = row.className;
  row.replaceWith(fresh);
  dressRow(fresh);
  return fresh.cells[at];
}

function body() {
  const { cell } = open;
  const data = new FormData(one("#cell-form"));
  data.set("do", "cell");
  data.set("cell", rowOf(cell).dataset.key);
  data.set("field", cell.dataset.field);
  data.set("version", one("[data-cell-editor]", cell).dataset.version);
  return data;
}

/** Saves what is open; true when the row is fresh and nothing is open any more. */
async function save(refocus = true) {
  const mine = open;
  if (mine.sending) return false;
  const forced = one("[data-stale]", mine.cell);
  if (typed() === mine.start && !forced && !one("[aria-invalid]", mine.cell)) {
    leave(refocus);
    return true;
  }
  mine.sending = true;
  let answer = null;
  try {
    const query = new URLSearchParams(window.location.search);
    answer = await ask(`?${query}`, { method: "POST", body: body() });
  } catch {
    /* said below */
  }
  mine.sending = false;
  if (answer && [409, 422].includes(answer.status)) {
    const control = place(mine.cell, await answer.text());
    announce(one("[role=alert]", mine.cell)?.textContent.trim() || "");
    control?.setAttribute("aria-invalid", "true");
    return false;
  }
  if (!answer?.ok || answer.redirected) {
    complain(mine.grid, answer);
    leave();
    return false;
  }
  open = null;
  const fresh = replace(mine.cell, await answer.text());
  if (fresh) {
    announce(mine.grid.dataset.saved);
    if (refocus) focus(fresh);
    mine.cell = fresh;
  }
  return true;
}

async function onward(back) {
  const { cell, grid } = open;
  const list = editable(grid);
  const at = list.indexOf(cell);
  const mine = open;
  if (!(await save(false))) return;
  const now = editable(grid);
  const next = now[(mine.cell.isConnected ? now.indexOf(mine.cell) : at) + (back ? -1 : 1)];
  if (next) {
    focus(next);
    edit(next);
  } else focus(mine.cell);
}

/* Keys and clicks --------------------------------------------------------------- */

function inEditor(event) {
  if (event.key === "Escape") leave();
  else if (event.key === "Tab") onward(event.shiftKey);
  else if (event.key === "Enter" && !event.target.matches("button") && !(event.target.matches("textarea") && event.shiftKey)) save();
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function onCell(event, cell) {
  const arrow = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key);
  if (arrow) {
    const next = step(cell, event.key);
    if (next) focus(next);
  } else if (event.key === "Enter" || event.key === "e" || event.key === "F2") {
    if (cell.dataset.field) edit(cell);
    else if (event.key === "Enter" && one("a", cell)) one("a", cell).click();
    else return;
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

function listen(grid) {
  grid.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("[data-cell-editor]")) inEditor(event);
    else if (event.target.matches("td")) onCell(event, event.target);
  });
  grid.addEventListener("click", (event) => {
    if (event.target.closest("[data-cell-save]")) return void save();
    if (event.target.closest("[data-cell-leave]")) return void leave();
    const cell = event.target.closest("td[data-field]");
    if (!cell || event.target.closest(INSIDE) || window.getSelection()?.toString()) return;
    event.stopPropagation();
    edit(cell);
  });
  grid.addEventListener("focusout", (event) => {
    if (!open || open.sending || !event.relatedTarget || open.cell.contains(event.relatedTarget)) return;
    if (open.cell.contains(event.target) && !one("[role=alert]", open.cell)) save(false);
  });
}

export function startCells() {
  if (!WIDE.matches) return; // there a row is a card that opens
  for (const grid of all("table[data-grid]")) {
    dress(grid);
    listen(grid);
  }
}
