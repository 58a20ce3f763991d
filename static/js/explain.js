/* "Explain" of a statement's line: the sentences stand in the page; this folds them away until they are asked for. */
for (const table of document.querySelectorAll("[data-explain]")) {
  for (const button of table.querySelectorAll("button[aria-controls]")) {
    const row = document.getElementById(button.getAttribute("aria-controls"));
    const icon = button.querySelector("i");
    const show = (open) => {
      row.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
      button.closest("tr").classList.toggle("open", open);
      icon.className = `ti ti-chevron-${open ? "down" : "right"}`;
    };
    button.hidden = false;
    button.addEventListener("click", () => show(row.hidden));
    show(location.hash === `#${row.id}`);
  }
}
