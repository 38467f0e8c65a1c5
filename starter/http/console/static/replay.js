// Steps through a journey's path: by buttons, a slider and the arrow keys, or by itself. Without it each is a link.
(() => {
  const root = document.querySelector("[data-replay]");
  if (!root) return;
  const find = (name) => root.querySelector(name);
  const all = (name) => [...root.querySelectorAll(name)];
  const count = Number(root.dataset.of);
  const slider = find("#at");
  const play = find("[data-play]");
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  let at = Number(root.dataset.replay);
  let timer = 0;

  const enable = (link, to) => {
    const there = to >= 1 && to <= count;
    link.toggleAttribute("aria-disabled", !there);
    if (there) link.href = `?at=${to}`; else { link.setAttribute("aria-disabled", "true"); link.removeAttribute("href"); }
    if (!there && document.activeElement === link) slider.focus();
  };

  const show = (to) => {
    at = Math.max(1, Math.min(count, to));
    for (const each of all("[data-stay]")) each.hidden = Number(each.dataset.stay) !== at;
    for (const each of all("[data-item]")) {
      const number = Number(each.dataset.item);
      each.className = number === at ? "now" : number > at ? "ahead" : "";
      const link = each.querySelector("a");
      if (number === at) link.setAttribute("aria-current", "step"); else link.removeAttribute("aria-current");
    }
    const end = find("[data-end]");
    if (end) end.hidden = at !== count;
    slider.value = String(at);
    find("[data-number]").textContent = root.dataset.title.replace("{number}", String(at));
    enable(find("[data-back]"), at - 1);
    enable(find("[data-on]"), at + 1);
    history.replaceState(null, "", `?at=${at}`);
  };

  const stop = () => { clearInterval(timer); timer = 0; said(); };
  const said = () => {
    find('[data-when="paused"]').hidden = timer !== 0;
    find('[data-when="playing"]').hidden = timer === 0;
  };
  const start = () => {
    if (at === count) show(1);
    timer = setInterval(() => { show(at + 1); if (at === count) stop(); }, 1500);
    said();
  };

  root.addEventListener("click", (event) => {
    const item = event.target.closest("[data-back], [data-on], [data-item] a");
    if (!item || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    stop();
    if (item.matches("[data-back]")) show(at - 1);
    else if (item.matches("[data-on]")) show(at + 1);
    else show(Number(item.closest("[data-item]").dataset.item));
  });
  slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
  play.addEventListener("click", () => { if (timer) stop(); else start(); });
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("input, textarea, select, summary")) return;
    const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 1, End: count }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    stop();
    show(to);
  });

  play.hidden = calm.matches;
  calm.addEventListener("change", () => { stop(); play.hidden = calm.matches; });
  find("[data-show]").hidden = true;
  find("[data-keys]").hidden = false;
})();
