/* Passkeys (WebAuthn). A form with data-passkey asks the address in data-asks what is to be answered, lets the device
   answer, and then sends itself with the answer, as any form. Without scripts, or where the device says no, nothing is
   lost: the page says so, and every other way of signing in stays. */

const octets = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (sign) => sign.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const asked = async (form) => {
  const came = await fetch(form.dataset.asks, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (came.redirected) throw Object.assign(new Error("led away"), { to: came.url });
  if (!came.ok) throw new Error(`asked in vain: ${came.status}`);
  const options = await came.json();
  options.challenge = octets(options.challenge);
  if (options.user) options.user.id = octets(options.user.id);
  for (const known of options.excludeCredentials ?? options.allowCredentials ?? []) known.id = octets(known.id);
  return options;
};

const answered = (credential) => {
  const { response } = credential;
  const said = { clientDataJSON: text(response.clientDataJSON) };
  if (response.attestationObject) {
    said.attestationObject = text(response.attestationObject);
    said.transports = response.getTransports?.() ?? [];
  } else {
    said.authenticatorData = text(response.authenticatorData);
    said.signature = text(response.signature);
    said.userHandle = text(response.userHandle ?? new ArrayBuffer(0));
  }
  const { id, type } = credential;
  return JSON.stringify({ id, rawId: text(credential.rawId), type, response: said });
};

let waiting = null; // the question behind the mail field, which a browser may answer from its list

const send = (form, credential) => {
  form.elements.answer.value = answered(credential);
  form.submit();
};

const trouble = (form, error) => {
  if (error.to) return location.assign(error.to); // who one is must be shown once more before
  const known = error.name === "InvalidStateError" && form.querySelector("[data-known]");
  (known || form.querySelector("[data-trouble]")).hidden = false;
};

for (const form of document.querySelectorAll("form[data-passkey]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (!form.reportValidity()) return;
    for (const words of form.querySelectorAll("[data-trouble], [data-known]")) words.hidden = true;
    waiting?.abort();
    try {
      const publicKey = await asked(form);
      send(form, await navigator.credentials[form.dataset.passkey]({ publicKey }));
    } catch (error) {
      trouble(form, error);
    }
  });
}

// Where the browser can, it offers passkeys in the mail field itself, without a word from the page. What was asked is
// good for five minutes, so it is asked anew before that.
const offer = async (form) => {
  if (!(await window.PublicKeyCredential?.isConditionalMediationAvailable?.())) return;
  const ask = async () => {
    waiting?.abort();
    waiting = new AbortController();
    const { signal } = waiting;
    try {
      send(form, await navigator.credentials.get({ publicKey: await asked(form), mediation: "conditional", signal }));
    } catch {
      /* not chosen, or asked anew */
    }
  };
  setInterval(() => document.visibilityState === "visible" && !form.elements.answer.value && ask(), 240_000);
  ask();
};

const here = document.querySelector("form[data-passkey=get]");
if (here && document.querySelector("[autocomplete~=webauthn]")) offer(here);
