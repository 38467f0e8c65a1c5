// Passkeys: asks the server what to ask the browser for, and posts what the browser answers with the form.
(() => {
  const known = window.PublicKeyCredential && PublicKeyCredential.parseRequestOptionsFromJSON;
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const button = form.querySelector("button");
    const failed = form.querySelector("[data-failed]");
    if (!known) continue;
    for (const each of form.querySelectorAll("[data-needs-scripts]")) each.hidden = true;
    button.disabled = false;
    form.addEventListener("submit", async (event) => {
      if (form.elements.credential.value) return;
      event.preventDefault();
      const body = new URLSearchParams({ csrf: form.elements.csrf ? form.elements.csrf.value : "" });
      failed.hidden = true;
      button.disabled = true;
      try {
        const asked = await fetch(form.dataset.options, { method: "POST", body });
        if (!asked.ok || asked.redirected) throw new Error(asked.status);
        const options = await asked.json();
        const found = form.dataset.passkey === "create"
          ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
          : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
        form.elements.credential.value = JSON.stringify(found.toJSON());
        form.requestSubmit();
      } catch {
        failed.hidden = false;
      } finally {
        button.disabled = false;
      }
    });
  }
})();
