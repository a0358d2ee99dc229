/** The drawings on the screen: drawn again when the colours of the window change, and disposed of with their outputs. */

import { currentTheme, onThemeChange, type Theme } from "./theme";

/** Draws in an empty element. Rejects if it cannot. */
export type Draw = (element: HTMLElement, theme: Theme) => Promise<Drawing>;

export interface Drawing {
  /** Whether it must be drawn again to show other colours. */
  followsTheme: boolean;
  dispose(): void;
}

interface Shown {
  element: HTMLElement;
  draw: Draw;
  drawing: Drawing;
}

const shown = new Map<string, Shown>();

onThemeChange(() => {
  for (const [id, { element, draw, drawing }] of [...shown]) {
    if (!element.isConnected) dispose(id);
    else if (drawing.followsTheme) void show(id, element, draw);
  }
});

/** Draws the output with this ID. `signal`: the output is gone, or is drawn by another call. */
export async function show(
  id: string,
  element: HTMLElement,
  draw: Draw,
  signal?: AbortSignal,
): Promise<void> {
  dispose(id);
  element.replaceChildren();
  const drawing = await draw(element, currentTheme());
  if (signal?.aborted) drawing.dispose();
  else shown.set(id, { element, draw, drawing });
}

/** Disposes of the drawing of one output, or of all. */
export function dispose(id?: string): void {
  for (const each of id === undefined ? [...shown.keys()] : [id]) {
    shown.get(each)?.drawing.dispose();
    shown.delete(each);
  }
}
