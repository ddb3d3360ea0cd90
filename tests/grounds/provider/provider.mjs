// A real OpenID provider on a loopback port, for the tests. Who signs in is whoever the tests say: there is no page to
// type a password on. PORT, REDIRECT and ACCOUNT (JSON: sub, email, email_verified) come from the environment; POST
// /account makes it somebody else.

import http from "node:http";
import Provider from "oidc-provider";

const { PORT, REDIRECT, ACCOUNT } = process.env;
const issuer = `http://localhost:${PORT}`;
let account = JSON.parse(ACCOUNT);

const client = (client_id) => ({
  client_id,
  client_secret: "a secret for tests only",
  redirect_uris: JSON.parse(REDIRECT),
  grant_types: ["authorization_code"],
  response_types: ["code"],
});

const provider = new Provider(issuer, {
  clients: [client("asanokai"), client("another")],
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  // Some providers say the address in the token, others only when asked for it; this one by the client's name.
  conformIdTokenClaims: true,
  features: { devInteractions: { enabled: false } },
  pkce: { required: () => true },
  cookies: { keys: ["a key for tests only"] },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ ...account, sub }) }),
  async loadExistingGrant(ctx) {
    const grant = new ctx.oidc.provider.Grant({
      clientId: ctx.oidc.client.clientId,
      accountId: ctx.oidc.session.accountId,
    });
    grant.addOIDCScope("openid email");
    await grant.save();
    return grant;
  },
});

const answers = provider.callback();

http
  .createServer(async (asked, answer) => {
    if (asked.url === "/account") {
      const said = [];
      for await (const piece of asked) said.push(piece);
      account = JSON.parse(Buffer.concat(said));
      answer.end();
    } else if (asked.url.startsWith("/interaction/")) {
      await provider.interactionFinished(asked, answer, { login: { accountId: account.sub, remember: false } });
    } else {
      answers(asked, answer);
    }
  })
  .listen(Number(PORT), "127.0.0.1", () => console.log("listening"));
