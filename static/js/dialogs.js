/* Native dialogs: opened by data-open-dialog, closed by data-close-dialog, Escape, or a click beside them. */
import { one } from "./dom.js";
import { closeDialog } from "./unsaved.js";

export function startDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open-dialog]");
    if (opener) {
      const dialog = document.getElementById(opener.dataset.openDialog);
      if (dialog) {
        event.preventDefault();
        dialog.showModal();
      }
      return;
    }
    const closer = event.target.closest("[data-close-dialog]");
    if (closer) {
      event.preventDefault();
      closeDialog(closer.closest("dialog"));
    } else if (event.target.matches("dialog[open]") && outside(event)) {
      closeDialog(event.target);
    }
  });
}

function outside(event) {
  const box = event.target.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  return !inside && (event.clientX !== 0 || event.clientY !== 0);
}

/** Show a fragment in the dialog #ask; resolves when it closes. */
export function ask(html) {
  const dialog = one("#ask");
  const parsed = new DOMParser().parseFromString(html, "text/html");
  dialog.replaceChildren(...parsed.body.childNodes);
  dialog.setAttribute("aria-labelledby", "ask-h");
  if (!dialog.open) dialog.showModal();
  const wrong = one("[aria-invalid=true]", dialog) || one("input:not([type=hidden]), select, textarea", dialog);
  wrong?.focus();
  return dialog;
}
