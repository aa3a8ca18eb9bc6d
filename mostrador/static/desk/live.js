// Live: looks for news of the open ticket and of the queue, and changes only what has changed.
"use strict";
(() => {
  const QUEUE_EVERY = 15000;
  const CLOSE_FOR = 12000; // after a page opens or changes: an order is being read, a press is on its way
  const REGIONS = ["bar", "head", "strip", "order-top", "act", "order-rest", "reply-acts", "others", "around"];
  const shown = new Map(); // what the server last sent for an element, before clocks and readers touched it
  let tag = "", timer = 0, closeUntil = 0, busy = false, queueTag = "", typedAt = -9999;

  // What an element says: without the form's token, which is new in every answer, and without its running age.
  const told = (el) => el.outerHTML.replace(/(name="csrfmiddlewaretoken" value=)"[^"]*"/g, "$1").replace(/data-age="\d+"([^>]*)>[^<]*</g, "$1><");
  const ticket = () => document.querySelector("#ticket[data-live]");
  const writes = () => performance.now() - typedAt < 2500;
  const say = () => document.getElementById("say");
  const remember = (root) => {
    for (const id of REGIONS) { const el = root.querySelector("#" + id) || document.getElementById(id); if (el) shown.set(id, told(el)); }
    for (const el of root.querySelectorAll("#line > [id]")) shown.set(el.id, told(el));
  };
  const begin = () => {
    shown.clear(); tag = "";
    const here = ticket();
    if (!here) return;
    remember(here);
    closeUntil = performance.now() + CLOSE_FOR;
    const line = document.getElementById("line");
    if (line) line.scrollTop = line.scrollHeight;
    frames(here);
    plan();
  };
  const plan = (soon) => {
    clearTimeout(timer);
    const here = ticket();
    if (!here || document.hidden) return;
    const every = Number(here.dataset.every) || 10000;
    timer = setTimeout(look, soon ? 60 : performance.now() < closeUntil ? Math.min(every, 1500) : every);
  };

  async function look() {
    const here = ticket();
    if (!here || busy) return plan();
    busy = true;
    try {
      const answer = await fetch(here.dataset.live, { headers: { ...(tag && { "If-None-Match": tag }), ...(writes() && { "X-Typing": "1" }) }, credentials: "same-origin", redirect: "manual" });
      trouble(false);
      if (answer.type === "opaqueredirect") return location.reload(); // signed out meanwhile
      const news = await answer.text();
      // Asked only now: while the words came, another ticket may have been opened, and this is not its news.
      if (answer.status === 200 && here === ticket()) {
        tag = answer.headers.get("ETag") || "";
        here.dataset.every = answer.headers.get("X-Look-Again") || here.dataset.every;
        take(news);
      }
    } catch { trouble(true); } finally { busy = false; plan(); }
  }

  function take(html) {
    const fresh = new DOMParser().parseFromString(html, "text/html");
    for (const id of REGIONS) {
      const el = fresh.getElementById(id);
      if (el && told(el) !== shown.get(id)) swap(id, el);
    }
    const line = fresh.getElementById("line");
    if (line) takeLine(line);
    // What has come before an answer is begun is read; what comes later will stop it once.
    const seen = document.getElementById("seen"), text = document.getElementById("text");
    if (seen && !text?.value.trim()) seen.value = fresh.getElementById("seen")?.value || seen.value;
  }

  // The order has changed under an open refund form: its numbers are asked for anew.
  const recount = () => { const form = document.getElementById("refund-preview"); if (form) htmx.trigger(form, "refresh"); };

  // How a control is found again in what replaces it: by its own name, or as the head of its menu.
  const nameOf = (el) => el.id ? `#${CSS.escape(el.id)}` : el.matches("details[id] > summary") ? `#${CSS.escape(el.parentElement.id)} > summary` : "";

  function swap(id, fresh) {
    const old = document.getElementById(id);
    // An open form, or a control in use, is never taken from under someone's hands.
    if (!old || (id === "act" && old.querySelector("form.sheet")) || old.querySelector("details.pop[open]")) return;
    const held = old.contains(document.activeElement) ? nameOf(document.activeElement) : "";
    if (id === "order-rest") recount();
    shown.set(id, told(fresh));
    const el = document.importNode(fresh, true);
    old.replaceWith(el);
    htmx.process(el);
    if (held) document.querySelector(held)?.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("desk:shown"));
  }

  function takeLine(fresh) {
    const line = document.getElementById("line");
    const atEnd = line.scrollHeight - line.scrollTop - line.clientHeight < 40;
    const wanted = new Set([...fresh.children].map((el) => el.id));
    for (const old of [...line.children]) if (!wanted.has(old.id)) old.remove();
    let before = null, news = "";
    for (const el of fresh.children) {
      let here = document.getElementById(el.id);
      // Words being typed on a card are not taken away; the next look brings the news.
      if (here?.contains(document.activeElement) && document.activeElement.matches("input, textarea, summary, details *")) { before = here; continue; }
      if (!here || shown.get(el.id) !== told(el)) {
        const copy = document.importNode(el, true);
        shown.set(el.id, told(el));
        if (here) here.replaceWith(copy);
        here = copy;
        news = copy.querySelector("[data-say]")?.dataset.say || copy.getAttribute("aria-label") || copy.textContent.trim();
        if (before) before.after(copy); else line.prepend(copy);
        htmx.process(copy);
        frames(copy);
      } else if (before ? before.nextElementSibling !== here : line.firstElementChild !== here) {
        if (before) before.after(here); else line.prepend(here);
      }
      before = here;
    }
    if (news) { document.getElementById("say").textContent = news; setTimeout(lookAtQueue, 300); }
    if (atEnd) line.scrollTop = line.scrollHeight;
  }

  // A mail's own page is loaded when someone asks for it, never before.
  function frames(root) {
    for (const details of root.querySelectorAll("details.whole")) {
      details.addEventListener("toggle", () => {
        const frame = details.querySelector("iframe[data-src]");
        if (frame && details.open && !frame.src) frame.src = frame.dataset.src;
      });
    }
  }

  function trouble(lost) {
    const toast = document.getElementById("trouble");
    if (!toast) return;
    toast.hidden = !lost;
    if (lost) toast.lastElementChild.textContent = toast.lastElementChild.dataset.lost;
  }

  async function lookAtQueue() {
    const queue = document.getElementById("queue");
    // Words being typed into the search stay; the focus on a row is given back to that row.
    const inUse = () => queue.contains(document.activeElement) && !document.activeElement.matches("a[data-ticket]");
    if (!queue || document.hidden || inUse() || queue.querySelector("[data-page]")) return;
    try {
      const open = ticket()?.dataset.open || "";
      const answer = await fetch(`${queue.dataset.url}&open=${open}`, { headers: queueTag ? { "If-None-Match": queueTag } : {}, credentials: "same-origin", redirect: "manual" });
      if (answer.status !== 200) return;
      queueTag = answer.headers.get("ETag") || "";
      const page = new DOMParser().parseFromString(await answer.text(), "text/html"), fresh = page.getElementById("queue"), bar = page.getElementById("bar");
      if (bar) document.getElementById("bar")?.replaceWith(document.importNode(bar, true));
      const lists = document.getElementById("lists"), counted = page.getElementById("lists");
      if (lists && counted && !lists.contains(document.activeElement)) lists.replaceWith(document.importNode(counted, true));
      if (!fresh || inUse()) return;
      const held = queue.contains(document.activeElement) ? document.activeElement.dataset.ticket : "";
      const top = document.getElementById("rows")?.scrollTop || 0;
      queue.replaceWith(document.importNode(fresh, true));
      const now = document.getElementById("queue");
      htmx.process(now);
      const around = document.getElementById("around"), others = page.getElementById("around");
      if (around && others) around.replaceWith(document.importNode(others, true));
      mark(); count(); warn(); faces();
      document.dispatchEvent(new CustomEvent("desk:queue"));
      const rows = document.getElementById("rows");
      if (rows) rows.scrollTop = top;
      if (held) (document.querySelector(`#rows a[data-ticket="${held}"]`) || document.querySelector("#rows a[aria-current]"))?.focus({ preventScroll: true });
    } catch { /* the ticket's own look says so */ }
  }

  // The window's title counts the buyers who wait, also when nobody looks at it.
  let prefix = "";
  const worded = (each, number) => say().dataset[each].replace("#", number);
  const count = () => {
    const { total, late } = document.getElementById("queue")?.dataset || {};
    const bare = prefix && document.title.startsWith(prefix) ? document.title.slice(prefix.length) : document.title.replace(/^\(\d+\+?\) /, "");
    prefix = (late && late !== "0" ? `${worded("late", late)} · ` : "") + (total && total !== "0" ? `(${total}) ` : "");
    document.title = prefix + bare;
  };
  // What has become late, or soon will be, is said aloud when it does.
  let pressed = null;
  const warn = () => {
    const { late, soon } = document.getElementById("queue")?.dataset || {};
    const now = { late: parseInt(late || 0), soon: parseInt(soon || 0) };
    const news = ["late", "soon"].filter((each) => pressed && now[each] > pressed[each]);
    if (news.length) say().textContent = news.map((each) => worded(each, now[each])).join(". ");
    pressed = now;
  };
  // A word about the ticket before is said once, not again after every reload.
  const forget = () => {
    const here = new URL(location.href);
    if (here.searchParams.has("done")) { here.searchParams.delete("done"); history.replaceState(history.state, "", here); }
  };
  const mark = () => {
    const open = ticket()?.dataset.open;
    for (const link of document.querySelectorAll("#rows a[data-ticket]")) {
      if (link.dataset.ticket === open) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    }
  };

  document.addEventListener("htmx:afterSwap", (event) => {
    const id = event.detail.target.id;
    if (id === "ticket" || event.detail.elt?.id === "ticket") {
      document.body.classList.replace("at-queue", "at-ticket");
      begin(); mark(); setTimeout(() => { count(); forget(); });
      if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
    } else if (id && shown.has(id)) {
      const el = document.getElementById(id);
      if (el) shown.set(id, told(el));
    }
    if (event.detail.target.classList?.contains("more")) document.getElementById("rows")?.setAttribute("data-page", "more");
    const form = document.querySelector("form.sheet[data-focus]:not([data-met])");
    if (form) { form.dataset.met = "1"; (form.querySelector("[role=alert]") ? form.querySelector("select") : document.getElementById(form.dataset.focus))?.focus({ preventScroll: false }); form.scrollIntoView({ block: "nearest" }); }
    document.dispatchEvent(new CustomEvent("desk:shown"));
  });
  document.addEventListener("desk:changed", () => { closeUntil = performance.now() + CLOSE_FOR; tag = ""; plan(true); setTimeout(lookAtQueue, 400); });
  document.addEventListener("htmx:responseError", failed);
  document.addEventListener("htmx:sendError", failed);
  function failed(event) {
    if (event.detail.elt.id === "text") return; // a draft: the box says so itself
    const toast = document.getElementById("trouble");
    if (!toast) return;
    toast.lastElementChild.textContent = toast.lastElementChild.dataset[event.type === "htmx:sendError" ? "unheard" : "failed"];
    toast.hidden = false;
    setTimeout(() => { toast.hidden = true; }, 6000);
  }
  document.addEventListener("input", (event) => {
    if (event.target.closest?.("#reply-form, form.sheet")) { const first = !writes(); typedAt = performance.now(); if (first) plan(true); }
  });
  // A page that goes away says so; otherwise its agent would seem to be there for some seconds more.
  addEventListener("pagehide", () => {
    const here = ticket(), token = document.querySelector("[name=csrfmiddlewaretoken]");
    if (!here || !token) return;
    const said = new FormData();
    said.set("csrfmiddlewaretoken", token.value);
    navigator.sendBeacon(here.dataset.leave, said);
  });
  // A small mark on the rows of tickets somebody else is in.
  const faces = () => {
    for (const old of document.querySelectorAll("#rows .face")) old.remove();
    for (const each of document.querySelectorAll("#around li")) {
      const row = document.querySelector(`#rows a[data-ticket="${each.dataset.in}"]`);
      if (!row) continue;
      const face = document.createElement("span"), name = document.createElement("span");
      face.className = each.hasAttribute("data-typing") ? "face typing" : "face";
      face.title = each.textContent;
      face.append(each.dataset.initials);
      name.className = "hidden";
      name.textContent = ` ${each.textContent}`;
      face.append(name);
      row.append(face);
    }
  };
  document.addEventListener("desk:shown", faces);
  document.addEventListener("DOMContentLoaded", faces);
  document.addEventListener("desk:left", () => { shown.delete("act"); tag = ""; plan(true); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else plan(true); });
  document.addEventListener("DOMContentLoaded", () => {
    begin(); forget(); setInterval(lookAtQueue, QUEUE_EVERY);
    if (document.querySelector("#queue[data-waiting]")) lookAtQueue(); else { count(); warn(); }
  });
})();
