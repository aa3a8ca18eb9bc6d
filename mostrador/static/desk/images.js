// Images: a mail's pictures, loaded into its frame when someone asks for them.
"use strict";
document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-images]"), details = link?.closest(".msg").querySelector("details.whole");
  const frame = details?.querySelector("iframe");
  if (!frame) return;
  event.preventDefault();
  frame.src = link.href;
  details.open = true;
  details.querySelector("summary").focus();
  link.closest(".blocked").hidden = true;
});
