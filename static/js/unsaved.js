/* What was typed and not saved is asked about before it goes: with the page, with a dialog, with what htmx replaces. */
import { all, one } from "./dom.js";

// Picks rows of a list, signs in, or sends each change by itself: nothing to lose.
const FREE = "[data-list], [data-form-plain], [data-again]";
const OWN = ["csrfmiddlewaretoken", "touched"];

let sent = null;
let leaving = false;

function values(form) {
  const found = new Map();
  for (const [name, value] of new FormData(form)) {
    if (OWN.includes(name)) continue;
    found.set(name, [...(found.get(name) || []), value instanceof File ? value.name : value]);
  }
  return found;
}

function same(a, b) {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** The names whose values are not those with which the form came. */
function changed(form) {
  const now = values(form);
  const names = new Set([...form.came.keys(), ...now.keys()]);
  return [...names].filter((name) => !same(form.came.get(name), now.get(name)));
}

export function remember(form) {
  if ((form.method === "post" || "form" in form.dataset) && !form.matches(FREE)) form.came = values(form);
}

function unsaved(form) {
  if (form === sent || form.closest("dialog:not([open])")) return false;
  if (form.dataset.dirty) return true;
  return Boolean(form.came) && changed(form).length > 0;
}

/** A cell of a list that is open and says something else than before. */
function openCell() {
  return all("[data-cell-editor] :is(input, textarea, select)").some((field) =>
    field.matches("select") ? [...field.options].some((one_) => one_.selected !== one_.defaultSelected)
      : field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue,
  );
}

export function anyUnsaved(root = document) {
  return (root.matches?.("form") && unsaved(root)) || all("form", root).some(unsaved);
}

/** Resolves with whether what was typed may go. */
export function askLeave() {
  const box = one("#unsaved");
  box.returnValue = "";
  box.showModal();
  return new Promise((done) => {
    // "close" comes a moment after the closing: that of the question before must not answer this one.
    const closed = () => {
      if (box.open) return;
      box.removeEventListener("close", closed);
      done(box.returnValue === "drop");
    };
    box.addEventListener("close", closed);
  });
}

function drop(root) {
  for (const form of all("form", root)) {
    form.reset();
    delete form.dataset.dirty;
    remember(form);
  }
}

/** Closes a dialog; asks first when something was typed in it. */
export async function closeDialog(dialog) {
  if (anyUnsaved(dialog)) {
    if (!(await askLeave())) return;
    drop(dialog);
  }
  dialog.close();
}

/** The server is told which fields a person touched: of two versions, those are meant. */
function tellTouched(form) {
  const field = one("input[type=hidden][name=touched]", form);
  if (!field || !form.came || (form.dataset.dirty && !field.value)) return;
  const before = field.value.startsWith(".") ? field.value.slice(1).split(",") : [];
  field.value = "." + [...new Set([...before, ...changed(form)])].filter(Boolean).join(",");
}

export function onItsWay(form) {
  tellTouched(form);
  sent = form;
}

export function leave() {
  leaving = true;
}

/** The page stays after all. */
export function stay() {
  sent = null;
  leaving = false;
  document.dispatchEvent(new CustomEvent("page-stays"));
}

function escape(event) {
  if (event.key !== "Escape") return;
  const dialog = document.activeElement?.closest("dialog[open]") || all("dialog[open]").at(-1);
  if (!dialog || dialog.id === "unsaved" || !anyUnsaved(dialog)) return;
  event.preventDefault();
  event.stopPropagation();
  closeDialog(dialog);
}

function replaced(event) {
  const { elt, target, triggeringEvent, issueRequest } = event.detail;
  const byHand = triggeringEvent?.isTrusted && ["click", "submit", "keydown", "change"].includes(triggeringEvent.type);
  if (!byHand || !target || elt.closest("form") || !anyUnsaved(target)) return;
  event.preventDefault();
  askLeave().then((gone) => gone && issueRequest(true));
}

export function startUnsaved() {
  all("form").forEach(remember);
  document.addEventListener("focusin", (event) => {
    const form = event.target.form || event.target.closest("form");
    if (form && !form.came) remember(form);
  });
  document.addEventListener("keydown", escape, true);
  document.addEventListener("htmx:confirm", replaced);
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest("form");
    if (form && event.detail.successful && event.detail.elt === form) remember(form);
  });
  window.addEventListener("beforeunload", (event) => {
    if (leaving || (!anyUnsaved() && !openCell())) return;
    event.preventDefault();
    window.setTimeout(stay, 0);
  });
}
