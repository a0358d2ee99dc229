/** The library in a separate bundle: it is most of the code, and not needed before the first run. */
export * from "vscode-languageclient/node";
