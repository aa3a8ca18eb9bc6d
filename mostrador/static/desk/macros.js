// Macros: the list that opens with m; typing filters it, arrows choose, Enter takes.
"use strict";
(() => {
  const picker = () => document.getElementById("macro-picker");
  const options = () => [...picker().querySelectorAll("[role=option]")];
  const shown = () => options().filter((option) => !option.hidden);
  const chosen = () => picker().querySelector("[aria-selected=true]");
  const plain = (words) => words.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

  function choose(option) {
    chosen()?.setAttribute("aria-selected", "false");
    const find = document.getElementById("macro-find");
    if (!option) return find.removeAttribute("aria-activedescendant");
    option.setAttribute("aria-selected", "true");
    find.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }
  function filter() {
    const wanted = plain(document.getElementById("macro-find").value).split(/\s+/).filter(Boolean);
    for (const option of options()) {
      const words = plain(option.dataset.text);
      option.hidden = !wanted.every((word) => words.includes(word));
    }
    const left = shown();
    document.getElementById("macro-none").hidden = left.length > 0;
    choose(left.find((option) => option.getAttribute("aria-disabled") !== "true") || left[0]);
  }
  function walk(step) {
    const left = shown();
    if (left.length) choose(left[Math.min(left.length - 1, Math.max(0, left.indexOf(chosen()) + step))]);
  }
  function close() {
    picker()?.close();
    document.getElementById("macro-place")?.replaceChildren();
  }
  function take(option) {
    if (!option || option.getAttribute("aria-disabled") === "true") return;
    const { slug, run } = option.dataset;
    close();
    if (run && document.getElementById("act")) return htmx.ajax("GET", run, { target: "#act", swap: "outerHTML" });
    if (run) return location.assign(run);
    fill(slug);
  }
  function fill(slug) {
    const radio = document.querySelector("#reply-form [name=kind][value=reply]");
    if (radio && !radio.checked) radio.click();
    document.getElementById("macro").value = slug;
    htmx.trigger("#macro", "change");
    document.getElementById("reply-form").dataset.filled = "1";
  }

  // What is typed before the list has come belongs into its box, never to the keys of the desk.
  let early = null;
  const isForList = (event) => event.detail.elt?.id === "open-macros";
  document.addEventListener("htmx:beforeRequest", (event) => { if (isForList(event)) early = ""; });
  for (const end of ["htmx:sendError", "htmx:responseError", "htmx:timeout", "htmx:sendAbort"]) {
    document.addEventListener(end, (event) => { if (isForList(event)) early = null; });
  }
  document.addEventListener("keydown", (event) => {
    if (early === null || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") early = null;
    else if (event.key.length === 1) early += event.key;
    else if (event.key !== "Enter") return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, true);

  document.addEventListener("htmx:afterSwap", () => {
    const list = picker();
    if (list?.hasAttribute("data-show")) {
      list.removeAttribute("data-show");
      if (early === null) return close();
      list.showModal();
      document.getElementById("macro-find").focus();
      document.getElementById("macro-find").value = early;
      early = null;
      filter();
    }
    const form = document.getElementById("reply-form");
    if (form?.dataset.filled && !list) { delete form.dataset.filled; document.getElementById("text")?.focus(); }
  });
  document.addEventListener("input", (event) => { if (event.target.id === "macro-find") filter(); });
  document.addEventListener("keydown", (event) => {
    if (!picker()?.open || event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { event.preventDefault(); walk(event.key === "ArrowDown" ? 1 : -1); }
    else if (event.key === "Enter" && event.target.id === "macro-find") { event.preventDefault(); take(chosen()); }
    else if (event.key === "Escape") { event.preventDefault(); close(); document.getElementById("open-macros")?.focus(); }
  }, true);
  document.addEventListener("click", (event) => {
    const suggested = event.target.closest("[data-fill-macro]");
    if (suggested) return fill(suggested.dataset.fillMacro);
    if (!picker()) return;
    if (event.target.closest("[data-close-picker]") || event.target === picker()) close();
    else take(event.target.closest("#macro-picker [role=option]"));
  });
})();
