// Drafts: the server keeps the words as they are typed; this browser keeps what the server has not heard yet.
"use strict";
(() => {
  const box = () => document.querySelector("form[data-draft]");
  const key = (form) => `draft:${form.dataset.draft}`;
  const words = (form) => form.querySelector("textarea[name=text]");
  const isNote = (form) => form.querySelector("input[name=kind][value=note]").checked;
  const kept = (form) => { try { return JSON.parse(localStorage.getItem(key(form)) || "null"); } catch { return null; } };
  const forget = (form) => localStorage.removeItem(key(form));
  const keep = (form, handed = false) => localStorage.setItem(key(form), JSON.stringify({ text: words(form).value, note: isNote(form), base: form.dataset.keptAt || "", at: Date.now() + Number(document.body.dataset.skew || 0), handed }));
  // Sent since from another browser, or handed over when the page went away and heard by the server since.
  const isOld = (here, form) => here.at < Date.parse(form.dataset.saidAt) || (here.handed && (form.dataset.keptAt || "") !== here.base);

  function tell(form, state) {
    const line = form.querySelector("#draft-state");
    if (line) line.textContent = state ? line.dataset[state] : "";
  }

  // What the server never heard comes back; where it has other words meanwhile, from another browser, both stay.
  function restore() {
    const form = box();
    if (!form || form.dataset.met) return;
    form.dataset.met = "1";
    const here = kept(form), text = words(form);
    if (!here || here.text.trim() === text.value.trim() || isOld(here, form)) return forget(form);
    text.value = !text.value || here.base === (form.dataset.keptAt || "") ? here.text : `${text.value}\n\n${here.text}`;
    if (here.note) form.querySelector("input[name=kind][value=note]").checked = true;
    htmx.trigger(text, "filled");
  }

  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (form && event.target.name === "text") { keep(form); tell(form, ""); }
  });
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (form && event.target.name === "kind" && words(form).value) { keep(form); htmx.trigger(words(form), "filled"); }
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, successful, xhr, requestConfig } = event.detail, form = elt.closest?.("form[data-draft]");
    if (elt.id !== "text" || !form) return;
    if (!successful) { if (words(form).value) tell(form, "waits"); return; }
    form.dataset.keptAt = xhr.getResponseHeader("X-Kept-At") || "";
    const sent = requestConfig.parameters.text ?? requestConfig.parameters.get?.("text");
    if (sent === words(form).value) { forget(form); tell(form, sent.trim() ? "kept" : ""); } else keep(form);
  });
  // An answer that brings a whole new box was heard by the server, words and all.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const { elt, xhr } = event.detail, form = elt.closest?.("form[data-draft]") || box();
    if (elt.matches?.("[data-box]") && form && xhr.status < 300) forget(form);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const text = event.detail.target.id === "reply-text" && document.getElementById("text");
    if (text) { const form = box(); if (form) keep(form); htmx.trigger(text, "filled"); }
    restore();
  });
  // The page goes away before the pause in typing: the words still go to the server.
  const hurry = () => {
    const form = box();
    if (!form || !kept(form)) return;
    const said = new FormData();
    for (const name of ["csrfmiddlewaretoken", "request_key"]) said.set(name, form.querySelector(`[name=${name}]`).value);
    said.set("text", words(form).value);
    said.set("kind", isNote(form) ? "note" : "reply");
    if (navigator.sendBeacon(form.dataset.draftUrl, said)) keep(form, true);
  };
  document.addEventListener("visibilitychange", () => { if (document.hidden) hurry(); });
  addEventListener("pagehide", hurry);
  // Another ticket opens in place of this one.
  document.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target.id === "ticket") hurry(); });
  addEventListener("online", () => { const form = box(); if (form && kept(form)) htmx.trigger(words(form), "filled"); });
  document.addEventListener("DOMContentLoaded", restore);
})();
