import { createTheme, defaultVariantColorsResolver, type MantineColorsTuple } from "@mantine/core";

// The rooms are neutral gray, so that nothing beside a picture tints it; one colour, a darkroom's safelight, leads the eye.
const gray: MantineColorsTuple = [
  "#fafafa", "#f4f4f4", "#e9e9ea", "#dadadb", "#bdbdbf", "#8e8e92", "#6a6a6e", "#4a4a4e", "#2d2d30", "#17171a",
];
const dark: MantineColorsTuple = [
  "#ededee", "#c9c9cc", "#a3a3a8", "#77777c", "#4b4b50", "#38383c", "#2a2a2d", "#202023", "#18181a", "#111112",
];
const safelight: MantineColorsTuple = [
  "#fff4ec", "#ffe5d3", "#ffc8a3", "#ffa872", "#fb8c47", "#f2742a", "#e8590c", "#c2470a", "#9c3a0b", "#7a2e0a",
];
const ok: MantineColorsTuple = [
  "#eaf7ef", "#d5eede", "#a9dcbd", "#78c899", "#4bb479", "#2f9e62", "#1f8550", "#176b40", "#125633", "#0c4026",
];
const no: MantineColorsTuple = [
  "#fdeeee", "#f9dada", "#f1b1b1", "#e88484", "#df5f5f", "#d44444", "#bf2f2f", "#a32424", "#851c1c", "#671515",
];
const look: MantineColorsTuple = [
  "#fdf6e3", "#f9ebc2", "#f1d88a", "#e8c252", "#dbab27", "#b98a12", "#94690a", "#7a5508", "#604307", "#463105",
];

export const theme = createTheme({
  colors: { gray, dark, safelight, ok, no, look },
  primaryColor: "gray",
  primaryShade: { light: 9, dark: 0 },
  autoContrast: true,
  // The primary action is ink on paper, or paper on ink in the dark.
  variantColorResolver: (input) => {
    if (input.variant === "filled" && (!input.color || input.color === "gray")) {
      return { background: "var(--ink)", hover: "color-mix(in srgb, var(--ink) 84%, var(--panel))", color: "var(--panel)", border: "1px solid transparent" };
    }
    // What destroys is red enough to be read in both: the shade of the dark scheme would be white on pink.
    if (input.color === "no" && input.variant === "filled") {
      return { background: "var(--mantine-color-no-6)", hover: "var(--mantine-color-no-7)", color: "#ffffff", border: "1px solid transparent" };
    }
    if (input.color === "no") return { ...defaultVariantColorsResolver(input), color: "var(--no)", hover: "var(--no-wash)", hoverColor: "var(--no)" };
    return defaultVariantColorsResolver(input);
  },
  black: "#17171a",
  fontFamily: '"Inter Variable", Inter, system-ui, sans-serif',
  headings: { fontFamily: '"Inter Variable", Inter, system-ui, sans-serif', fontWeight: "620" },
  defaultRadius: "md",
  radius: { xs: "4px", sm: "6px", md: "8px", lg: "12px", xl: "18px" },
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Switch: { defaultProps: { color: "safelight.7" } },
    Checkbox: { defaultProps: { color: "safelight.7" } },
    Radio: { defaultProps: { color: "safelight.7" } },
    Slider: { defaultProps: { color: "safelight.7" } },
    Button: { defaultProps: { size: "sm" } },
    Tooltip: { defaultProps: { openDelay: 300, withinPortal: true } },
    Modal: { defaultProps: { centered: true, radius: "lg", padding: "lg", closeButtonProps: { "aria-label": "Close" } }, styles: { title: { fontSize: 16, fontWeight: 620 } } },
    Drawer: { defaultProps: { closeButtonProps: { "aria-label": "Close" } }, styles: { title: { fontSize: 16, fontWeight: 620 } } },
    // In a landmark, so that nothing on the page is outside of one.
    Combobox: { defaultProps: { portalProps: { target: "#screen" } } },
    InputWrapper: { styles: { label: { marginBottom: 4 }, description: { marginBottom: 2 } } },
    Menu: { defaultProps: { radius: "md", shadow: "md", withInitialFocusPlaceholder: false } },
  },
});
