// Keys: the whole desk by keyboard; they rest while someone types.
"use strict";
(() => {
  const typing = (el) => el && (el.isContentEditable || /^(TEXTAREA|SELECT)$/.test(el.tagName) || (el.tagName === "INPUT" && !/^(radio|checkbox)$/.test(el.type)));
  const seen = (el) => el.getClientRects().length > 0;
  const dialog = () => document.getElementById("keys");
  const shown = () => document.querySelector("dialog[open]");

  function walk(step) {
    const links = [...document.querySelectorAll("#rows a[data-ticket]")];
    if (!links.length) return;
    const here = links.indexOf(document.activeElement.closest?.("a[data-ticket]"));
    const from = here >= 0 ? here : links.findIndex((link) => link.hasAttribute("aria-current"));
    const next = links[Math.min(links.length - 1, Math.max(0, from + step))];
    if (seen(next)) { next.focus(); next.scrollIntoView({ block: "nearest" }); } else next.click();
  }

  function press(key) {
    const el = [...document.querySelectorAll(`[data-key="${key}"]`)].find((el) => seen(el) && !el.disabled);
    if (!el) return false;
    if (el.dataset.to) { if (!el.checked) el.click(); document.getElementById(el.dataset.to).focus(); }
    else if (el.matches("input")) { el.focus(); el.select?.(); }
    else el.click();
    return true;
  }

  function back() {
    if (shown()) return shown().close();
    const active = document.activeElement, form = document.querySelector("form.sheet");
    if (form && (!typing(active) || form.contains(active))) return leave();
    if (typing(active)) active.blur();
  }
  // The buttons come back in place: the page asks for its own newest state.
  function leave() {
    const here = document.querySelector("#ticket[data-live]"), act = document.getElementById("act");
    act.querySelector("form.sheet").remove();
    const path = here.dataset.live.replace(/live(\?.*)?$/, "");
    if (location.pathname !== path) history.replaceState(history.state, "", path + location.search.replace(/[?&]after=\d+/, ""));
    document.dispatchEvent(new CustomEvent("desk:left"));
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape") return back();
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = document.activeElement.closest?.("form");
      const main = form && ([...form.querySelectorAll("[data-default]")].find(seen) || form.querySelector("#refund-go, .btn.main, .btn.stop"));
      if (main) { event.preventDefault(); main.click(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(document.activeElement) || shown()) return;
    if (event.key === "j" || event.key === "k") { event.preventDefault(); return walk(event.key === "j" ? 1 : -1); }
    if (event.key === "?") { event.preventDefault(); return dialog()?.showModal(); }
    // A key that is held down acts once: it must not close one ticket after the other.
    if (/^[a-z/]$/.test(event.key) && (event.repeat || press(event.key))) event.preventDefault();
  });
  // A swap keeps the focus on the control of the same name: the next buyer's box must not take keys for the desk,
  // nor a second press close the next ticket.
  const opened = () => document.querySelector("#ticket[data-live]")?.dataset.live.replace(/live(\?.*)?$/, "");
  let last = opened();
  document.addEventListener("htmx:afterSwap", () => {
    const now = opened(), active = document.activeElement;
    if (now !== last && active?.closest("#ticket")) document.getElementById("main")?.focus({ preventScroll: true });
    last = now;
  });
  // Amazon's own code of a reason stands apart from our words for it.
  document.addEventListener("change", (event) => {
    const place = event.target.id && document.querySelector(`[data-code-of="${event.target.id}"]`);
    if (place) { place.hidden = !event.target.value; place.textContent = place.dataset.words.replace("#", event.target.value); }
  });
  document.addEventListener("click", (event) => {
    event.target.closest("[data-close-dialog]")?.closest("dialog").close();
    const help = event.target.closest("[data-help]");
    if (help && dialog()) { event.preventDefault(); dialog().showModal(); }
    const copy = event.target.closest("[data-copy]");
    if (copy) { const words = document.getElementById(copy.dataset.copy); words.select(); navigator.clipboard?.writeText(words.value).catch(() => document.execCommand("copy")) ?? document.execCommand("copy"); copy.lastElementChild.textContent = copy.dataset.copied; }
    if (event.target.closest("[data-back]")) { event.preventDefault(); leave(); }
  });
})();
