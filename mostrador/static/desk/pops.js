// Pops: the small menus of the desk; opened by a key, walked with the arrows, left with Esc.
"use strict";
(() => {
  const open = () => document.querySelector("details.pop[open]");
  const seen = (el) => el.getClientRects().length > 0;
  const choices = (pop) => [...pop.querySelectorAll("[data-choice]")].filter((el) => !el.hidden && seen(el));
  let last = "";

  function shut(pop, back) {
    pop.open = false;
    if (back) pop.querySelector("summary").focus();
  }
  function step(pop, way) {
    const all = choices(pop), here = all.indexOf(document.activeElement);
    if (!all.length) return;
    if (here <= 0 && way < 0) return (pop.querySelector("[data-filter]") || all[0]).focus();
    all[Math.min(all.length - 1, here + way)].focus();
  }
  // Words that were typed leave only the choices that hold them.
  function filter(input) {
    const words = input.value.trim().toLocaleLowerCase();
    for (const el of input.closest(".pop").querySelectorAll("[data-choice]")) {
      el.hidden = Boolean(words) && !`${el.textContent} ${el.dataset.words || ""}`.toLocaleLowerCase().includes(words);
    }
  }

  document.addEventListener("toggle", (event) => {
    const pop = event.target;
    if (!pop.matches?.("details.pop")) return;
    if (!pop.open) return;
    for (const other of document.querySelectorAll("details.pop[open]")) if (other !== pop) other.open = false;
    last = pop.id;
    (pop.querySelector("[role=alert] ~ .field input") || pop.querySelector("[data-filter], [data-first]") || choices(pop)[0] || pop.querySelector(".panel a, .panel input:not([type=hidden]), .panel button"))?.focus();
  }, true);

  document.addEventListener("keydown", (event) => {
    const pop = open();
    if (!pop || event.isComposing) return;
    if (event.key === "Escape") { event.preventDefault(); return shut(pop, true); }
    if (!pop.contains(document.activeElement)) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (document.activeElement.matches("input:not([data-filter])")) return;
      event.preventDefault();
      return step(pop, event.key === "ArrowDown" ? 1 : -1);
    }
    // In a list of names the first that fits is meant; a tag is taken as it was typed.
    if (event.key === "Enter" && document.activeElement.matches("[data-picks]")) {
      event.preventDefault();
      choices(pop)[0]?.click();
    }
  }, true);
  document.addEventListener("input", (event) => { if (event.target.matches?.("[data-filter]")) filter(event.target); });
  document.addEventListener("click", (event) => {
    for (const pop of document.querySelectorAll("details.pop[open]")) if (!pop.contains(event.target)) shut(pop, false);
  });
  // A menu opened while an earlier press was still under way stays open.
  let waiting = "";
  document.addEventListener("htmx:beforeSwap", (event) => {
    const pressed = event.detail.requestConfig?.elt?.closest?.(".pop"), now = open();
    waiting = now && now !== pressed && event.detail.target.contains(now) ? now.id : "";
  });
  // What a press has changed is drawn anew: the focus returns to where it was pressed.
  document.addEventListener("htmx:afterSwap", (event) => {
    if (!["strip", "head"].includes(event.detail.target.id)) return;
    const again = waiting && document.getElementById(waiting);
    if (again) { again.open = true; return; }
    const pop = last && document.getElementById(last);
    if (!pop) return;
    if (pop.open) pop.querySelector("[role=alert] ~ .field input, [data-filter], .panel input:not([type=hidden])")?.focus();
    else if (document.activeElement === document.body) pop.querySelector("summary").focus();
  });
})();
