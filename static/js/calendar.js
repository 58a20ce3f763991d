/* Entries of a calendar move to another day: mouse and touch by SortableJS, keyboard by Space, arrows and Escape.
   The server decides and answers with both days; a refused entry goes back and the reason is said. */
import Sortable from "../vendor/sortable/sortable.esm.js";
import { all, announce, csrf, fill, one, still } from "./dom.js";
import { toast } from "./toasts.js";

const grid = one("[data-calendar]");
const words = grid?.dataset || {};
const say = (name, ...values) => announce(fill(words[name] || "", ...values));

let lifted = null; // { entry, home } while an entry hangs in the air by keyboard
let dragged = null;

const dayOf = (entry) => entry.closest("[data-day]");
const listOf = (day) => one("[data-entries]", day);
const days = () => all("[data-day]", grid);
const place = (entry) => ({ parent: entry.parentElement, next: entry.nextElementSibling });
const putBack = (entry, home) =>
  home.parent.insertBefore(entry, home.next?.parentElement === home.parent ? home.next : null);

async function reason(answer) {
  try {
    if (answer.headers.get("Content-Type")?.includes("json")) {
      const problem = await answer.json();
      return problem.code === "stale_copy" ? words.stale : problem.detail;
    }
  } catch {
    /* the general sentence */
  }
  return { 403: words.forbidden, 404: words.gone, 409: words.stale }[answer.status] || words.failed;
}

async function drop(entry, home) {
  const day = dayOf(entry);
  const from = home.parent.closest("[data-day]");
  if (day === from) return putBack(entry, home);
  const body = new FormData();
  const values = { do: "reschedule", pk: entry.dataset.entry, version: entry.dataset.version, day: day.dataset.day };
  for (const [name, value] of Object.entries(values)) body.set(name, value);
  const giveUp = (text) => {
    putBack(entry, home);
    entry.classList.remove("deal-busy");
    entry.focus({ preventScroll: true });
    toast(text, "bad");
    say("put", entry.dataset.label, from.dataset.title);
  };
  entry.classList.add("deal-busy");
  let answer;
  try {
    const headers = { "X-CSRFToken": csrf(), Accept: "application/json, text/html", "X-Requested-With": "fetch" };
    answer = await fetch(window.location.href, { method: "POST", body, headers });
  } catch {
    return giveUp(words.unreachable);
  }
  if (!answer.ok || answer.redirected) return giveUp(await reason(answer));
  const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const fresh of all("[data-day]", parsed.body)) {
    const old = one(`[data-day="${CSS.escape(fresh.dataset.day)}"]`, grid);
    if (!old) continue;
    fresh.classList.toggle("cal-outside", old.classList.contains("cal-outside"));
    old.replaceWith(document.adoptNode(fresh));
    sortable(listOf(fresh));
  }
  say("moved", entry.dataset.label, day.dataset.title);
  one(`[data-entry="${CSS.escape(entry.dataset.entry)}"]`, grid)?.focus({ preventScroll: true });
}

/* Mouse and touch ---------------------------------------------------------------- */

function sortable(list) {
  new Sortable(list, {
    group: "calendar",
    sort: false,
    draggable: "[data-movable]",
    animation: still() ? 0 : 120,
    delay: 180,
    delayOnTouchOnly: true,
    ghostClass: "deal-ghost",
    onStart: ({ item }) => (dragged = { entry: item, home: place(item) }),
    onMove: ({ to }) => {
      for (const day of days()) day.classList.toggle("over", day.contains(to));
    },
    onEnd: ({ item }) => {
      for (const day of all(".over", grid)) day.classList.remove("over");
      const { home } = dragged;
      dragged = null;
      drop(item, home);
    },
  });
}

/* Keyboard ------------------------------------------------------------------------ */

const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };

function lift(entry) {
  lifted = { entry, home: place(entry) };
  entry.classList.add("deal-lift");
  say("lifted", entry.dataset.label, dayOf(entry).dataset.title);
}

function settle(back) {
  const { entry, home } = lifted;
  lifted = null;
  entry.classList.remove("deal-lift");
  for (const day of all(".over", grid)) day.classList.remove("over");
  if (back) {
    putBack(entry, home);
    entry.focus();
    say("put", entry.dataset.label, dayOf(entry).dataset.title);
  } else drop(entry, home);
}

function shift(key) {
  const { entry, home } = lifted;
  const every = days();
  const day = every[every.indexOf(dayOf(entry)) + STEPS[key]];
  if (!day) return;
  const own = day === home.parent.closest("[data-day]");
  const held = lifted;
  lifted = null; // moving an element takes its focus; that is no leaving
  if (own) putBack(entry, home);
  else listOf(day).prepend(entry);
  entry.focus({ preventScroll: true });
  lifted = held;
  for (const other of every) other.classList.toggle("over", other === day && !own);
  day.scrollIntoView({ block: "nearest" });
  say("over", day.dataset.title);
}

function stroll(entry, key) {
  const own = all("[data-entry]", dayOf(entry));
  const at = own.indexOf(entry);
  if (key === "ArrowUp" || key === "ArrowDown") return own[at + (key === "ArrowDown" ? 1 : -1)];
  const every = days();
  for (let n = every.indexOf(dayOf(entry)), step = STEPS[key]; every[(n += step)]; ) {
    const found = one("[data-entry]", every[n]);
    if (found) return found;
  }
  return null;
}

function keydown(event) {
  const entry = event.target.closest("[data-entry]");
  if (!entry || event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = event.key in STEPS;
  if (lifted) {
    if (event.key === " " || event.key === "Enter") settle(false);
    else if (event.key === "Escape") settle(true);
    else if (arrow) shift(event.key);
    else if (event.key !== "Tab") return;
  } else if (event.key === " " && "movable" in entry.dataset) lift(entry);
  else if (arrow) (stroll(entry, event.key) || entry).focus();
  else return;
  event.preventDefault();
}

if (grid) {
  for (const list of all("[data-entries]", grid)) sortable(list);
  grid.addEventListener("keydown", keydown);
  grid.addEventListener("focusout", (event) => {
    if (lifted && event.relatedTarget && !lifted.entry.contains(event.relatedTarget)) settle(true);
  });
}
