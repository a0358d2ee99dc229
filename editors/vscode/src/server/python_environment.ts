/** The Python environment selected in VS Code, from the Python Environments or the Python extension if installed. */

import * as vscode from "vscode";

/** The part of the ms-python.python API that is used. */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(path: { path: string }): Promise<{ executable: { uri?: vscode.Uri } } | undefined>;
  };
}

/** The part of the ms-python.vscode-python-envs API that is used. */
interface PythonEnvironmentsApi {
  getEnvironment(
    scope: vscode.Uri | undefined,
  ): Promise<{ execInfo?: { run?: { executable?: string } } } | undefined>;
}

async function api<T>(id: string): Promise<T | undefined> {
  const extension = vscode.extensions.getExtension<T>(id);
  return extension && (extension.isActive ? extension.exports : await extension.activate());
}

/** The interpreter selected for a resource; undefined if there is no such extension or no selection. */
export async function selectedPython(resource?: vscode.Uri): Promise<string | undefined> {
  const environments = await api<PythonEnvironmentsApi>("ms-python.vscode-python-envs");
  const chosen = (await environments?.getEnvironment?.(resource))?.execInfo?.run?.executable;
  if (chosen) return chosen;
  const python = (await api<PythonApi>("ms-python.python"))?.environments;
  const active = python?.getActiveEnvironmentPath(resource);
  return active && (await python?.resolveEnvironment(active))?.executable.uri?.fsPath;
}
