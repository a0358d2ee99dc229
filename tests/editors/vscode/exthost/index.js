/** Runs the tests of this folder in VS Code's extension host, which calls it as its `extensionTestsPath`. */

const fs = require("node:fs");
const path = require("node:path");
const Mocha = require(process.env.KERNEL_BRIDGE_MOCHA);

exports.run = async () => {
  const mocha = new Mocha({ ui: "bdd", timeout: 30_000, color: false, reporter: "min" });
  for (const name of fs.readdirSync(__dirname))
    if (name.endsWith(".test.js")) mocha.addFile(path.join(__dirname, name));
  await new Promise((resolve, reject) => {
    const runner = mocha.run((failures) => (failures ? reject(new Error(`${failures} failed`)) : resolve()));
    runner.on("pass", (test) => console.log(`ok - ${test.fullTitle()} (${test.duration} ms)`));
    runner.on("fail", (test, error) => console.log(`not ok - ${test.fullTitle()}: ${error.stack ?? error}`));
  });
};
