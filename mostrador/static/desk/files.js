// Files: pasted or dropped onto the answer, they go the way of chosen ones.
"use strict";
(() => {
  const input = () => document.getElementById("files");
  const named = (event) => [...(event.clipboardData || event.dataTransfer)?.files || []];

  function lay(files) {
    const to = input();
    if (!to || !files.length) return false;
    const held = new DataTransfer();
    for (const file of files) held.items.add(file);
    to.files = held.files;
    to.dispatchEvent(new Event("change", { bubbles: true }));
    return true;
  }

  document.addEventListener("paste", (event) => {
    if (event.target.id === "text" && lay(named(event))) event.preventDefault();
  });
  document.addEventListener("dragover", (event) => {
    const reply = event.target.closest?.(".reply");
    if (reply && event.dataTransfer?.types.includes("Files")) { event.preventDefault(); reply.classList.add("drop"); }
  });
  document.addEventListener("dragleave", (event) => event.target.closest?.(".reply")?.classList.remove("drop"));
  document.addEventListener("drop", (event) => {
    const reply = event.target.closest?.(".reply");
    if (!reply || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    reply.classList.remove("drop");
    lay(named(event));
  });
  // A file's field is out of sight: its label is pressed by key.
  document.addEventListener("keydown", (event) => {
    if (event.target.matches?.("label[for=files]") && (event.key === "Enter" || event.key === " ")) { event.preventDefault(); input().click(); }
  });
})();
