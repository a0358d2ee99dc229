/** Which MIME types the notebooks of this window can draw: those of all installed renderers. */

import * as vscode from "vscode";

interface Renderer {
  mimeTypes?: readonly string[];
}

let patterns: RegExp[] | undefined;

/** Forgets the renderers whenever extensions are installed, removed, or switched on or off. */
export function followExtensions(): vscode.Disposable {
  return vscode.extensions.onDidChange(() => {
    patterns = undefined;
  });
}

export function isDrawn(mime: string): boolean {
  patterns ??= vscode.extensions.all
    .flatMap(({ packageJSON }) => (packageJSON.contributes?.notebookRenderer ?? []) as Renderer[])
    .flatMap(({ mimeTypes = [] }) => mimeTypes.map(toPattern));
  return patterns.some((pattern) => pattern.test(mime));
}

/** MIME types are globs: `audio/*`, `image/{bmp,webp}`. */
function toPattern(glob: string): RegExp {
  const text = glob
    .replace(/[.+^$()|[\]\\]/g, "\\$&")
    .replace(/\*/g, "[^/]*")
    .replace(/\?/g, "[^/]");
  return new RegExp(
    `^${text.replace(/\{([^{}]*)\}/g, (_, names: string) => `(${names.replace(/,/g, "|")})`)}$`,
  );
}
