/* Lists: j and k walk the rows, Enter opens, x selects; the bulk bar; the column chooser. */
import { all, announce, one, typing } from "./dom.js";

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
  one("[data-selected]", bar).textContent = everything.checked ? form.dataset.count : String(picked.length);
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
  count(form);
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
    if (line && event.target.closest("td") && !event.target.closest("a, button, input, label, summary")) {
      if (!window.getSelection()?.toString()) window.location.assign(line.dataset.row);
    }
  });
}

function columns(form) {
  form.addEventListener("click", (event) => {
    const line = event.target.closest("[data-up]")?.closest("li");
    if (!line?.previousElementSibling) return;
    line.previousElementSibling.before(line);
    one("[data-up]", line).focus();
    announce(line.textContent.trim());
  });
  form.addEventListener("submit", () => {
    const keys = all("li", form).filter((line) => one("input", line).checked).map((line) => line.dataset.key);
    one("input[name=columns]", form).value = keys.join(",");
  });
}

export function startLists() {
  for (const form of all("form[data-list]")) {
    bulk(form);
    keys(form);
  }
  for (const form of all("form[data-columns]")) columns(form);
}
