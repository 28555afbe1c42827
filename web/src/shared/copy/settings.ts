const list = (words: string[], last: string) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words.at(-1)}`);
const px = (count: number) => count.toLocaleString();
const percent = (share: number) => Math.round(share * 100);

export const settings = {
  title: "Settings",
  tabs: { team: "Team", keys: "API keys", channels: "Channels", workspace: "Workspace", you: "You" },
  ownersOnly: "Only owners can change this. Ask one of them.",
  copyAction: "Copy", copied: "Copied", copiedAnnouncement: "Copied to the clipboard.",
  save: "Save", saved: "Saved.",
  team: {
    title: "Team", words: "Everyone here sees the same library, styles and batches.", invite: "Invite someone", you: "You", disabled: "No access",
    joined: (at: string) => `Since ${new Date(at).toLocaleDateString(undefined, { month: "short", year: "numeric" })}`,
    roles: { owner: "Owner", member: "Member" }, roleOf: (name: string) => `Role of ${name}`,
    roleWords: { owner: "Also invites people, makes API keys, and changes workspace settings.", member: "Uploads, makes batches, reviews, delivers." },
    disable: "Take access away", enable: "Give access again", roleChanged: (name: string, role: string) => `${name} is now ${role === "owner" ? "an owner" : "a member"}.`,
    ask: { title: (name: string) => `Take access away from ${name}?`, words: "They are signed out at once, everywhere. What they did stays. You can give access again.", action: "Take access away" },
    ownersOnly: "Only owners can invite people, change roles or take access away.",
    invited: {
      title: "Invited, not here yet", withdraw: "Withdraw", withdrawOf: (email: string) => `Withdraw the invitation for ${email}`,
      sent: (ago: string, until: string) => `Invited ${ago}. The link works until ${new Date(until).toLocaleDateString(undefined, { day: "numeric", month: "long" })}.`,
      ask: { title: (email: string) => `Withdraw the invitation for ${email}?`, words: "The link no longer works. You can invite them again.", action: "Withdraw" },
      done: (email: string) => `The invitation for ${email} is withdrawn.`, late: (email: string) => `${email} has accepted it, or somebody else withdrew it.`,
    },
    inviting: { title: "Invite someone", email: "Email", role: "Role", action: "Make the link", link: "Invitation link", once: "Send it to them yourself. It is shown only now, works once, and holds for a week.", done: "Done", ready: (email: string) => `The invitation for ${email} is ready.` },
  },
  keys: {
    title: "API keys", words: "For programs that work with Packshot: your shop, a script, an uploader.", make: "Make a key", none: "No key yet.",
    ownersOnly: "API keys are for owners only. Ask one of them to make a key for you.",
    created: (at: string) => `Made ${at}`, used: (at: string) => `last used ${at}`, unused: "never used", revoked: "Revoked", revoke: "Revoke",
    scopes: {
      read: { name: "See", words: "Look at photos, batches and results." }, write: { name: "Work", words: "Upload photos, make batches, deliver files." },
      review: { name: "Review", words: "Approve, reject and skip." }, admin: { name: "Manage", words: "Change people, keys and settings." },
    },
    ask: { title: (name: string) => `Revoke “${name}”?`, words: "Programs that use it stop working at once. This cannot be taken back.", action: "Revoke key" },
    making: { title: "Make an API key", name: "Name", nameHint: "What will use it, such as “Shop import”.", may: "It may", none: "Choose at least one.", action: "Make the key", key: "API key", once: "Copy it now. It is not kept and cannot be shown again.", done: "I have copied it" },
  },
  channels: {
    title: "Channels", words: "Where pictures are sold, and what each place asks of a file.", add: "Add a channel", shipped: "Comes with Packshot", own: "Yours",
    edit: "Change", copy: "Make our own from this", remove: "Delete", size: (width: number, height: number) => `${width} × ${height} px`,
    formats: { jpeg: "JPEG", png: "PNG", webp: "WebP", avif: "AVIF", tiff: "TIFF" },
    frame: (name: string) => `The frame of ${name}`,
    file: "File", look: "Picture", must: "Must hold", mustWords: "A file that breaks one of these is turned down.", warns: "Is pointed out", warnsWords: "You decide.", sources: "Where this comes from",
    read: (date: string) => `Read ${new Date(date).toLocaleDateString(undefined, { day: "numeric", month: "long", year: "numeric" })}`,
    facts: {
      quality: (from: number, to: number) => (to < from ? `Quality ${from}, down to ${to} to stay under the size limit` : `Quality ${from}`),
      color: (color: string) => `Background ${color} for plain colours`, margin: (share: number) => `Margin of at least ${percent(share)} %`,
      transparent: "The product alone, on transparent", names: (example: string) => `Named like ${example}`, asIs: "The product’s own brightness and tint are never changed", gps: "Keeps the place where the photo was taken",
    },
    rules: {
      format: (formats: string[]) => `Format is ${list(formats, "or")}`,
      side: (least: number, most: number) => (most >= 65_535 ? `Longest side at least ${px(least)} px` : least <= 1 ? `Longest side at most ${px(most)} px` : `Longest side ${px(least)} to ${px(most)} px`),
      bytes: (bytes: number) => `At most ${bytes < 1e6 ? `${Math.round(bytes / 1e3)} kB` : `${+(bytes / 1e6).toFixed(1)} MB`}`,
      white: "Background is pure white", fill: (least: number, most: number) => (most >= 1 ? `Product fills at least ${percent(least)} % of the frame` : `Product fills ${percent(least)} to ${percent(most)} % of the frame`),
      cut: "Product is not cut off", resolution: (least: number) => `Product has at least ${px(least)} px in the photo`, disclosure: "The file says how it was made",
      safety: "Passes the content check", unchanged: "The product’s own pixels are unchanged",
    },
    ask: { title: (name: string) => `Delete “${name}”?`, words: "It can no longer be chosen. Batches that were made with it keep it.", action: "Delete channel", done: (name: string) => `“${name}” is deleted.` },
    form: {
      add: "Add a channel", edit: (name: string) => `Change ${name}`, name: "Name", id: "Short name", idHint: "For folders and files. It does not change later.", idBad: "Small letters, digits, hyphens and underscores.", words: "Description",
      file: "File", width: "Width", height: "Height", format: "Format", quality: "Quality", least: "Lowest quality", leastHint: "Quality is lowered to this, and no further, to stay under the size limit.",
      transparent: "Product alone, on transparent", transparentNo: "JPEG cannot be transparent.", asIs: "Never change the product itself", asIsHint: "Its brightness and tint stay as photographed, whatever the style says.", gps: "Keep the place where the photo was taken",
      look: "Picture", color: "Shop’s background colour", colorHint: "Used where a style puts one plain colour behind the product.", margin: "Margin", marginHint: "The least distance to the border.", asStyle: "As the style says",
      names: "File names", pattern: "Pattern", patternBad: "Use {sku}, {gtin}, {asin} or {name}, and only the words offered here.", example: "For example", insert: (word: string) => `Put in ${word}`,
      words_: { sku: "SKU", gtin: "GTIN", asin: "ASIN", role: "Role", amazon_role: "Amazon role", name: "Photo name", title: "Product title", channel: "Channel" } as Record<string, string>,
      rules: "Rules", accepts: "Formats it takes", minSide: "Longest side, at least", maxSide: "Longest side, at most", product: "Product in the photo, at least", bytes: "File size, at most", noLimit: "No limit", px: "px", mb: "MB",
      white: "Background must be pure white", fill: "Product fills", fillOf: (least: number, most: number) => `${percent(least)} to ${percent(most)} % of the frame`, disclosure: "The file must say how it was made",
      fillLeast: "Product fills at least", fillMost: "Product fills at most",
      hard: "Turn a file down if it breaks", hardHint: "What is not ticked is pointed out, and you decide.",
      hardOf: { format: "Format", side: "Size in pixels", bytes: "File size", white: "Pure white", fill: "Product size in the frame", cut: "Product cut off", resolution: "Pixels in the photo", disclosure: "Says how it was made", safety: "Content check", unchanged: "Product unchanged" },
      source: "Where these numbers come from", sourceHint: "So that others can check them later. Optional.", save: "Save channel", saved: (name: string) => `“${name}” is saved.`,
    },
  },
  workspace: {
    title: "Workspace", name: "Name", nameWords: "Of your shop or team. Everyone sees it.",
    quiet: { title: "Overnight work", words: "Batches you send overnight run in these hours, after everything else.", on: "Only in quiet hours", off: "They run at any time, when nothing else is waiting.", start: "From", end: "Until", zone: "Time zone", zoneNone: "No such time zone" },
    retention: { title: "Deleted things", label: "Days to keep", words: "How long deleted photos, products and batches are kept before they go for good." },
    watch: {
      title: "Watched folder", words: "Photos that are put into a folder on the server become a batch by themselves.", on: "Watch the folder", style: "Style", channels: "Channels", priority: "Priority",
      where: (id: string) => `The folder is ${id}, inside Packshot’s inbox on the server.`, needs: "Choose at least one channel.",
    },
    columns: {
      title: "Columns of lists", words: "What columns with names of your own mean, as somebody said when a list was uploaded. One that is forgotten is asked for again.",
      forget: (name: string) => `Forget ${name}`,
    },
    another: {
      title: "Another workspace", words: "For another shop or team. Neither sees what is in the other. An account belongs to one workspace.",
      name: "Name of the new workspace", email: "Its owner’s email", action: "Make the workspace", link: "Invitation link", done: "Done",
      ready: (name: string, email: string) => `${name} is ready. This link makes ${email} its owner.`,
    },
  },
  you: {
    title: "You", signedIn: (email: string) => `Signed in as ${email}`, screen: "Appearance", scheme: { label: "Colours", light: "Light", dark: "Dark", auto: "As the system" },
    keys: { label: "Single-key shortcuts", words: "Such as A to approve. Switch them off if you dictate, or press keys by accident." },
    password: { title: "Password", old: "Current password", new: "New password", hint: "At least 10 characters.", action: "Change password", after: "You are signed out everywhere and sign in again with the new one.", done: "Your password is changed. Sign in again." },
    session: { title: "Sign out", here: "Sign out here", everywhere: "Sign out everywhere", words: "Everywhere means every browser and device you are signed in on, this one too." },
  },
};
