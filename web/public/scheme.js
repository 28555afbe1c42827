// Before anything is painted: light or dark, as it was chosen or as the system says.
(function () {
  var chosen = localStorage.getItem("mantine-color-scheme-value") || "auto";
  var dark = chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.setAttribute("data-mantine-color-scheme", dark ? "dark" : "light");
})();
