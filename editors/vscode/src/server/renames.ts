/** Keeps the kernels of renamed files. */

import * as vscode from "vscode";
import type { Session } from "../runs/session";
import { reported } from "../ui/reporting";
import type { Connection } from "./connection";

export function followRenames(connection: Connection, session: Session): vscode.Disposable {
  return vscode.workspace.onDidRenameFiles(({ files }) => {
    for (const { oldUri, newUri } of files) {
      for (const { id } of session.kernels.values()) {
        for (const uri of session.documentsOf(id)) {
          const renamed = renamedTo(uri, oldUri.toString(), newUri.toString());
          if (renamed) void reported(() => rebind(connection, session, { uri, renamed, kernelId: id }));
        }
      }
    }
  });
}

/** The new URI of a document; `before` is the document or one of its folders. */
function renamedTo(uri: string, before: string, after: string): string | undefined {
  return uri === before || uri.startsWith(`${before}/`) ? after + uri.slice(before.length) : undefined;
}

async function rebind(
  connection: Connection,
  session: Session,
  { uri, renamed, kernelId }: { uri: string; renamed: string; kernelId: string },
): Promise<void> {
  session.unbind(uri, kernelId);
  session.bind(renamed, kernelId);
  if (!connection.running) return; // the kernel exited with its server
  const command = "kernel-bridge.bindKernel";
  await Promise.all([
    connection.execute(command, { textDocument: { uri: renamed }, kernelId }),
    connection.execute(command, { textDocument: { uri }, kernelId: null }),
  ]);
}
