/* Lists: j and k walk the rows, Enter opens, x selects; the bulk bar; the column chooser. */
import { all, announce, fill, one, still, typing } from "./dom.js";

function rows(form) {
  return all("tbody tr[data-row]", form);
}

function walk(form, step) {
  const lines = rows(form);
  if (!lines.length) return;
  const at = lines.findIndex((line) => line.classList.contains("at"));
  const next = at < 0 ? (step > 0 ? 0 : lines.length - 1) : Math.min(Math.max(at + step, 0), lines.length - 1);
  lines.forEach((line, n) => line.classList.toggle("at", n === next));
  one("a", lines[next])?.focus({ preventScroll: true });
  lines[next].scrollIntoView({ block: "nearest" });
}

function count(form) {
  const boxes = all("input[name=pk]", form);
  const picked = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest("tr").classList.toggle("on", box.checked);
  const bar = one("[data-bulk]", form);
  if (!bar) return;
  const everything = one("[data-select-all]", bar);
  bar.hidden = picked.length === 0;
  if (bar.hidden) everything.checked = false;
  const chosen = everything.checked ? form.dataset.count : String(picked.length);
  for (const place of all("[data-selected]", form)) place.textContent = chosen;
  const page = one("[data-select-page]", form);
  page.checked = picked.length === boxes.length && boxes.length > 0;
  page.indeterminate = picked.length > 0 && picked.length < boxes.length;
}

function bulk(form) {
  form.addEventListener("change", (event) => {
    if (event.target.matches("[data-select-page]")) {
      for (const box of all("input[name=pk]", form)) box.checked = event.target.checked;
    }
    if (event.target.matches("[data-select-page], [data-select-all], input[name=pk]")) count(form);
  });
  one("[data-clear-selection]", form)?.addEventListener("click", () => {
    for (const box of all("input[name=pk]", form)) box.checked = false;
    count(form);
  });
  form.addEventListener("click", (event) => {
    // The controls of other dialogs do not count, so the browser's own check of the whole form is off.
    const dialog = event.target.closest("dialog button[type=submit]")?.closest("dialog");
    if (!dialog) return;
    // Sent before its control has come, the field would be emptied in every row.
    if (one("[data-bulk-value]:empty", dialog)) return event.preventDefault();
    const wrong = all("input, select, textarea", dialog).find((control) => !control.checkValidity());
    if (!wrong) return;
    event.preventDefault();
    wrong.reportValidity();
  });
  const field = one("#bulk-edit select", form);
  field?.addEventListener("change", () => value(form, field));
  for (const opener of all("[data-open-dialog='bulk-edit']", form)) {
    opener.addEventListener("click", () => one("[data-bulk-value]", form).childElementCount || value(form, field));
  }
  count(form);
}

let asked = 0;

/** The control of the field chosen in "edit a field". */
async function value(form, field) {
  const mine = (asked += 1);
  const place = one("[data-bulk-value]", form);
  place.replaceChildren(); // what was written into the old control would be lost
  const query = new URLSearchParams(window.location.search);
  query.set("field", field.value);
  const answer = await fetch(`?${query}`, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  const html = answer?.ok ? await answer.text() : "";
  if (mine !== asked) return; // another one is on its way
  const parsed = new DOMParser().parseFromString(html, "text/html");
  place.replaceChildren(...parsed.body.childNodes);
}

function keys(form) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    const line = one("tr.at", form);
    if (event.key === "j") walk(form, 1);
    else if (event.key === "k") walk(form, -1);
    else if (event.key === "x" && line) {
      const box = one("input[name=pk]", line);
      if (box) box.click();
    } else if (event.key === "e" && line && !one("[data-edit]", line)) window.location.assign(line.dataset.row);
    else return;
    event.preventDefault();
  });
  form.addEventListener("click", (event) => {
    const line = event.target.closest("tr[data-row]");
    const inside = event.target.closest("a, button, input, label, summary, select, textarea, [data-cell-editor], dialog");
    if (line && event.target.closest("td") && !inside) {
      if (!window.getSelection()?.toString()) window.location.assign(line.dataset.row);
    }
  });
}

/** Columns are put in order by dragging their lines, or by the two buttons of each. */
function columns(form) {
  const list = one("[data-sortable]", form);
  const said = (line) => {
    const name = one("label", line).textContent.trim();
    announce(fill(form.dataset.said, name, String([...list.children].indexOf(line) + 1)));
  };
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-up], [data-down]");
    const line = button?.closest("li");
    if (!line) return;
    const other = button.matches("[data-up]") ? line.previousElementSibling : line.nextElementSibling;
    if (!other) return;
    button.matches("[data-up]") ? other.before(line) : other.after(line);
    button.focus();
    said(line);
  });
  form.addEventListener("submit", () => {
    const keys = all("li", form).filter((line) => one("input", line).checked).map((line) => line.dataset.key);
    one("input[name=columns]", form).value = keys.join(",");
  });
  form.closest("details").addEventListener("toggle", () => draggable(list, said), { once: true });
}

async function draggable(list, said) {
  const { default: Sortable } = await import("../vendor/sortable/sortable.esm.js");
  new Sortable(list, { handle: "[data-grip], label", animation: still() ? 0 : 120, ghostClass: "deal-ghost", onEnd: ({ item }) => said(item) });
  list.dataset.ready = "1";
}

/** An inbox is walked as a list is: Enter, the link's own key, opens. */
function inbox(list) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    const step = { j: 1, k: -1 }[event.key];
    if (!step) return;
    const items = all("a.inbox-item", list);
    const here = items.indexOf(document.activeElement);
    const at = here < 0 ? items.findIndex((item) => item.getAttribute("aria-current") === "true") : here;
    items[Math.min(Math.max(at + step, 0), items.length - 1)]?.focus();
    event.preventDefault();
  });
}

export function startLists() {
  for (const list of all(".app-page .inbox-list")) inbox(list);
  for (const form of all("form[data-list]")) {
    bulk(form);
    keys(form);
  }
  for (const form of all("form[data-columns]")) columns(form);
}
