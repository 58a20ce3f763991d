/* Forms that save each cell on change: what somebody types while an answer is under way survives the swap. */
import { all } from "./dom.js";

const CELLS = "form[hx-trigger=change] :is(input:not([type=hidden]), textarea)[id]";

let waiting = [];

function typedIn(event) {
  const sent = event.detail.requestConfig?.formData;
  return all(CELLS, event.detail.target).filter(
    (cell) => cell.value !== cell.defaultValue && sent?.get(cell.name) !== cell.value,
  );
}

function save(cell) {
  cell.dispatchEvent(new Event("change", { bubbles: true }));
}

function putBack({ id, value }) {
  const cell = document.getElementById(id);
  if (!cell || cell.value === value) return;
  cell.value = value;
  if (cell !== document.activeElement) return save(cell);
  // The browser tells of changes by hand only; whoever types on gets that one.
  let told = false;
  cell.addEventListener("change", () => (told = true), { once: true });
  cell.addEventListener("blur", () => told || save(cell), { once: true });
}

export function startInline() {
  document.addEventListener("htmx:beforeSwap", (event) => {
    waiting = typedIn(event).map(({ id, value }) => ({ id, value }));
  });
  document.addEventListener("htmx:afterSettle", () => {
    const cells = waiting;
    waiting = [];
    cells.forEach(putBack);
  });
}
