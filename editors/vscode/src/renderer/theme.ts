/** The colours of the window, for figures that leave theirs open. */

export interface Theme {
  isDark: boolean;
  foreground: string;
  background: string;
  /** For lines behind the data. */
  grid: string;
  font: string;
}

export function currentTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string) => style.getPropertyValue(`--vscode-${name}`).trim();
  const kind = document.body.dataset.vscodeThemeKind ?? "";
  const isDark = /dark|^vscode-high-contrast$/.test(kind);
  return {
    isDark,
    foreground: colour("foreground") || (isDark ? "#cccccc" : "#333333"),
    background: colour("editor-background") || (isDark ? "#1e1e1e" : "#ffffff"),
    grid: isDark ? "rgba(255, 255, 255, 0.16)" : "rgba(0, 0, 0, 0.12)",
    font: colour("font-family") || "sans-serif",
  };
}

export function onThemeChange(listener: () => void): void {
  const options = { attributes: true, attributeFilter: ["data-vscode-theme-id", "data-vscode-theme-kind"] };
  new MutationObserver(listener).observe(document.body, options);
}
