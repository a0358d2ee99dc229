/** The language client library, in a separate bundle: it is most of the code, and unused until the first run. */
export * from "vscode-languageclient/node";
