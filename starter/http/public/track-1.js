// What a shopper looks at and puts into the cart. It stays in their browser until they are known and have agreed, and
// is then told to /v1/views. How: docs/tracking.md
(() => {
  const KEY = "shelftalk";
  const MOST = 50;
  const AT_ONCE = 20;
  const OLDEST = 30 * 86400;
  const script = document.currentScript;
  const { product, variant, server, strict } = script.dataset;
  const now = () => Math.floor(Date.now() / 1000);
  // Of a strict page, what it told of before the shopper agreed: gone with the page.
  const held = [];
  let sending = false;
  // How many are told at once: when they were not taken, they are told one by one, so that only what is wrong is lost.
  let most = AT_ONCE;

  // A browser that keeps nothing for pages makes this a page without memory.
  const load = () => {
    try {
      const { seen = [], ...known } = JSON.parse(localStorage.getItem(KEY)) ?? {};
      return { ...known, seen: seen.filter(({ at }) => at > now() - OLDEST && at <= now()) };
    } catch {
      return { seen: [] };
    }
  };
  const save = (kept) => {
    try {
      localStorage.setItem(KEY, JSON.stringify(kept));
    } catch {}
  };
  const mayKeep = () => strict === undefined || load().agreed;

  const keep = (told) => {
    const kept = load();
    // The same looked at again is looked at then.
    const what = ({ kind, product, variant }) => JSON.stringify([kind, product, variant]);
    const same = (each) => told.kind === "viewed_product" && what(each) === what(told);
    const id = crypto.getRandomValues(new Uint32Array(3)).join("");
    kept.seen = [...kept.seen.filter((each) => !same(each)), { ...told, id, at: now() }].slice(-MOST);
    save(kept);
  };

  const agree = (agreed) => {
    if (!agreed) {
      held.length = 0;
      try {
        localStorage.removeItem(KEY);
      } catch {}
      return;
    }
    save({ ...load(), agreed });
    held.splice(0).forEach(keep);
  };

  const push = ({ consent, ...told }) => {
    if (consent !== undefined) agree(consent);
    else if (mayKeep()) keep(told);
    else held.push(told);
    send();
  };

  const send = async () => {
    const { agreed, device, seen } = load();
    if (sending || !agreed || !device || !seen[0]) return;
    sending = true;
    const some = seen.slice(0, most);
    const told = some.map(({ at, ...each }) => ({ ...each, ago: now() - at }));
    try {
      const answer = await fetch(new URL("v1/views", server ?? script.src), {
        method: "POST",
        keepalive: true,
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify({ device, seen: told }),
      });
      // Too many just now, or ours to mend: with the next page. What is wrong otherwise stays wrong.
      if (answer.status === 429 || answer.status >= 500) return;
      if (!answer.ok) console.error("track:", (await answer.json()).detail);
      if (!answer.ok && some[1]) most = 1;
      else {
        const left = load();
        left.seen = left.seen.filter(({ id }) => !some.some((each) => each.id === id));
        // Who said no meanwhile has nothing kept.
        if (left.agreed) save(left);
      }
    } catch {
      return;
    } finally {
      sending = false;
    }
    send();
  };

  addEventListener("notify-me", ({ detail }) => {
    if (detail.device && mayKeep()) save({ ...load(), device: detail.device });
    send();
  });
  const before = window.shelftalk ?? [];
  window.shelftalk = { push };
  before.forEach(push);
  if (product || variant) push({ kind: "viewed_product", product, variant });
  else send();
})();
