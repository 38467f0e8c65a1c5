// What pages do beyond htmx: the navigation stands open where there is room for it.
(() => {
  const menu = document.querySelector("[data-open-when-wide]");
  const wide = matchMedia("(min-width: 60.01rem)");
  const open = () => { if (menu) menu.open = wide.matches; };
  wide.addEventListener("change", open);
  open();
})();
