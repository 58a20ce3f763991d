/* A thing done goes after ten seconds, and waits while the pointer or the focus is on it; a refusal stays. */
import { all, one } from "./dom.js";

function arm(toast) {
  if (toast.classList.contains("toast-stay")) return;
  const line = document.createElement("i");
  line.className = "toast-time toast-run";
  line.setAttribute("aria-hidden", "true");
  toast.append(line);
  let left = 10000;
  let from = performance.now();
  let timer = window.setTimeout(() => toast.remove(), left);
  const hold = () => {
    window.clearTimeout(timer);
    left -= performance.now() - from;
  };
  const go = () => {
    from = performance.now();
    window.clearTimeout(timer);
    timer = window.setTimeout(() => toast.remove(), Math.max(left, 1500));
  };
  toast.addEventListener("pointerenter", hold);
  toast.addEventListener("pointerleave", go);
  toast.addEventListener("focusin", hold);
  toast.addEventListener("focusout", go);
}

/** Say something on the screen: kind is ok, warn or bad. */
export function toast(text, kind = "ok") {
  const icon = { ok: "circle-check", warn: "alert-triangle", bad: "alert-circle" }[kind];
  const box = document.createElement("div");
  box.className = kind === "ok" ? "toast-s" : "toast-s toast-stay";
  box.setAttribute("role", kind === "bad" ? "alert" : "status");
  const mark = document.createElement("span");
  mark.className = kind;
  const glyph = document.createElement("i");
  glyph.className = `ti ti-${icon}`;
  glyph.setAttribute("aria-hidden", "true");
  mark.append(glyph);
  const words = document.createElement("span");
  words.className = "toast-text";
  words.textContent = text;
  const close = document.createElement("button");
  close.className = "icon-btn icon-btn-s";
  close.type = "button";
  close.dataset.closeToast = "";
  close.setAttribute("aria-label", one("#toasts").dataset.close);
  const cross = document.createElement("i");
  cross.className = "ti ti-x";
  cross.setAttribute("aria-hidden", "true");
  close.append(cross);
  box.append(mark, words, close);
  one("#toasts").append(box);
  arm(box);
}

export function startToasts() {
  for (const box of all("#toasts > .toast-s")) arm(box);
  document.addEventListener("click", (event) => event.target.closest("[data-close-toast]")?.closest(".toast-s").remove());
  const banner = one("#offline");
  if (banner) {
    const show = () => (banner.hidden = navigator.onLine);
    window.addEventListener("online", show);
    window.addEventListener("offline", show);
    show();
  }
  document.addEventListener("htmx:beforeSwap", (event) => {
    // Signed out meanwhile: the sign-in page must not land inside a panel.
    if (!new URL(event.detail.xhr.responseURL, window.location.href).pathname.startsWith("/login/")) return;
    event.detail.shouldSwap = false;
    window.location.reload();
  });
  // What asks by itself in the background is not worth a word when it fails once.
  document.addEventListener("htmx:responseError", (event) => {
    if (event.detail.elt.matches("[data-quiet]")) return;
    const status = event.detail.xhr.status;
    toast(one("#toasts").dataset[status === 404 ? "gone" : status === 403 ? "forbidden" : "failed"], "bad");
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (!event.detail.elt.matches("[data-quiet]")) toast(one("#toasts").dataset.unreachable, "bad");
  });
}
