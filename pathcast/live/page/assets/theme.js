// Colours: light or dark, as the system has them or as the viewer chose; canvases read them from here.

const CHOICES = { auto: ["◐", "as the system has them"], light: ["☀", "light"], dark: ["☾", "dark"] };
const system = window.matchMedia("(prefers-color-scheme: dark)");
let chosen = "auto";
let colours = null;

function remembered() {
  try {
    return localStorage.getItem("pathcast-theme");
  } catch {
    return null; // a page without storage forgets
  }
}

function remember(choice) {
  try {
    localStorage.setItem("pathcast-theme", choice);
  } catch {
    // as above
  }
}

function applyTheme(button) {
  const isDark = chosen === "dark" || (chosen === "auto" && system.matches);
  document.documentElement.dataset.theme = isDark ? "dark" : "light";
  const [sign, words] = CHOICES[chosen];
  button.textContent = sign;
  button.setAttribute("aria-label", `Colours: ${words}`);
  button.title = `Colours: ${words}`;
  colours = null;
}

// The value of a colour by its name in the style sheet.
export function colour(name) {
  if (colours === null) {
    const style = getComputedStyle(document.documentElement);
    colours = new Proxy({}, { get: (cache, key) => (cache[key] ??= style.getPropertyValue(`--${key}`).trim()) });
  }
  return colours[name];
}

export function initialiseTheme(button, onChange) {
  const before = remembered();
  chosen = before in CHOICES ? before : "auto";
  applyTheme(button);
  button.addEventListener("click", () => {
    const names = Object.keys(CHOICES);
    chosen = names[(names.indexOf(chosen) + 1) % names.length];
    remember(chosen);
    applyTheme(button);
    onChange();
  });
  system.addEventListener("change", () => {
    applyTheme(button);
    onChange();
  });
}
