// Drafts: words not sent yet stay in this tab until they are sent, whatever page comes between.
"use strict";
(() => {
  const box = () => document.querySelector("form[data-draft]");
  const key = (form) => `draft:${form.dataset.draft}`;
  function restore() {
    const form = box();
    if (!form || form.dataset.met) return;
    form.dataset.met = "1";
    const kept = sessionStorage.getItem(key(form)), text = form.querySelector("textarea");
    if (kept && !text.value) text.value = kept;
  }
  document.addEventListener("input", (event) => {
    const form = event.target.closest?.("form[data-draft]");
    if (form && event.target.name === "text") sessionStorage.setItem(key(form), event.target.value);
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.id === "reply-form") event.detail.elt.dataset.sending = "1";
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const form = event.detail.requestConfig?.elt;
    if (form?.id === "reply-form" && form.dataset.sending && event.detail.xhr.status < 300) sessionStorage.removeItem(key(form));
  });
  document.addEventListener("htmx:afterSwap", restore);
  document.addEventListener("DOMContentLoaded", restore);
})();
