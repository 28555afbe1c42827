/** Announces something to a screen reader, politely: "Approved. 57 left". */
let region: HTMLElement | null = null;

export function announce(words: string): void {
  if (!region) {
    region = document.createElement("div");
    region.setAttribute("role", "status");
    region.setAttribute("aria-live", "polite");
    region.className = "visually-hidden";
    document.body.append(region);
  }
  region.textContent = "";
  requestAnimationFrame(() => region && (region.textContent = words));
}
