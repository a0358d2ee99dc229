/** The library, in a bundle of its own: it is most of the code, and of no use before the first run. */
export * from "vscode-languageclient/node";
