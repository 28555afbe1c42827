const letters = "0123456789abcdefghjkmnpqrstvwxyz";

/** A name nobody else has. crypto.randomUUID is only there over https; an address in one's own network is often plain http. */
export const newId = (): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => letters[byte % 32]).join("");
