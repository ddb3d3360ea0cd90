/* What can be read without a connection: a page that says so, and a member's own page as it was last seen.

  Sent from /service-worker.js with KEEP and VERSION in front. Of other pages nothing is kept, and no form is ever sent
  from here. The copy of the own page is the one exception from "no-store": it is gone as soon as somebody signs in or
  out, as soon as the own page leads elsewhere, and when the session behind it would have ended. */

const FILES = `asanokai-files-${VERSION}`;
const MINE = "asanokai-mine";

let signings = 0; // so that a page asked for before somebody signed out is not kept after it

self.addEventListener("install", (event) => event.waitUntil(takeIn()));
self.addEventListener("activate", (event) => event.waitUntil(begin()));
self.addEventListener("message", (event) => event.waitUntil(renew()));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname, search } = new URL(request.url);
  if (origin !== self.location.origin) return;
  if (request.method !== "GET") {
    if (KEEP.signing.some((way) => pathname.startsWith(way))) event.waitUntil(forget());
  } else if (request.mode === "navigate") {
    event.respondWith(pathname === KEEP.mine ? mine(event) : page(event));
  } else if (KEEP.files.includes(pathname + search)) {
    event.respondWith(file(request));
  }
});

async function takeIn() {
  const files = await caches.open(FILES);
  // Without a cookie: nothing of whoever is signed in gets into the page that is kept for everybody.
  await files.addAll([...KEEP.files, new Request(KEEP.offline, { credentials: "omit" })]);
  await self.skipWaiting();
}

async function begin() {
  const old = (await caches.keys()).filter((name) => name !== FILES && name !== MINE);
  await Promise.all(old.map((name) => caches.delete(name)));
  // The page is asked for while the worker is still starting.
  await self.registration.navigationPreload?.enable();
  await self.clients.claim();
  const open = await self.clients.matchAll({ type: "window" });
  if (open.some((one) => new URL(one.url).pathname === KEEP.mine)) await fetchMine();
  else await renew(); // it names files of the version before
}

async function renew() {
  if (await caches.has(MINE)) await fetchMine();
}

async function fetchMine() {
  const begun = signings;
  await fetch(KEEP.mine, { redirect: "manual" }).then(
    (response) => keep(response, begun),
    () => {}, // no connection: what is kept stays
  );
}

async function page(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return offline();
  }
}

async function mine(event) {
  const begun = signings;
  try {
    const response = (await event.preloadResponse) ?? (await fetch(event.request));
    event.waitUntil(keep(response.clone(), begun));
    return response;
  } catch {
    return (await copy()) ?? (await offline());
  }
}

async function file(request) {
  return (await caches.match(request, { cacheName: FILES, ignoreVary: true })) ?? fetch(request);
}

async function offline() {
  const kept = await caches.match(KEEP.offline, { cacheName: FILES, ignoreVary: true });
  return kept ?? Response.error();
}

/* Keep what the own page says now. Somebody who is sent away from it, to sign in, is not who was here before. */
async function keep(response, begun) {
  const sentAway = response.type === "opaqueredirect" || response.redirected || [403, 404, 410].includes(response.status);
  if (sentAway) return forget();
  if (!response.ok) return;
  const headers = new Headers(response.headers);
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name);
  headers.set("X-Kept-At", new Date().toISOString());
  const kept = new Response(withoutKeys(await response.text()), { headers });
  const cache = await caches.open(MINE);
  if (begun === signings) await cache.put(KEEP.mine, kept);
}

/* What would open a door to whoever finds it: the secret calendar address, and the tokens of forms. */
function withoutKeys(page) {
  return page.replace(/\/calendar\/[^"<]+\.ics/g, "/calendar/…").replace(/(name="csrf_token" value=")[^"]*/g, "$1");
}

async function forget() {
  signings += 1;
  await caches.delete(MINE);
}

/* The own page as it was kept, with a line that says when, and with buttons that cannot be pressed. */
async function copy() {
  const kept = await caches.match(KEEP.mine, { cacheName: MINE, ignoreVary: true });
  if (!kept) return null;
  const when = new Date(kept.headers.get("X-Kept-At"));
  if (Date.now() - when > KEEP.life * 1000) return forget();
  const page = await kept.text();
  const language = /<html[^>]* lang="(\w+)"/.exec(page)?.[1] ?? "de";
  const written = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, {
    dateStyle: "long",
    timeStyle: "short",
  }).format(when);
  const line = `<p class="notice" role="status">${KEEP.words[language].replace("%(when)s", written)}</p>`;
  const shown = page.replace(/<main[^>]*>/, (main) => main + line).replaceAll("<button", "<button disabled");
  return new Response(shown, { headers: kept.headers });
}
