// Late: an answer that comes after another ticket was asked for never touches that one; a failure is still said.
"use strict";
(() => {
  const ticket = () => document.querySelector("#ticket[data-live]");
  const late = new WeakSet();
  let asked = 0; // how often a ticket was asked for

  function failed(live) {
    const toast = document.getElementById("late");
    toast.querySelector("a").href = live.replace(/live(?=\?|$)/, "");
    toast.hidden = false;
  }

  // What has left the page can tell nobody of its answer, so the answer is met before htmx sees it.
  document.addEventListener("htmx:beforeSend", (event) => {
    const { xhr, elt, target } = event.detail, here = ticket(), opens = target.id === "ticket";
    if (!opens && !here?.contains(elt)) return;
    if (opens) asked += 1;
    const then = asked;
    for (const end of ["onload", "onerror", "ontimeout"]) {
      const go = xhr[end];
      xhr[end] = (answer) => {
        if (then === asked) return go.call(xhr, answer);
        late.add(xhr);
        if (elt.isConnected) go.call(xhr, answer);
        if (!opens && (end !== "onload" || xhr.status >= 400)) failed(here.dataset.live);
        document.dispatchEvent(new CustomEvent("desk:changed"));
      };
    }
  });
  // Read, it goes away by a press or by Esc.
  const heard = () => { const toast = document.getElementById("late"); if (toast) toast.hidden = true; };
  document.addEventListener("click", (event) => { if (event.target.closest("#late")) heard(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") heard(); });
  document.addEventListener("htmx:beforeOnLoad", (event) => { if (late.has(event.detail.xhr)) event.preventDefault(); });
})();
