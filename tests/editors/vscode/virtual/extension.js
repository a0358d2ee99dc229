/** A file system with one file, a.py, in one folder. */

const vscode = require("vscode");

const CODE = Buffer.from("print('hello')\n");
const unchanging = new vscode.EventEmitter().event;

function isFile(uri) {
  if (uri.path === "/work/a.py") return true;
  if (uri.path === "/work" || uri.path === "/") return false;
  throw vscode.FileSystemError.FileNotFound(uri);
}

function readOnly(uri) {
  throw vscode.FileSystemError.NoPermissions(uri);
}

exports.activate = (context) => {
  const provider = {
    onDidChangeFile: unchanging,
    watch: () => new vscode.Disposable(() => {}),
    stat: (uri) =>
      isFile(uri)
        ? { type: vscode.FileType.File, ctime: 0, mtime: 0, size: CODE.length }
        : { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 },
    readDirectory: ({ path }) => (path === "/work" ? [["a.py", vscode.FileType.File]] : []),
    readFile: (uri) => (isFile(uri) ? CODE : readOnly(uri)),
    writeFile: readOnly,
    createDirectory: readOnly,
    delete: readOnly,
    rename: readOnly,
  };
  context.subscriptions.push(vscode.workspace.registerFileSystemProvider("memory", provider));
};
