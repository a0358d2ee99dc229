"""What to do about an error: COMMANDS for clients, ACTIONS (code action titles) for people."""

from ..protocol.errors import Remedy

COMMANDS = {
    Remedy.START_KERNEL: "start a new kernel with kernel-bridge.startKernel",
    Remedy.RESTART_KERNEL: (
        "restart it with kernel-bridge.restartKernel, or start a new kernel with kernel-bridge.startKernel"
    ),
    Remedy.CHOOSE_KERNEL: (
        "start one with kernel-bridge.startKernel, choose one with kernel-bridge.bindKernel, or pass kernelId"
    ),
    Remedy.ATTACH_KERNEL: (
        "start a new kernel with kernel-bridge.startKernel, or attach to a running one with "
        "kernel-bridge.attachKernel (kernel-bridge.listKernels lists them)"
    ),
    Remedy.SHUT_DOWN_KERNEL: (
        "resume its process, use another kernel, or end it with kernel-bridge.shutdownKernel"
    ),
    Remedy.INSTALL_KERNEL: (
        "install it with kernel-bridge.installKernel, or choose another kernel with kernel-bridge.startKernel"
    ),
    Remedy.CHOOSE_KERNEL_SPEC: (
        "install one, or choose another kernel with kernel-bridge.startKernel or the setting "
        "kernel-bridge.defaultKernels"
    ),
    Remedy.LIST_RUNS: "kernel-bridge.history lists all runs",
    Remedy.OVERWRITE: "set overwrite to replace it",
    Remedy.WRITE_BACK: "repeat the export to write the outputs into the file as it is now",
}

ACTIONS = {
    Remedy.START_KERNEL: "start a new kernel with the code action “Start …”",
    Remedy.RESTART_KERNEL: (
        "restart it with the code action “Restart …”, or start a new kernel with “Start …”"
    ),
    Remedy.CHOOSE_KERNEL: (
        "start one with the code action “Start …”, or use a running one with “Use …” or “Attach to …”"
    ),
    Remedy.ATTACH_KERNEL: (
        "start a new kernel with the code action “Start …”, or use a running one with “Use …” or "
        "“Attach to …”"
    ),
    Remedy.SHUT_DOWN_KERNEL: (
        "resume its process, use another kernel, or end it with the code action “Shut down …”"
    ),
    Remedy.INSTALL_KERNEL: "install it there, or start another kernel with the code action “Start …”",
    Remedy.CHOOSE_KERNEL_SPEC: (
        "install one, or choose another kernel in the setting kernel-bridge.defaultKernels"
    ),
    Remedy.LIST_RUNS: "`kernel-bridge history` lists all runs",
    Remedy.OVERWRITE: "choose another name",
    Remedy.WRITE_BACK: "repeat the export to write the outputs into the file as it is now",
}
