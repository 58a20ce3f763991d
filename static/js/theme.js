/* Runs before the first paint, so that a page never flashes in the wrong theme. Blocking on purpose, and small. */
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function kept(name, otherwise) {
    try {
      return window.localStorage.getItem(name) || otherwise;
    } catch (error) {
      return otherwise;
    }
  }
  function apply() {
    var theme = kept("theme", "auto");
    root.dataset.theme = theme;
    root.dataset.bsTheme = theme === "auto" ? (dark.matches ? "dark" : "light") : theme;
    root.dataset.density = kept("density", "comfortable");
    root.classList.add("js");
  }
  apply();
  dark.addEventListener("change", apply);
  window.applyTheme = apply;
})();
