/* Steps that the server draws again: what is typed or pressed while an answer is under way is not lost with it. */
import { all } from "./dom.js";

const FIELDS = "input:not([type=hidden]), textarea, select";

let busy = false;
let typed = [];
let waiting = [];

const drawn = (event) => event.detail.target?.id === "steps";

/** One after the other: a second answer would be put where the first one has taken everything away. */
function queue(event) {
  if (!drawn(event) || !busy) return;
  event.preventDefault();
  waiting.push(event.detail.elt.id);
}

function keep(event) {
  if (!drawn(event)) return;
  const sent = event.detail.requestConfig.formData;
  typed = all(FIELDS, event.detail.target)
    .filter((field) => sent.has(field.name) && sent.get(field.name).replaceAll("\r\n", "\n") !== field.value)
    .map(({ id, value, selectionStart }) => ({ id, value, at: selectionStart, here: id === document.activeElement?.id }));
}

function putBack({ id, value, at, here }) {
  const field = document.getElementById(id);
  if (!field) return;
  field.value = value;
  if (here && Number.isInteger(at)) field.setSelectionRange(at, at);
}

function next() {
  const id = waiting.shift();
  const control = id && document.getElementById(id);
  if (!control) return id && next();
  if (control.matches("select")) control.dispatchEvent(new Event("change", { bubbles: true }));
  else control.click();
}

function done(event) {
  if (!drawn(event)) return;
  busy = false;
  typed.forEach(putBack);
  typed = [];
  next();
}

export function startSteps() {
  if (!document.getElementById("steps")) return;
  document.addEventListener("htmx:confirm", queue);
  document.addEventListener("htmx:beforeRequest", (event) => (busy ||= drawn(event)));
  document.addEventListener("htmx:beforeSwap", keep);
  // After it has settled, and also when no answer came.
  document.addEventListener("htmx:afterRequest", done);
}
