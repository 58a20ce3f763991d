/* Theme and density: kept on this device, applied by theme.js before the first paint. */
import { all, one } from "./dom.js";

const OTHERWISE = { theme: "auto", density: "comfortable" };

function kept(name) {
  try {
    return window.localStorage.getItem(name) || OTHERWISE[name];
  } catch {
    return OTHERWISE[name];
  }
}

function show(name) {
  for (const button of all(`[data-preference=${name}] button`)) {
    button.setAttribute("aria-pressed", String(button.value === kept(name)));
  }
}

export function startPreferences() {
  const mac = /Mac|iPhone|iPad/.test(navigator.platform);
  const key = one("[data-mod-k]");
  if (mac && key) key.textContent = "⌘ K";
  for (const name of Object.keys(OTHERWISE)) show(name);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-preference] button");
    if (!button) return;
    const name = button.closest("[data-preference]").dataset.preference;
    try {
      window.localStorage.setItem(name, button.value);
    } catch {
      /* private windows keep nothing; the choice then lasts for this page */
    }
    window.applyTheme();
    show(name);
    document.dispatchEvent(new CustomEvent("theme-changed"));
  });
}
