// What notify-me-1.js loads where the server asks a sign-up for a proof of work: docs/sign-up-form.md#many-at-once
// A number so that the SHA-256 of `challenge.number` begins with `bits` bits of zero. Many are tried at a time, and the page
// stays usable meanwhile, for each digest is made beside it.
export const solve = async ({ challenge, bits }) => {
  const encoder = new TextEncoder();
  const solved = async (number) => {
    const digest = new DataView(await crypto.subtle.digest("SHA-256", encoder.encode(`${challenge}.${number}`)));
    return digest.getUint32(0) >>> (32 - bits) ? [] : [number];
  };
  for (let from = 0; ; from += 512) {
    const numbers = Array.from({ length: 512 }, (_, each) => from + each);
    const found = (await Promise.all(numbers.map(solved))).flat();
    if (found.length) return { challenge, number: `${found[0]}` };
  }
};
