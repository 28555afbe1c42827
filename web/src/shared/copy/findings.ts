// Every check in plain language. `short` stands on a badge, the sentence with its figures comes from the service.
export const checks: Record<string, { short: string; help: string }> = {
  // the photo, before anything is spent
  small: { short: "Too small", help: "The product has too few pixels for the largest channel." },
  blur: { short: "Looks blurry", help: "Shoot again with more light or a tripod." },
  noise: { short: "Grainy", help: "Shoot with more light or a lower ISO." },
  compression: { short: "Heavily compressed", help: "Ask for the original file, not one from a chat or a website." },
  bright: { short: "Too bright", help: "Highlights on the product are lost." },
  dark: { short: "Too dark", help: "Shoot with more light." },
  blown: { short: "Highlights lost", help: "Parts of the product are pure white in the photo." },
  crushed: { short: "Shadows lost", help: "Parts of the product are pure black in the photo." },
  border: { short: "Cut off by the frame", help: "Step back, so that the whole product is in the photo." },
  several: { short: "Several things", help: "There is more than one thing in the photo." },
  none: { short: "No product found", help: "The product does not stand out from what is around it." },
  duplicate: { short: "Duplicate", help: "The same photo is here already." },
  photo: { short: "Can’t be read", help: "The file is damaged or of a kind that is not read." },
  backdrop: { short: "Busy background", help: "A plain background gives a better cut-out." },
  // the finished file
  edges: { short: "Edge is rough or glowing", help: "Look at the outline at 100 %." },
  grounded: { short: "Product seems to float", help: "A shadow has to touch the product’s foot." },
  shadow_side: { short: "Shadow falls towards the light", help: "Mirror the background." },
  uncertain: { short: "Cut-out is uncertain", help: "Check that nothing is missing and nothing too much." },
  unchanged: { short: "Product colour shifted", help: "The product’s pixels differ from the photo’s." },
  fill: { short: "Product too small or large in the frame", help: "The channel asks for another size." },
  white: { short: "Background not pure white", help: "The channel asks for pure white." },
  cut: { short: "Product is cut off", help: "A part of the product is missing at the border." },
  resolution: { short: "Not sharp enough", help: "The photo has too few pixels for this size." },
  enlarged: { short: "Enlarged", help: "The photo is smaller than the file that was made." },
  shadow: { short: "Check the shadow", help: "The shadow was left out or may look unnatural." },
  format: { short: "Wrong format", help: "The channel takes another format." },
  side: { short: "Wrong size", help: "The channel takes another size." },
  bytes: { short: "File too large", help: "The file is larger than the channel allows." },
  quality: { short: "Strongly compressed", help: "The file was compressed more than usual to fit." },
  disclosure: { short: "Disclosure missing", help: "The file does not say how it was made." },
  safety: { short: "Content check", help: "The picture may not be allowed on the channel." },
};

export const shortOf = (check: string): string => checks[check]?.short ?? "Needs a look";
