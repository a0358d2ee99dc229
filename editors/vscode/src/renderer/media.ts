/** Shows pictures that VS Code does not draw, sound, video, and PDF as a file to save. */

import type { OutputItem } from "vscode-notebook-renderer";
import type { Draw } from "./drawing";

export const drawItem =
  (item: OutputItem): Draw =>
  async (element) => {
    const file = item.mime.startsWith("image/") ? item.blob() : decoded(item);
    const url = URL.createObjectURL(file);
    const dispose = () => URL.revokeObjectURL(url);
    const [kind] = item.mime.split("/");
    try {
      if (kind === "image") await showImage(url, element);
      else if (kind === "audio" || kind === "video") await showPlayer(kind, url, element);
      else offerFile(url, file, element);
    } catch (error) {
      dispose();
      throw error;
    }
    return { followsTheme: false, dispose };
  };

async function showImage(url: string, element: HTMLElement): Promise<void> {
  const image = new Image();
  image.src = url;
  image.style.maxWidth = "100%";
  await image.decode();
  element.append(image);
}

async function showPlayer(kind: "audio" | "video", url: string, element: HTMLElement): Promise<void> {
  const player = document.createElement(kind);
  player.controls = true;
  player.style.maxWidth = "100%";
  await new Promise((resolve, reject) => {
    player.onloadedmetadata = resolve;
    player.onerror = () => reject(new Error(player.error?.message ?? "it cannot be played"));
    player.src = url;
  });
  element.append(player);
}

function offerFile(url: string, { type, size }: Blob, element: HTMLElement): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = `output.${type.split("/")[1]}`;
  link.textContent = `Save ${link.download}`;
  element.append(link, ` (${size.toLocaleString()} bytes)`);
}

/** VS Code leaves everything but pictures as it is in a notebook: base64. */
function decoded(item: OutputItem): Blob {
  const bytes = Uint8Array.from(atob(item.text()), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: item.mime });
}
