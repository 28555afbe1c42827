export const welcome = {
  signIn: {
    title: "Sign in", email: "Email", password: "Password", action: "Sign in",
    lost: "Forgotten your password? Whoever runs Packshot can give you a link (packshot sign-in-link).",
  },
  accept: {
    title: "Welcome to Packshot", words: "Choose how you sign in from now on.", name: "Your name", email: "Email",
    again: "Welcome back", againWords: "Choose a new password. Wherever you are signed in now, you are signed out.",
    password: "Password", passwordHelp: "At least 10 characters.", action: "Start",
    old: "This link has been used, or is too old. Ask for a new one, or sign in.", toSignIn: "Sign in",
  },
  start: {
    title: "Start", hello: "From raw photos to catalog files",
    words: "Drop your photos, pick a style, review what comes back, and send the approved files on. Your product’s own pixels are never repainted.",
    sample: "Try it with sample photos", sampleWords: "Six products in pure white, ready in about a minute.", sampleAction: "Develop the samples",
    sampleBusy: "Sending the samples …", sampleName: "Sample photos",
    upload: "Bring your own photos", uploadWords: "Single photos, folders, a ZIP, or a ZIP with a list of SKUs.", uploadAction: "Upload photos",
    next: "Go on where you left off", review: "Review", watch: "Watch", deliver: "Deliver",
    ready: (count: number) => `${count.toLocaleString()} ready for review`,
  },
};
