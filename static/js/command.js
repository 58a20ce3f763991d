/* The command menu: a combobox over a listbox that the server fills. Late answers to earlier text are dropped. */
import { all, one } from "./dom.js";

const PAUSE = 90;
const KEEP = 8;
const store = () => `recent:${document.body.dataset.user}`;

let dialog, input, list, status;
let asked = 0;
let shown = 0;
let timer = 0;
let controller = null;

function recents() {
  try {
    return JSON.parse(window.localStorage.getItem(store())) || [];
  } catch {
    return [];
  }
}

function remember() {
  const main = one("main[data-recent]");
  if (!main || !document.body.dataset.user) return;
  const entry = { label: main.dataset.recent, icon: main.dataset.recentIcon, url: window.location.pathname };
  const rest = recents().filter((other) => other.url !== entry.url);
  try {
    window.localStorage.setItem(store(), JSON.stringify([entry, ...rest].slice(0, KEEP)));
  } catch {
    /* nothing is remembered in a private window */
  }
}

function option(label, icon, href, onChoose) {
  const line = document.createElement("a");
  line.className = "cmd-item";
  line.setAttribute("role", "option");
  line.setAttribute("aria-selected", "false");
  line.tabIndex = -1;
  line.href = href;
  const glyph = document.createElement("i");
  glyph.className = `ti ti-${/^[a-z0-9-]+$/.test(icon) ? icon : "file"}`;
  glyph.setAttribute("aria-hidden", "true");
  const words = document.createElement("span");
  words.className = "grow clip";
  words.textContent = label;
  line.append(glyph, words);
  if (onChoose) line.onclick = (event) => (event.preventDefault(), onChoose());
  return line;
}

function group(title, options) {
  const box = document.createElement("div");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", title);
  const head = document.createElement("div");
  head.className = "cmd-group";
  head.setAttribute("role", "presentation");
  head.textContent = title;
  box.append(head, ...options);
  return box;
}

const said = (button) => button.textContent.trim();
const begins = (button, wanted) => Number(said(button).toLowerCase().startsWith(wanted));

/** What was saved meanwhile draws its part of the page anew: the button that stands there now is pressed. */
function press(button) {
  const now = button.isConnected ? button : all("main [data-verb]").find((other) => said(other) === said(button));
  now?.click();
}

/** What can be done with the record in view: everything on the page that says so. */
function verbs(text) {
  const wanted = text.replace(/^>/, "").trim().toLowerCase();
  return all("main [data-verb]")
    .filter((button) => said(button).toLowerCase().includes(wanted))
    .sort((a, b) => begins(b, wanted) - begins(a, wanted))
    .map((button) => {
      const icon = [...(one(".ti", button)?.classList || [])].find((name) => name.startsWith("ti-")) || "ti-bolt";
      return option(said(button), icon.slice(3), button.href || "#", () => {
        dialog.close();
        press(button);
      });
    });
}

function options() {
  return all("[role=option]", list);
}

function select(index) {
  const lines = options();
  if (!lines.length) return input.removeAttribute("aria-activedescendant");
  const at = (index + lines.length) % lines.length;
  lines.forEach((line, n) => {
    line.id = `cmd-${n}`;
    line.setAttribute("aria-selected", String(n === at));
  });
  input.setAttribute("aria-activedescendant", `cmd-${at}`);
  lines[at].scrollIntoView({ block: "nearest" });
}

function current() {
  return options().findIndex((line) => line.getAttribute("aria-selected") === "true");
}

function decorate(text) {
  const own = text.startsWith("@") || text.startsWith("#") ? [] : verbs(text);
  if (own.length) list.prepend(group(dialog.dataset.here, own));
  if (!text) {
    const seen = recents().filter((entry) => typeof entry.url === "string" && entry.url.startsWith("/"));
    if (seen.length) list.prepend(group(dialog.dataset.recents, seen.map((entry) => option(entry.label, entry.icon, entry.url))));
  }
}

async function load(text) {
  const number = ++asked;
  controller?.abort();
  controller = new AbortController();
  const from = performance.now();
  try {
    const answer = await fetch(`${dialog.dataset.url}?q=${encodeURIComponent(text)}`, {
      headers: { "X-Requested-With": "fetch" },
      signal: controller.signal,
    });
    if (answer.redirected) return window.location.reload(); // signed out meanwhile: the page asks for the sign-in
    if (!answer.ok) throw new Error(String(answer.status));
    const html = await answer.text();
    if (number < shown) return;
    shown = number;
    const parsed = new DOMParser().parseFromString(html, "text/html");
    list.replaceChildren(...parsed.body.childNodes);
    decorate(text);
    status.textContent = text ? `${options().length} · ${Math.round(performance.now() - from)} ms` : "";
    select(0);
  } catch (error) {
    if (error.name !== "AbortError") status.textContent = dialog.dataset.failed;
  }
}

function open() {
  if (!dialog.open) dialog.showModal();
  input.value = "";
  input.focus();
  load("");
}

function choose(event) {
  const line = options()[current()];
  if (!line) return;
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) window.open(line.href, "_blank", "noopener");
  else line.click();
}

export function startCommand() {
  dialog = one("#command");
  remember();
  if (!dialog) return;
  input = one("input", dialog);
  list = one("#cmd-list", dialog);
  status = one("[data-command-status]", dialog);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-open-command]")) return;
    event.preventDefault();
    open();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      dialog.open ? dialog.close() : open();
    }
  });
  input.addEventListener("input", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(() => load(input.value.trim()), PAUSE);
  });
  input.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      select(current() + step);
    } else if (event.key === "Enter") choose(event);
    else if (event.key === "Home" && event.ctrlKey) select(0);
    else if (event.key === "End" && event.ctrlKey) select(-1);
  });
  for (const button of all("[data-sign-out]")) {
    button.addEventListener("click", () => window.localStorage.removeItem(store()));
  }
}
