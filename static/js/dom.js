/* Small things that every module needs. */

export const one = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];

export function csrf() {
  const field = one("input[name=csrfmiddlewaretoken]");
  if (field) return field.value;
  try {
    return JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  } catch {
    return "";
  }
}

/** Say something to those who do not see the screen. */
export function announce(text) {
  const live = one("#live");
  if (!live) return;
  live.textContent = "";
  window.requestAnimationFrame(() => (live.textContent = text));
}

/** Whether keys belong to a field, so that a shortcut must not take them. */
export function typing(target) {
  return Boolean(target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable=true]"));
}

export function still() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

/** "Move %s to %s" with its values. */
export function fill(text, ...values) {
  return values.reduce((done, value) => done.replace("%s", value), text);
}
