// <notify-me>: a shopper signs up on the shop's own page for a variant that is sold out. How: docs/sign-up-form.md
// It keeps nothing and sets no cookie: all it does is to post to /v1/signups what was typed and shown. Where the server
// asks for a proof of work, it loads what does that.
(() => {
  // By language, each on a line, however long; the names of the lines are in NAMES.
  const WORDS = {
    en: `Tell me when it is back
E-mail address
Mobile number (optional)
By signing up you agree that we write to you by e-mail when this is back. You can unsubscribe at any time.
Yes, send me a text message too when this is back. I can take that back at any time.
Sign up
Close
Thank you. Unless something speaks against it, we write to you when it is back.
If an e-mail comes, press its button: only then are you in line.
Place in line, at most:
How many
Write an e-mail address like name@example.com.
Write a mobile number with + and the country’s code.
Tick this box, or leave the number empty.
Too many sign-ups from your network. Please try again later.
No connection. Please try again later.
That does not work now. Please try again later.`,
    de: `Sagt mir, wenn es wieder da ist
E-Mail-Adresse
Handynummer (freiwillig)
Mit der Anmeldung stimmen Sie zu, dass wir Ihnen eine E-Mail schreiben, wenn dies wieder da ist. Sie können sich jederzeit abmelden.
Ja, schickt mir auch eine SMS, wenn dies wieder da ist. Das kann ich jederzeit widerrufen.
Anmelden
Schließen
Danke. Wenn nichts dagegen spricht, schreiben wir Ihnen, wenn es wieder da ist.
Kommt eine E-Mail, drücken Sie den Knopf darin: Erst dann stehen Sie in der Reihe.
Platz in der Reihe, höchstens:
Wie viele
Schreiben Sie eine E-Mail-Adresse wie name@example.com.
Schreiben Sie eine Handynummer mit + und Landesvorwahl.
Setzen Sie hier einen Haken, oder lassen Sie die Nummer leer.
Zu viele Anmeldungen aus Ihrem Netz. Bitte versuchen Sie es später.
Keine Verbindung. Bitte versuchen Sie es später.
Das geht gerade nicht. Bitte versuchen Sie es später.`,
    fr: `Prévenez-moi de son retour
Adresse e-mail
Numéro de mobile (facultatif)
En vous inscrivant, vous acceptez que nous vous écrivions par e-mail dès son retour. Vous pouvez vous désinscrire à tout moment.
Oui, envoyez-moi aussi un SMS dès son retour. Je peux retirer cet accord à tout moment.
M’inscrire
Fermer
Merci. Sauf empêchement, nous vous écrirons dès son retour.
Si un e-mail arrive, appuyez sur son bouton : votre place ne compte qu’ensuite.
Place dans la file, au plus :
Combien
Indiquez une adresse e-mail comme nom@example.com.
Indiquez un numéro de mobile avec + et l’indicatif du pays.
Cochez cette case, ou laissez le numéro vide.
Trop d’inscriptions depuis votre réseau. Réessayez plus tard.
Pas de connexion. Réessayez plus tard.
Cela ne marche pas. Réessayez plus tard.`,
    it: `Avvisatemi quando torna
Indirizzo e-mail
Numero di cellulare (facoltativo)
Iscrivendoti accetti che ti scriviamo un’e-mail quando torna. Puoi annullare l’iscrizione in ogni momento.
Sì, mandatemi anche un SMS quando torna. Posso ripensarci in ogni momento.
Iscrivimi
Chiudi
Grazie. Salvo impedimenti, ti scriviamo quando torna.
Se arriva un’e-mail, premi il suo pulsante: solo allora sei in fila.
Posto in fila, al massimo:
Quanti
Scrivi un indirizzo e-mail come nome@example.com.
Scrivi un numero di cellulare con + e il prefisso del paese.
Spunta questa casella, o lascia vuoto il numero.
Troppe iscrizioni dalla tua rete. Riprova più tardi.
Nessuna connessione. Riprova più tardi.
Ora non funziona. Riprova più tardi.`,
    es: `Avisadme cuando vuelva
Correo electrónico
Número de móvil (opcional)
Al apuntarte aceptas que te escribamos un correo cuando vuelva. Puedes darte de baja en todo momento.
Sí, enviadme también un SMS cuando vuelva. Puedo retirarlo en todo momento.
Apuntarme
Cerrar
Gracias. Si nada lo impide, te escribimos cuando vuelva.
Si llega un correo, pulsa su botón: solo entonces estás en la cola.
Puesto en la cola, como máximo:
Cuántos
Escribe un correo como nombre@example.com.
Escribe un número de móvil con + y el prefijo del país.
Marca esta casilla, o deja el número vacío.
Demasiadas altas desde tu red. Inténtalo más tarde.
Sin conexión. Inténtalo más tarde.
Ahora no funciona. Inténtalo más tarde.`,
  };
  const NAMES = `label email phone consent-text sms-text send close accepted confirm
place quantity no-email no-phone no-sms_consent many offline broken`.split(/\s/);
  // As the server names them.
  const FIELDS = ["email", "phone", "sms_consent", "quantity"];
  // Where a storefront's page has the form of a product, and there the id of the variant that was chosen.
  const SHOPS = { shopify: 'form[action*="/cart/add"] [name=id]', woocommerce: ".variations_form [name=variation_id]" };

  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
:host { display: block; --accent: var(--notify-me-accent, CanvasText) }
:host([hidden]), [hidden] { display: none }
button, input, dialog { font: inherit; box-sizing: border-box; border: 1px solid GrayText; border-radius: .4rem }
button, input { width: 100%; min-height: 2.75rem; padding: .5rem 1rem }
[part=button], [part=send] { background: var(--accent); color: var(--notify-me-on-accent, Canvas); font-weight: 600 }
[part=send] { margin-bottom: .75rem }
dialog { width: min(26rem, 92vw); padding: 1.5rem; font-size: 1rem; line-height: 1.5; text-align: start }
::backdrop { background: #0009 }
h2 { font-size: 1.25rem; margin: 0 0 1rem }
p { margin: .25rem 0 1rem }
[type=checkbox] { width: 1.5rem; min-height: 1.5rem; margin: 0 .75rem 0 0; float: inline-start }
label { display: flow-root }
[role=status] { outline: 0 }
[name=homepage] { position: absolute; left: -99in }
[role=status]:empty { margin: 0 }
[part=error] { color: light-dark(#b3261e, #ffb4ab) }`);

  const make = (tag, attributes, ...inside) => {
    const made = document.createElement(tag);
    for (const name in attributes) made.setAttribute(name, attributes[name]);
    made.append(...inside);
    return made;
  };
  const script = document.currentScript?.src;
  // By variant, what WooCommerce's page says.
  const inStock = {};
  const all = new Set();
  let jQuery;
  const look = () => {
    jQuery ??= window.jQuery?.(document).on("found_variation", (_, each) => {
      inStock[each.variation_id] = each.is_in_stock;
    });
    for (const each of all) each.show();
  };

  class NotifyMe extends HTMLElement {
    #replaced = [];

    connectedCallback() {
      this.#build();
      all.add(this);
      look();
    }

    disconnectedCallback() {
      all.delete(this);
      this.#replace([]);
    }

    // The dialog ---------------------------------------------------------------------------------------------------

    #build() {
      const tag = this.closest("[lang]")?.lang || navigator.language;
      this.language = tag.match(/^[a-z]{2,3}(-[a-z\d]{2,8}){0,3}/i)?.[0];
      const lines = (WORDS[tag.slice(0, 2)] ?? WORDS.en).split("\n");
      const word = (this.word = (name) => this.getAttribute(name) || lines[NAMES.indexOf(name)]);
      const button = (part, text, press) => {
        const made = make("button", { part }, word(text));
        made.onclick = press;
        return made;
      };
      const field = (id, text, type, autocomplete, bounds) => [
        make("label", { for: id, part: "label" }, word(text)),
        make("input", { id, part: "input", type, autocomplete, "aria-describedby": `no-${id}`, ...bounds }),
        make("p", { id: `no-${id}`, part: "error", role: "alert" }),
      ];
      const [agree, box, untold] = field("sms_consent", "sms-text", "checkbox", "off");
      const part = (name, ...inside) => {
        const made = make("div", {}, ...inside);
        made.hidden = !this.hasAttribute(name);
        return made;
      };
      const sms = part("sms", ...field("phone", "phone", "tel", "tel"), box, agree, untold);
      const bounds = { min: 1, max: 999, value: 1, required: "" };
      const wanted = part("quantity", ...field("quantity", "quantity", "number", "off", bounds));
      this.agreed = make("p", { part: "consent" }, word("consent-text"));
      this.says = make("p", { part: "error", role: "alert" });
      const email = field("email", "email", "email", "email");
      // People do not see it, and programs fill it in.
      this.trap = make("input", { name: "homepage", tabindex: -1, autocomplete: "off", "aria-hidden": "true" });
      const send = button("send", "send");
      this.form = make("form", { novalidate: "" }, ...email, sms, wanted);
      this.form.append(this.agreed, make("slot"), this.trap, this.says, send);
      this.form.onsubmit = (event) => {
        event.preventDefault();
        this.#send();
      };
      this.done = make("p", { part: "done", role: "status", tabindex: -1 });
      const title = make("h2", { part: "heading", id: "title" }, word("label"));
      const close = button("close", "close", () => this.dialog.close());
      this.dialog = make("dialog", { part: "dialog", "aria-labelledby": "title" }, title, this.form, this.done, close);
      const open = button("button", "label", () => {
        this.#wrong([]);
        this.#tell("");
        this.dialog.showModal();
      });
      const root = this.shadowRoot ?? this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      root.replaceChildren(open, this.dialog);
      this.inputs = FIELDS.map((name) => root.getElementById(name));
      this.inputs[0].required = sms.hidden;
    }

    #tell(done) {
      this.form.hidden = done;
      this.done.textContent = done;
      this.done.focus();
    }

    // Say what is wrong, with these fields or with all, and go to the first; what was said before is gone.
    #wrong(names) {
      this.says.textContent = FIELDS.includes(names[0]) ? "" : this.word(names[0]);
      for (const input of this.inputs) {
        const id = `no-${input.id}`;
        const wrong = (input.ariaInvalid = names.includes(input.id));
        this.shadowRoot.getElementById(id).textContent = wrong ? this.word(id) || "1–999" : "";
      }
      this.inputs.find((input) => names.includes(input.id))?.focus();
    }

    async #send() {
      if (this.form.ariaBusy) return;
      const [email, phone, box, quantity] = this.inputs;
      const wrong = [
        (!email.validity.valid || !(email.value || phone.value)) && "email",
        box.checked && !phone.value && "phone",
        phone.value && !box.checked && "sms_consent",
        !quantity.validity.valid && "quantity",
      ].filter(Boolean);
      this.form.ariaBusy = true;
      this.#wrong(wrong[0] ? wrong : await this.#post(...this.inputs));
      this.form.ariaBusy = null;
    }

    // What was wrong; nothing, if it was accepted.
    async #post(email, phone, box, quantity) {
      // As it was shown: the words beside the button, and those of the box that was ticked.
      const text = this.agreed.textContent + (box.checked ? `\n${this.word("sms-text")}` : "");
      const asked = {
        store: this.getAttribute("store"),
        variant: this.#chosen(),
        list: this.getAttribute("list"),
        email: email.value || null,
        phone: phone.value || null,
        sms_consent: box.checked,
        quantity: this.hasAttribute("quantity") ? +quantity.value : undefined,
        language: this.language,
        homepage: this.trap.value,
        consent: { text, page: location.origin + location.pathname },
      };
      const at = (path) => new URL(path, this.getAttribute("server") ?? script);
      let answer, said;
      try {
        do {
          if (said) asked.proof = await (await import(at("notify-me-work-1.js"))).solve(said);
          answer = await fetch(at("v1/signups"), {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(asked),
            // The server answers after half of it at the latest.
            signal: AbortSignal.timeout(6e4),
          });
          said = await answer.json();
        } while (said.challenge && !asked.proof);
      } catch {
        return ["offline"];
      }
      if (answer.ok) {
        this.form.reset();
        // For track-1.js, where that is on the page.
        dispatchEvent(new CustomEvent("notify-me", { detail: said }));
        const place = said.place_at_most;
        const thanks = this.word(said.confirm ? "confirm" : "accepted");
        this.#tell(thanks + (place ? ` ${this.word("place")} ${place}` : ""));
        return [];
      }
      if (answer.status === 429) return ["many"];
      const wrong = FIELDS.filter((name) => said.errors?.some((each) => each.path === `$.${name}`));
      if (!wrong[0]) console.error("notify-me:", said.detail);
      return wrong[0] ? wrong : ["broken"];
    }

    // Which variant, and whether it is sold out ----------------------------------------------------------------------

    // The elements of the nearest part of the page that has any.
    #near(selector) {
      let found = [];
      for (let part = this; !found[0] && (part = part.parentNode); ) found = part.querySelectorAll(selector);
      return [...found];
    }

    #chosen() {
      const id = SHOPS[this.getAttribute("shop")];
      const fields = id ? this.#near(id) : [];
      const field = fields.find((each) => each.checked) ?? fields[0];
      if (field) return field.value === "0" ? "" : field.value;
      return (id && new URLSearchParams(location.search).get("variant")) || this.getAttribute("variant");
    }

    #soldOut(variant) {
      const listed = this.getAttribute("sold-out-variants");
      if (listed !== null) return listed.split(/[\s,]+/).includes(variant);
      // WooCommerce's page has all variations of a product; of many it asks for each, and tells of it by jQuery.
      const known = this.#near("[data-product_variations]")[0]?.dataset.product_variations;
      for (const each of JSON.parse(known ?? 0) || []) inStock[each.variation_id] = each.is_in_stock;
      return variant in inStock ? !inStock[variant] : this.hasAttribute("sold-out");
    }

    #allowed() {
      const tags = (name) => this.getAttribute(name)?.toLowerCase().split(/\s*,\s*/);
      const has = (name) => tags(name)?.some((tag) => tags("tags")?.includes(tag));
      return !has("not-tags") && has("only-tags") !== false;
    }

    show() {
      const variant = this.#chosen();
      this.hidden = !variant || !this.#soldOut(variant) || !this.#allowed();
      if (this.hidden) this.dialog.close();
      const selector = this.getAttribute("replaces");
      this.#replace(selector && !this.hidden ? this.#near(selector) : []);
    }

    // Take these out of sight, and show what was taken before.
    #replace(elements) {
      for (const each of this.#replaced) each.style.display = "";
      for (const each of elements) each.style.setProperty("display", "none", "important");
      this.#replaced = elements;
    }
  }

  customElements.get("notify-me") || customElements.define("notify-me", NotifyMe);
  // Themes set a hidden field's value by script, or put new elements in its place: neither is an event.
  new MutationObserver(look).observe(document, {
    subtree: true,
    childList: true,
    attributeFilter: ["value", "variant", "sold-out", "sold-out-variants", "tags", "only-tags", "not-tags"],
  });
  document.addEventListener("change", look);
  window.navigation?.addEventListener("currententrychange", look);
})();
