"use strict";
// What makes the pages quicker to use. Each of them works without.

// `/` goes to the search.
addEventListener("keydown", (event) => {
  const isTyping = event.target.closest?.("input, textarea, select, [contenteditable]");
  if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  document.querySelector(".search input")?.focus();
});

// Code can be copied.
for (const code of document.querySelectorAll("pre")) {
  const button = document.createElement("button");
  const frame = document.createElement("div");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent.trimEnd());
      button.textContent = "Copied";
    } catch {
      // Browsers let pages write to the clipboard under https and on localhost alone: the text is there to be copied by hand.
      getSelection().selectAllChildren(code);
      button.textContent = "Selected";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  frame.className = "code";
  code.replaceWith(frame);
  frame.append(code, button);
}

// What goes on is read anew, as long as somebody looks at it; a page that waits for its reader is not.
const goesOn = document.querySelector("[data-refresh]");
if (goesOn) {
  const readAnew = () => (document.hidden ? addEventListener("visibilitychange", readAnew, { once: true }) : location.reload());
  setTimeout(readAnew, Number(goesOn.dataset.refresh) * 1000);
}

// The list of a page's sections shows which is read.
const links = new Map();
for (const link of document.querySelectorAll(".contents a")) links.set(link.hash.slice(1), link);
const headings = [...document.querySelectorAll("article [id]")].filter((heading) => links.has(heading.id));
const mark = () => {
  const read = headings.filter((heading) => heading.getBoundingClientRect().top < innerHeight / 3).at(-1);
  for (const [id, link] of links) {
    if (id === read?.id) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
};
let waits = false;
addEventListener("scroll", () => {
  if (waits) return;
  waits = true;
  requestAnimationFrame(() => ((waits = false), mark()));
}, { passive: true });
mark();
