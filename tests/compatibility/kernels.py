"""The kernels under test: where each comes from, the code it is given, and its known deviations."""

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Recipe:
    """The steps of an installation, in this order."""

    debian: tuple[tuple[str, str], ...] = ()  # (command or path, package that provides it)
    unpack: tuple[str, ...] = ()  # Debian packages; if installed, every user would see their kernelspec
    pip: tuple[str, ...] = ()
    npm: tuple[str, ...] = ()
    setup: tuple[str, ...] = ()  # a command; {python}, {venv} and {npm} are replaced by paths

    def environment(self, debian: Path) -> dict[str, str]:
        """The variables with which the kernel finds what was unpacked."""
        return {"R_LIBS": str(debian / "usr" / "lib" / "R" / "site-library")} if self.unpack else {}

    @property
    def empty(self) -> bool:
        return self == Recipe()


@dataclass(frozen=True)
class Kernel:
    """One kernelspec. All code is in its language; None: the language has no equivalent."""

    title: str
    package: str  # human-readable name
    language_id: str  # the editors' name
    complete: tuple[str, str]  # a text to complete, and one of its completions
    loop: str  # prints "go" (or writes the file BEGUN), then never ends by itself
    recipe: Recipe = Recipe()
    result: str = "1 + 2"
    stdout: str = 'print("hello")'
    error: str = "1 / 0"
    state: tuple[str, str] = ("x = 42", "x")  # sets a variable to 42, shows it
    plot: str | None = None
    ask: str | None = None  # reads a line and prints it
    quick: bool = False  # comes from PyPI alone, and is tested by every `make test`
    differs: dict[str, str] = field(default_factory=dict)  # check -> what happens instead of "yes"
    note: str = ""  # for the kernel's users


PYTHON_LOOP = 'import time\nprint("go", flush=True)\nfor _ in range(1000):\n    time.sleep(0.1)'
PYTHON_PLOT = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
PYTHON_ASK = 'print("hello", input("name? "))'
JVM_IMAGE = "new java.awt.image.BufferedImage(8, 8, java.awt.image.BufferedImage.TYPE_INT_RGB)"
R_PACKAGES = ("crayon", "digest", "evaluate", "IRdisplay", "jsonlite", "pbdZMQ", "repr", "uuid")
MATPLOTLIB = "matplotlib>=3.10,<4"

KERNELS = {
    "python3": Kernel(
        title="Python 3 (ipykernel)",
        package="ipykernel",
        language_id="python",
        complete=("imp", "import"),
        loop=PYTHON_LOOP,
        plot=PYTHON_PLOT,
        ask=PYTHON_ASK,
        quick=True,
    ),
    "xpython": Kernel(
        title="xeus-python",
        package="xeus-python",
        language_id="python",
        recipe=Recipe(pip=("xeus-python>=0.19,<0.20", MATPLOTLIB)),
        complete=("imp", "import"),
        loop=PYTHON_LOOP,
        plot=PYTHON_PLOT,
        ask=PYTHON_ASK,
        quick=True,
        differs={"interrupt": "ignored"},
        note="SIGINT kills it and it ignores interrupt_request; only a restart stops running code.",
    ),
    "async": Kernel(
        title="async-kernel",
        package="async-kernel",
        language_id="python",
        recipe=Recipe(pip=("async-kernel>=0.23,<0.24", MATPLOTLIB)),
        complete=("imp", "import"),
        loop=PYTHON_LOOP,
        plot=PYTHON_PLOT,
        ask=PYTHON_ASK,
        quick=True,
        note="Runs several cells at once, and reports idle while one of them waits.",
    ),
    "bash": Kernel(
        title="Bash",
        package="bash_kernel",
        language_id="shellscript",
        recipe=Recipe(
            pip=("bash_kernel>=0.10,<0.11",),
            setup=("{python}", "-m", "bash_kernel.install", "--prefix", "{venv}"),
        ),
        result="echo $((1 + 2))",
        stdout="echo hello",
        error="ls /absent",
        state=("x=42", "echo $x"),
        complete=("ech", "echo"),
        loop="echo go; sleep 100",
        plot="python3 -c 'import base64, sys; sys.stdout.buffer.write(base64.b64decode("
        '"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="'
        "))' | display",
        quick=True,
        differs={"result": "on stdout", "stdin": "-"},
        note="Results are printed text. An interrupted run ends as `aborted`.",
    ),
    "calysto_scheme": Kernel(
        title="Calysto Scheme",
        package="calysto-scheme",
        language_id="scheme",
        recipe=Recipe(pip=("calysto-scheme>=2.1.9,<3",)),
        result="(+ 1 2)",
        stdout='(display "hello")',
        error="(car 1)",
        state=("(define x 42)", "x"),
        complete=("defi", "define"),
        loop='(begin (display "go") (define (f) (f)) (f))',
        ask='(display (input "name? "))',
        quick=True,
        differs={"error": "error, shown on stderr", "plot": "-"},
        note="An error is only in the reply; its text goes to stderr.",
    ),
    "deno": Kernel(
        title="Deno",
        package="deno",
        language_id="typescript",
        recipe=Recipe(pip=("deno>=2.9,<3",), setup=("{venv}/bin/deno", "jupyter", "--install", "--force")),
        stdout='console.log("hello")',
        error='throw new Error("no")',
        state=("let x = 42", "x"),
        complete=("consol", "console"),
        loop='console.log("go"); while (true) {}',
        plot="await Deno.jupyter.svg`<svg xmlns='http://www.w3.org/2000/svg'/>`",
        ask='console.log(prompt("name? "))',
        quick=True,
        note="An interrupt does not end code that awaits a promise. TCP only: it has no ipc.",
    ),
    "ir": Kernel(
        title="R",
        package="r-cran-irkernel (Debian)",
        language_id="r",
        recipe=Recipe(
            debian=(
                ("R", "r-base-core"),
                *((f"/usr/lib/R/site-library/{name}", f"r-cran-{name.lower()}") for name in R_PACKAGES),
            ),
            unpack=("r-cran-irkernel",),
        ),
        stdout='cat("hello\\n")',
        error='stop("no")',
        state=("x <- 42", "x"),
        complete=("prin", "print"),
        loop='cat("go\\n"); Sys.sleep(100)',
        plot="plot(1:10)",
        ask='cat(readline("name? "))',
        differs={"result": "as display_data"},
        note="Answers nothing while it is busy, not even on the control channel.",
    ),
    "octave": Kernel(
        title="Octave",
        package="octave_kernel, octave (Debian)",
        language_id="octave",
        recipe=Recipe(debian=(("octave", "octave"), ("gs", "ghostscript")), pip=("octave_kernel>=1.1,<2",)),
        stdout='disp("hello")',
        error='error("no")',
        state=("x = 42;", "x"),
        complete=("prin", "printf"),
        loop='disp("go"); pause(100)',
        plot="plot(1:10)",
        ask='disp(input("name? ", "s"))',
        differs={"result": "on stdout", "error": "ok, shown on stdout"},
        note="Reports every run as successful. Plots need Ghostscript.",
    ),
    "java": Kernel(
        title="Java",
        package="jjava, Java 11 or newer",
        language_id="java",
        recipe=Recipe(debian=(("java", "default-jre-headless"),), pip=("jjava>=1.0a8,<2",)),
        stdout='System.out.println("hello")',
        error='throw new RuntimeException("no")',
        state=("int x = 42", "x"),
        complete=("Syste", "System"),
        loop='System.out.println("go"); Thread.sleep(100000)',
        plot=JVM_IMAGE,
        ask="System.out.println(new Scanner(System.in).nextLine())",
        note="TCP only: its zmq library (JeroMQ) has no Unix sockets.",
    ),
    "kotlin": Kernel(
        title="Kotlin",
        package="kotlin-jupyter-kernel, Java 8 or newer",
        language_id="kotlin",
        recipe=Recipe(debian=(("java", "default-jre-headless"),), pip=("kotlin-jupyter-kernel>=0.19,<0.20",)),
        stdout='println("hello")',
        error='error("no")',
        state=("val x = 42", "x"),
        complete=("listOf(1).siz", "size"),
        loop='println("go"); Thread.sleep(100000)',
        plot=JVM_IMAGE.removeprefix("new "),
        ask="println(readLine())",
        note="TCP only: its zmq library (JeroMQ) has no Unix sockets.",
    ),
    "tslab": Kernel(
        title="TypeScript (tslab)",
        package="tslab (npm)",
        language_id="typescript",
        recipe=Recipe(
            debian=(("npm", "npm"),),
            pip=("jupyter_client>=8,<9",),
            npm=("tslab@1",),
            setup=(
                "{npm}/bin/tslab",
                "install",
                "--binary={npm}/bin/tslab",
                "--python={python}",
                "--prefix={venv}",
            ),
        ),
        stdout='console.log("hello")',
        error='throw new Error("no")',
        state=("let x = 42", "x"),
        complete=("consol", "console"),
        loop='console.log("go"); await new Promise((done) => setTimeout(done, 100000))',
        plot='import {display} from "tslab";\ndisplay.svg("<svg xmlns=\'http://www.w3.org/2000/svg\'/>")',
        differs={"result": "on stdout", "error": "error, shown on stderr", "stdin": "-", "attach": "idle"},
        note="Aborts requests within 0.2 s of an error, so kernel-bridge waits. Reports idle while code "
        "awaits a promise. TCP only: it misreads ipc addresses.",
    ),
    "gnuplot": Kernel(
        title="gnuplot",
        package="gnuplot_kernel, gnuplot-nox (Debian)",
        language_id="gnuplot",
        recipe=Recipe(
            debian=(("gnuplot", "gnuplot-nox"),),
            pip=("gnuplot_kernel>=0.5,<0.6",),
            setup=("{python}", "-m", "gnuplot_kernel", "install", "--prefix", "{venv}"),
        ),
        result="print 1 + 2",
        stdout='print "hello"',
        error="nonsense",
        state=("x = 42", "print x"),
        complete=("plo", "plot"),
        loop='system "echo > BEGUN"; pause 100',
        plot="plot sin(x)",
        differs={
            "stdout": "as a result",
            "error": "error, shown on stderr",
            "completion": "no",
            "stdin": "-",
        },
        note="Does not distinguish printed text from results, and reports after each that it made no plot.",
    ),
}
