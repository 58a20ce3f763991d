/* Forms: focus on what is wrong, Ctrl+Enter saves, nothing is sent twice; of two versions, a choice a field. */
import { all, one } from "./dom.js";
import { leave, onItsWay, stay } from "./unsaved.js";

function lockButtons(form) {
  for (const button of all("button[type=submit], button:not([type])", form)) {
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
  }
}

function unlock(form) {
  form.sent = false;
  for (const button of all("button[aria-busy]", form)) {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  }
}

async function picks() {
  const fields = all("select[data-pick]");
  if (!fields.length) return;
  const look = document.createElement("link");
  look.rel = "stylesheet";
  look.href = new URL("../vendor/tom-select/css/tom-select.min.css", import.meta.url).href;
  document.head.prepend(look);
  await import("../vendor/tom-select/js/tom-select.complete.min.js");
  for (const field of fields) {
    const url = field.dataset.pickUrl;
    const load = async (text, done) => {
      try {
        const answer = await fetch(`${url}?q=${encodeURIComponent(text)}`, { headers: { Accept: "application/json" } });
        done(answer.ok ? await answer.json() : []);
      } catch {
        done([]);
      }
    };
    field.setAttribute("aria-hidden", "true"); // the combobox speaks for it from here on
    // No pause before the options follow what is typed: whoever types and presses Enter means what was typed.
    new window.TomSelect(field, { maxOptions: 50, refreshThrottle: 0, ...(url ? { load, valueField: "value", labelField: "text" } : {}) });
  }
}

export function startForms() {
  one("[data-focus-first]")?.focus();
  document.addEventListener("submit", (event) => {
    const form = event.target;
    // data-again: the answer is a download, so the page and its buttons stay in use.
    if (form.method !== "post" || event.defaultPrevented || "again" in form.dataset) return;
    if (form.sent) return event.preventDefault();
    form.sent = true;
    onItsWay(form);
    // After the submitter's name and value have been read.
    window.setTimeout(() => lockButtons(form), 0);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    const form = event.target.closest?.("form");
    if (form && form.method === "post") {
      event.preventDefault();
      form.requestSubmit(one("[type=submit].btn-primary", form) || undefined);
    }
  });
  document.addEventListener("page-stays", () => all("form").forEach(unlock));
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) stay();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-leave]")) leave();
    const side = event.target.closest("[data-choose]")?.dataset.choose;
    if (side) for (const box of all(`[data-side=${side}]`, event.target.closest("form"))) box.checked = true;
    const link = event.target.closest(".errors a[href^='#']");
    const eye = event.target.closest("[data-show-password]");
    if (link) {
      const field = document.getElementById(link.hash.slice(1));
      if (!field) return;
      event.preventDefault();
      (field.matches("input, select, textarea") ? field : one("input, select, textarea", field))?.focus();
    } else if (eye) {
      const field = one("input", eye.parentElement);
      const plain = field.type === "password";
      field.type = plain ? "text" : "password";
      eye.setAttribute("aria-pressed", String(plain));
    }
  });
  picks();
}
