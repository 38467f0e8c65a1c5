// What pages do beyond htmx: the navigation stands open where there is room for it, and previews follow.
(() => {
  const menu = document.querySelector("[data-open-when-wide]");
  const wide = matchMedia("(min-width: 60.01rem)");
  const open = () => { if (menu) menu.open = wide.matches; };
  wide.addEventListener("change", open);
  open();
  // What is gone through by links is gone through by keys, too.
  if (document.querySelector("[data-keys]")) {
    document.addEventListener("keydown", (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select, summary")) return;
      const link = document.querySelector(`[data-keys] [data-key="${event.key}"]`);
      if (link) { event.preventDefault(); link.click(); }
    });
  }
  // A message is shown as it is written.
  const preview = document.querySelector("button[data-preview]");
  if (preview) {
    let soon;
    const show = () => preview.form.requestSubmit(preview);
    preview.form.addEventListener("input", () => { clearTimeout(soon); soon = setTimeout(show, 500); });
    show();
  }
})();
