/* Where the focus goes: past the frame by the first link, and on to something sensible when what had it is replaced. */
import { all, one } from "./dom.js";

const STOPS = "a[href], button:not([disabled]), input:not([type=hidden]):not([disabled]), select, textarea, summary, [tabindex='0']";

let kept = null;

const shown = (element) => element.getClientRects().length > 0;
const nameOf = (field) => field.getAttribute("aria-label") || field.id || field.name;

/** A field that was not there before: what a pressed "add" has made. */
function fresh(root, name, before) {
  const old = [...before];
  return all(`[name="${CSS.escape(name)}"]`, root).find((field) => {
    const at = old.indexOf(nameOf(field));
    if (at >= 0) old.splice(at, 1);
    return at < 0;
  });
}

function keep(event) {
  const { target, requestConfig } = event.detail;
  const at = document.activeElement;
  const wanted = requestConfig?.elt.dataset.focusNew;
  const before = wanted ? all(`[name="${CSS.escape(wanted)}"]`, target).map(nameOf) : [];
  const stops = all(STOPS, target).filter(shown);
  kept = { target, id: target.id, wanted, before, own: target.contains(at), place: stops.indexOf(at), label: nameOf(at), tag: at?.tagName };
}

function settle() {
  if (!kept) return;
  const { target, id, wanted, before, own, place, label, tag } = kept;
  kept = null;
  const root = (id && document.getElementById(id)) || (target.isConnected ? target : null);
  if (!root) return;
  const made = wanted && fresh(root, wanted, before);
  if (made) {
    made.focus();
    made.select?.();
    return;
  }
  if (!own || place < 0 || (document.activeElement && document.activeElement !== document.body)) return;
  const stops = all(STOPS, root).filter(shown);
  const same = stops.find((stop) => stop.tagName === tag && label && nameOf(stop) === label);
  const next = same || stops[Math.min(place, stops.length - 1)] || one("#main");
  next?.focus();
}

export function startFocus() {
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href='#main']");
    if (link) one("#main")?.focus();
  });
  document.addEventListener("htmx:beforeSwap", keep);
  document.addEventListener("htmx:afterSettle", settle);
}
