// Mentions: while a note is written, @ and some letters offer the agents they could mean.
"use strict";
(() => {
  const LONGEST = 8;
  const text = () => document.getElementById("text");
  const isNote = () => document.querySelector("#reply-form input[name=kind][value=note]")?.checked;
  // The agents stand in the menu that gives a ticket away.
  const names = () => [...new Set([...document.querySelectorAll("#pop-assign [data-agent]")].map((el) => el.dataset.agent))];
  const list = () => document.getElementById("mentions");
  let chosen = 0;

  function begun() {
    const box = text();
    if (!box || document.activeElement !== box || !isNote()) return null;
    const before = box.value.slice(0, box.selectionStart), found = /(^|[^\p{L}\p{N}_.@])@([\p{L}\p{N}_.\- ]{0,40})$/u.exec(before);
    return found && { from: before.length - found[2].length, words: found[2].toLocaleLowerCase() };
  }
  function close() {
    list()?.remove();
    const box = text();
    for (const name of ["aria-controls", "aria-activedescendant", "aria-expanded", "role", "aria-autocomplete"]) box?.removeAttribute(name);
  }
  function offer() {
    const at = begun();
    const fitting = at ? names().filter((name) => name.toLocaleLowerCase().split(" ").some((word, i, all) => all.slice(i).join(" ").startsWith(at.words))).slice(0, LONGEST) : [];
    close();
    if (!fitting.length || fitting.some((name) => name.toLocaleLowerCase() === at.words)) return;
    const box = text(), ul = document.createElement("ul");
    ul.id = "mentions"; ul.className = "mentions panel"; ul.setAttribute("role", "listbox"); ul.setAttribute("aria-label", "@");
    chosen = 0;
    fitting.forEach((name, i) => {
      const li = document.createElement("li");
      li.id = `mention-${i}`; li.className = "choice"; li.textContent = name;
      li.setAttribute("role", "option");
      li.addEventListener("mousedown", (event) => { event.preventDefault(); take(name); });
      ul.append(li);
    });
    box.after(ul);
    box.setAttribute("role", "combobox"); box.setAttribute("aria-autocomplete", "list");
    box.setAttribute("aria-expanded", "true"); box.setAttribute("aria-controls", "mentions");
    mark();
  }
  function mark() {
    [...list().children].forEach((li, i) => li.setAttribute("aria-selected", String(i === chosen)));
    text().setAttribute("aria-activedescendant", `mention-${chosen}`);
  }
  function take(name) {
    const at = begun(), box = text();
    if (at) { box.setRangeText(`${name} `, at.from, box.selectionStart, "end"); box.dispatchEvent(new Event("input", { bubbles: true })); }
    close();
  }

  document.addEventListener("input", (event) => { if (event.target === text()) offer(); });
  document.addEventListener("focusout", (event) => { if (event.target === text()) close(); });
  document.addEventListener("keydown", (event) => {
    const ul = list();
    if (!ul || event.target !== text() || event.isComposing || event.ctrlKey || event.metaKey) return;
    const n = ul.children.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") { chosen = (chosen + (event.key === "ArrowDown" ? 1 : n - 1)) % n; mark(); }
    else if (event.key === "Enter" || event.key === "Tab") take(ul.children[chosen].textContent);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
})();
