// Bulk: tickets are chosen in the queue with x, or in a range with shift; the choice outlives a new look at the list.
"use strict";
(() => {
  const chosen = new Set();
  let last = "";
  const boxes = () => [...document.querySelectorAll("#rows input[name=ticket]")];

  function show() {
    for (const box of boxes()) box.checked = chosen.has(box.value);
    const bar = document.getElementById("bulk"), count = document.getElementById("bulk-count");
    if (!bar) return;
    bar.classList.toggle("on", chosen.size > 0);
    count.textContent = chosen.size ? count.dataset.words.replace("#", chosen.size) : "";
    // What has been chosen stays chosen, also where its row is not shown any more.
    for (const old of bar.querySelectorAll("input[data-kept]")) old.remove();
    const here = new Set(boxes().map((box) => box.value));
    for (const pk of chosen) {
      if (here.has(pk)) continue;
      const kept = document.createElement("input");
      kept.type = "hidden"; kept.name = "ticket"; kept.value = pk; kept.dataset.kept = "1";
      bar.append(kept);
    }
  }
  function choose(pk, range) {
    const all = boxes().map((box) => box.value), from = all.indexOf(last), to = all.indexOf(pk);
    if (range && from >= 0 && to >= 0) {
      for (const each of all.slice(Math.min(from, to), Math.max(from, to) + 1)) chosen.add(each);
    } else if (chosen.has(pk)) chosen.delete(pk);
    else chosen.add(pk);
    last = pk;
    show();
  }
  const free = () => { chosen.clear(); last = ""; show(); };

  document.addEventListener("keydown", (event) => {
    const typing = document.activeElement?.matches?.("input:not([type=checkbox], [type=radio]), textarea, select");
    if (!/^x$/i.test(event.key) || event.ctrlKey || event.metaKey || event.altKey || typing || document.querySelector("dialog[open]")) return;
    const row = document.activeElement.closest?.("a[data-ticket]") || document.querySelector("#rows a[aria-current]");
    if (!row) return;
    event.preventDefault();
    choose(row.dataset.ticket, event.shiftKey);
  });
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.("#rows input[name=ticket]");
    if (box) { choose(box.value, event.shiftKey); return; }
    if (event.target.closest?.("#bulk-none")) free();
  });
  // What was done is done: the choice is over.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target.id === "ticket" && document.querySelector(".many .flag.good")) free();
    show();
    if (event.detail.requestConfig?.elt?.id === "bulk") document.querySelector(".many input[name=verb]")?.focus();
  });
  document.addEventListener("desk:queue", show);
  document.addEventListener("DOMContentLoaded", show);
})();
