// Puts public forms on a web site: <div data-revops-form="https://…/intake/forms/key"></div> and this script.
// What the visitor's link said (utm_…), the page and where they came from go along.
(() => {
  const asked = new URLSearchParams(window.location.search);
  const names = ["utm_source", "utm_medium", "utm_campaign", "utm_term", "utm_content"];
  for (const place of document.querySelectorAll("[data-revops-form]")) {
    const address = new URL(place.dataset.revopsForm);
    for (const name of names) if (asked.get(name)) address.searchParams.set(name, asked.get(name));
    address.searchParams.set("landing", window.location.href.split("#")[0].slice(0, 400));
    if (document.referrer) address.searchParams.set("referrer", document.referrer.slice(0, 400));
    const frame = document.createElement("iframe");
    frame.src = address.href;
    frame.title = place.dataset.title || "Form";
    frame.loading = "lazy";
    frame.width = "100%";
    frame.height = place.dataset.height || "640";
    frame.setAttribute("frameborder", "0");
    place.replaceChildren(frame);
  }
})();
