// Finding: all lists under the key g, and the filters that stand under the search box.
"use strict";
(() => {
  const go = () => document.getElementById("go");
  const box = () => document.getElementById("q");
  const offers = () => [...document.querySelectorAll("#offers :is(a, button)")].filter((el) => el.getClientRects().length > 0);

  function openLists() {
    for (const el of go().querySelectorAll("[data-count-of]")) {
      const number = document.querySelector(`.rail [data-list="${el.dataset.countOf}"] .n`);
      el.textContent = number ? number.textContent : "";
    }
    go().showModal();
  }

  // The piece that is being typed: what stands behind the last space.
  const piece = () => box().value.slice(box().value.lastIndexOf(" ") + 1);
  function put(text) {
    const typed = piece(), begun = text.startsWith(typed.toLowerCase()) ? typed.length : 0;
    const before = box().value.slice(0, box().value.length - begun);
    box().value = before + (before && !before.endsWith(" ") ? " " : "") + text;
  }
  // Only the filters that begin as the piece does are left; with none of them, all.
  function narrow() {
    const typed = piece().toLowerCase();
    const all = [...document.querySelectorAll("#offers dd a, #offers dt")];
    const fits = (el) => (el.dataset.offer || el.dataset.name + ":").startsWith(typed);
    const some = all.some(fits);
    for (const el of all) el.hidden = some && !fits(el) && !(el.matches("dt") && typed.startsWith(el.dataset.name + ":"));
    for (const dt of document.querySelectorAll("#offers dt")) {
      const dd = dt.nextElementSibling;
      dd.hidden = ![...dd.children].some((el) => !el.hidden);
      if (!dd.hidden) dt.hidden = false;
    }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-go-open]")) openLists();
    if (event.target === go()) go().close();
    const begun = event.target.closest("[data-add]"), whole = event.target.closest("[data-offer]");
    if (begun) { put(begun.dataset.add); box().focus(); narrow(); }
    if (whole && !event.ctrlKey && !event.metaKey) { event.preventDefault(); put(whole.dataset.offer); box().form.requestSubmit(); }
  });
  document.addEventListener("input", (event) => { if (event.target === box()) narrow(); });
  document.addEventListener("focusin", (event) => { if (event.target === box()) narrow(); });
  document.addEventListener("toggle", (event) => { if (event.target.matches?.("details.keep[open]")) event.target.querySelector("[name=name]").focus(); }, true);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const active = document.activeElement;
    if (go()?.open) {
      const link = /^[a-z1-9]$/.test(event.key) && go().querySelector(`[data-go="${event.key}"]`);
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    const inOffers = active.closest?.("#offers");
    if (event.key === "Escape" && inOffers) { event.preventDefault(); return box().focus(); }
    if (event.key === "Escape" && active.closest?.("details.keep[open]")) { event.preventDefault(); const keep = active.closest("details"); keep.open = false; return keep.querySelector("summary").focus(); }
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && (active === box() || inOffers)) {
      const all = offers(), here = all.indexOf(active), next = here + (event.key === "ArrowDown" ? 1 : -1);
      event.preventDefault();
      (next < 0 ? box() : all[Math.min(next, all.length - 1)])?.focus();
    }
  }, true);
})();
