/* On a deal's page: a press on a stage asks in the board's dialog for what is missing, and says why when it is refused. */
import { all, csrf, one } from "./dom.js";
import { ask } from "./dialogs.js";
import { toast } from "./toasts.js";

const words = one("#move-words")?.dataset;

async function reason(answer) {
  try {
    const problem = await answer.json();
    return problem.code === "stale_copy" ? words.stale : problem.detail;
  } catch {
    return answer.status === 409 ? words.stale : words.failed;
  }
}

async function send(body) {
  let answer;
  try {
    answer = await fetch(words.url, {
      method: "POST",
      body,
      headers: { "X-CSRFToken": csrf(), Accept: "application/json, text/html", "X-Requested-With": "fetch" },
    });
  } catch {
    return toast(words.failed, "bad");
  }
  const html = answer.headers.get("Content-Type")?.includes("html");
  if (answer.status === 422 && html) {
    const form = one("form", ask(await answer.text()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      send(new FormData(form));
    });
  } else if (answer.ok && html && !answer.redirected) window.location.reload();
  else toast(await reason(answer), "bad");
}

if (words) {
  for (const link of all(".stepper a[href*='/move/'], a[data-move]")) {
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      const body = new FormData();
      body.set("stage", new URL(link.href).searchParams.get("stage"));
      body.set("version", words.version);
      send(body);
    });
  }
}
