// Clocks: the undo countdown and the age of what is shown, between two looks at the server.
"use strict";
(() => {
  const met = new WeakMap();
  const skew = () => Number(document.body.dataset.skew || 0);
  const span = (seconds) => (seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${Math.floor(seconds / 60)} m ${seconds % 60} s` : `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} m`);
  function tick() {
    for (const box of document.querySelectorAll("[data-until]")) {
      const until = Date.parse(box.dataset.until), from = Date.parse(box.dataset.from), now = Date.now() + skew();
      const left = Math.max(0, Math.ceil((until - now) / 1000));
      const words = box.querySelector("[data-left]");
      const shown = words.dataset.unit === "span" ? span(left) : left;
      const text = left ? words.dataset.left.replace("#", shown) : words.dataset.over;
      if (words.textContent !== text) words.textContent = text;
      const bar = box.querySelector(".bar");
      if (bar) bar.style.transform = `scaleX(${Math.max(0, Math.min(1, (until - now) / Math.max(1, until - from)))})`;
    }
    for (const el of document.querySelectorAll("[data-age]")) {
      if (!met.has(el)) met.set(el, performance.now() - Number(el.dataset.age) * 1000);
      const age = Math.floor((performance.now() - met.get(el)) / 1000);
      if (age < 60) el.textContent = el.dataset.ageWords.replace("#", `${age} s`);
      else if (age < 3600) el.textContent = el.dataset.ageWords.replace("#", `${Math.floor(age / 60)} m`);
    }
    setTimeout(tick, 250);
  }
  document.addEventListener("DOMContentLoaded", () => {
    // The server's clock decides; the reader's may be wrong.
    const now = document.querySelector("meta[name=now]");
    if (now) document.body.dataset.skew = String(Date.parse(now.content) - (performance.timeOrigin + performance.getEntriesByType("navigation")[0].responseStart));
    tick();
  });
})();
