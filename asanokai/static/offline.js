/* Lets the browser keep what can be read without a connection (service-worker.js). Without scripts nothing is kept. */

if ("serviceWorker" in navigator) {
  // After the page itself: on a slow line it comes first.
  window.addEventListener("load", () => {
    navigator.serviceWorker.register("/service-worker.js").catch(() => {}); // a private window, for instance
  });
  // An answer was saved without a new page: what is kept of the own page is out of date.
  document.addEventListener("htmx:afterSettle", () => {
    navigator.serviceWorker.controller?.postMessage("changed");
  });
}
