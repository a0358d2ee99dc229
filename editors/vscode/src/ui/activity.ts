/** Which kernels are busy: those that run code or have queued runs. Gaps between two runs do not count. */

import * as vscode from "vscode";
import type { Session } from "../runs/session";
import type { Kernel } from "../server/protocol";

/** A kernel that stays idle for longer than this, two frames of the screen, is no longer busy. */
const GAP_MS = 32;

export class Activity implements vscode.Disposable {
  private readonly busy = new Set<string>();
  /** Kernels that may be between two runs. */
  private readonly pausing = new Map<string, NodeJS.Timeout>();
  private readonly emitter = new vscode.EventEmitter<string>();
  private readonly subscription: vscode.Disposable;
  /** Fires with the ID of a kernel that has become busy or free. */
  readonly onChange = this.emitter.event;

  constructor(session: Session) {
    this.subscription = session.onKernel((kernel) => this.kernel(kernel));
  }

  dispose(): void {
    for (const timer of this.pausing.values()) clearTimeout(timer);
    vscode.Disposable.from(this.subscription, this.emitter).dispose();
  }

  isBusy(kernelId: string): boolean {
    return this.busy.has(kernelId);
  }

  private kernel({ id, state, queued }: Kernel): void {
    if (state === "busy" || (state === "idle" && queued > 0)) {
      clearTimeout(this.pausing.get(id));
      this.pausing.delete(id);
      if (this.busy.has(id)) return;
      this.busy.add(id);
      this.emitter.fire(id);
    } else if (state !== "idle") this.free(id);
    else if (this.busy.has(id) && !this.pausing.has(id))
      this.pausing.set(
        id,
        setTimeout(() => this.free(id), GAP_MS),
      );
  }

  private free(id: string): void {
    clearTimeout(this.pausing.get(id));
    this.pausing.delete(id);
    if (this.busy.delete(id)) this.emitter.fire(id);
  }
}
