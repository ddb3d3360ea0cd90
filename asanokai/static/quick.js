/* The quick paths: an answer is sent and shown without a new page, by htmx. Without scripts the same forms send
   themselves. What comes back is the ordinary page; the part that changed is taken from it. */

htmx.config.allowEval = false;
htmx.config.includeIndicatorStyles = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // no page is kept where the next person at this computer could find it
htmx.config.responseHandling = [{ code: "...", swap: true }];

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  const came = new DOMParser().parseFromString(xhr.responseText, "text/html");
  if (came.getElementById(target.id)) return;
  // Another page than expected: somebody must sign in first, or was refused. Show that one.
  event.detail.shouldSwap = false;
  if (xhr.status < 400) window.location.assign(xhr.responseURL);
  else document.querySelector("main").replaceWith(came.querySelector("main"));
});

document.addEventListener("htmx:afterSettle", (event) => {
  const came = document.getElementById(event.detail.target.id);
  const wanted = came?.querySelector(".problems") ?? came?.querySelector("[data-focus]");
  wanted?.focus();
});

// No connection: what was typed stays, and the form says that it was not sent.
for (const trouble of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(trouble, (event) => {
    const form = event.detail.elt.closest("form");
    const words = form?.querySelector("template.no-connection");
    if (words && !form.querySelector(".unsent")) form.prepend(words.content.cloneNode(true));
  });
}
