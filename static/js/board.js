/* Moving cards: mouse and touch by SortableJS, keyboard by Space, arrows and Escape. The server decides; a refused
   card goes back to its exact place and the reason is said. */
import Sortable from "../vendor/sortable/sortable.esm.js";
import { all, announce, csrf, fill, one, still } from "./dom.js";
import { ask } from "./dialogs.js";
import { toast } from "./toasts.js";

const board = one("[data-board]");
const words = one("#board-words")?.dataset || {};
const say = (name, ...values) => announce(fill(words[name] || "", ...values));

let lifted = null; // { card, home } while a card hangs in the air by keyboard
let dragged = null;

const laneOf = (card) => card.closest("[data-lane]");
const cardsOf = (lane) => one("[data-cards]", lane);
const place = (card) => ({ parent: card.parentElement, next: card.nextElementSibling });
const putBack = (card, home) => home.parent.insertBefore(card, home.next?.parentElement === home.parent ? home.next : null);

/* What the server said ------------------------------------------------------ */

function freshen(card, html) {
  const parsed = new DOMParser().parseFromString(html, "text/html");
  for (const head of all("[data-lane-head]", parsed.body)) {
    one(`[data-lane-head="${CSS.escape(head.dataset.laneHead)}"]`, board)?.replaceWith(document.adoptNode(head));
  }
  const fresh = one(`[data-card="${CSS.escape(card.dataset.card)}"]`, parsed.body);
  if (laneOf(card).hasAttribute("data-rail") || !fresh) return card.remove();
  card.replaceWith(document.adoptNode(fresh));
  if (!one("dialog[open]")) one(".deal-title", fresh)?.focus({ preventScroll: true });
}

async function reason(answer) {
  try {
    if (answer.headers.get("Content-Type")?.includes("json")) {
      const problem = await answer.json();
      return problem.detail || problem.message || problem.title;
    }
  } catch {
    /* falls through to the general sentence */
  }
  if (answer.redirected && answer.url.includes("/login")) return words.signedOut;
  return { 403: words.forbidden, 404: words.gone, 409: words.stale, 412: words.stale }[answer.status] || words.failed;
}

function send(url, body) {
  return fetch(url, {
    method: "POST",
    body,
    headers: { "X-CSRFToken": csrf(), Accept: "application/json, text/html", "X-Requested-With": "fetch" },
  });
}

/** Send the move; on 422 ask for what is missing and send again; on anything else put the card back. */
async function submit(card, home, body, url = card.dataset.move) {
  const lane = laneOf(card);
  const giveUp = (text) => {
    putBack(card, home);
    card.classList.remove("deal-busy");
    one(".deal-title", card)?.focus({ preventScroll: true });
    if (text) toast(text, "bad");
    say("returned", card.dataset.label, home.parent.closest("[data-lane]").dataset.title, text || "");
  };
  card.classList.add("deal-busy");
  let answer;
  try {
    answer = await send(url, body);
  } catch {
    return giveUp(words.unreachable);
  }
  const html = answer.headers.get("Content-Type")?.includes("html");
  if (answer.status === 422 && html) return complete(card, home, await answer.text(), giveUp);
  if (!answer.ok || answer.redirected || !html) return giveUp(await reason(answer));
  one("#ask").close();
  say("moved", card.dataset.label, lane.dataset.title);
  freshen(card, await answer.text());
}

function complete(card, home, html, giveUp) {
  const dialog = ask(html);
  const form = one("form", dialog);
  let sent = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (sent) return;
    sent = true;
    submit(card, home, new FormData(form), form.action);
  });
  dialog.addEventListener("close", () => !sent && giveUp(""), { once: true });
}

function drop(card, home) {
  const lane = laneOf(card);
  if (card.parentElement === home.parent || lane === home.parent.closest("[data-lane]")) {
    return putBack(card, home);
  }
  const body = new FormData();
  body.set("stage", lane.dataset.lane);
  body.set("version", card.dataset.version);
  submit(card, home, body);
}

/* Mouse and touch ------------------------------------------------------------ */

function arm(on) {
  for (const rail of all(".rail-drop", board)) rail.classList.toggle("armed", on);
}

function sortable(list) {
  new Sortable(list, {
    group: "board",
    sort: false,
    draggable: ".deal",
    animation: still() ? 0 : 120,
    delay: 180,
    delayOnTouchOnly: true,
    touchStartThreshold: 4,
    ghostClass: "deal-ghost",
    dragClass: "deal-lift",
    scroll: true,
    bubbleScroll: true,
    onStart: ({ item }) => {
      dragged = { card: item, home: place(item) };
      arm(true);
    },
    onMove: ({ to }) => {
      for (const lane of all("[data-lane]", board)) lane.classList.toggle("over", lane.contains(to));
    },
    onEnd: ({ item }) => {
      arm(false);
      for (const lane of all(".over", board)) lane.classList.remove("over");
      const { home } = dragged;
      dragged = null;
      drop(item, home);
    },
  });
}

/* Keyboard --------------------------------------------------------------------- */

function lanes() {
  return all("[data-lane]", board);
}

function lift(card) {
  lifted = { card, home: place(card) };
  card.classList.add("deal-lift");
  say("lifted", card.dataset.label, laneOf(card).dataset.title);
}

function settle(back) {
  const { card, home } = lifted;
  lifted = null;
  card.classList.remove("deal-lift");
  for (const lane of all(".over", board)) lane.classList.remove("over");
  if (back) {
    putBack(card, home);
    say("put", card.dataset.label, laneOf(card).dataset.title);
    one(".deal-title", card).focus();
  } else drop(card, home);
}

function shift(step) {
  const { card } = lifted;
  const all_ = lanes();
  const lane = all_[all_.indexOf(laneOf(card)) + step];
  if (!lane) return;
  const own = lane === lifted.home.parent.closest("[data-lane]");
  if (own) putBack(card, lifted.home);
  else cardsOf(lane).prepend(card);
  for (const other of all_) other.classList.toggle("over", other === lane && !own);
  one(".deal-title", card).focus({ preventScroll: true });
  lane.scrollIntoView({ block: "nearest", inline: "nearest" });
  say("over", lane.dataset.title);
}

function stroll(card, key) {
  const own = all(".deal", laneOf(card));
  const at = own.indexOf(card);
  if (key === "ArrowUp" || key === "ArrowDown") return own[at + (key === "ArrowDown" ? 1 : -1)];
  const all_ = lanes();
  for (let n = all_.indexOf(laneOf(card)), step = key === "ArrowRight" ? 1 : -1; all_[(n += step)]; ) {
    const cards = all(".deal", all_[n]);
    if (cards.length) return cards[Math.min(at, cards.length - 1)];
  }
  return null;
}

function keydown(event) {
  const card = event.target.closest(".deal");
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = event.key.startsWith("Arrow");
  if (lifted) {
    if (event.key === " " || event.key === "Enter") settle(false);
    else if (event.key === "Escape") settle(true);
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") shift(event.key === "ArrowRight" ? 1 : -1);
    else if (!arrow && event.key !== "Tab") return;
  } else if (event.key === " ") lift(card);
  else if (arrow) one(".deal-title", stroll(card, event.key) || card).focus();
  else return;
  event.preventDefault();
}

if (board) {
  for (const list of all("[data-cards]", board)) sortable(list);
  board.addEventListener("keydown", keydown);
  board.addEventListener("focusout", (event) => {
    if (lifted && event.relatedTarget && !lifted.card.contains(event.relatedTarget)) settle(true);
  });
  board.addEventListener("htmx:afterSettle", () => {
    for (const more of all("[data-more]", board)) {
      cardsOf(laneOf(more)).append(...more.children);
      more.remove();
    }
  });
}
