"""`make`, one at a time for each build directory; what comes from npm."""

import fcntl
import os
import re

# What npm may need to know to reach its registry.
NPM = re.compile(r"(https?|no)_proxy|NODE_EXTRA_CA_CERTS|npm_config_.*", re.I)

# The status of npm.sh when its registry cannot be reached.
NO_REGISTRY = 75


def no_registry(failure):
    """Why, when that is all that a check from npm failed for; else None."""
    if failure.status != NO_REGISTRY:
        return None
    said = re.search("the npm registry .* cannot be reached.*", str(failure))
    return said and said.group()


def npm_environment():
    return {name: value for name, value in os.environ.items()
            if NPM.fullmatch(name)}


def build_page(processes, checkout, directory):
    """The page at /docs, below the build directory."""
    processes.run("docs", ["conf/docs/build.sh", f"{directory}/docs",
                           f"{directory}/npm/docs"],
                  seconds=60, env=npm_environment(), cwd=checkout)


def build(processes, settings, targets=("all",), name="build"):
    """`settings`: checkout, and make variables such as BUILD."""
    variables = dict(settings)
    checkout = variables.pop("checkout")
    directory = os.path.join(checkout, variables["BUILD"])
    os.makedirs(directory, exist_ok=True)
    with open(os.path.join(directory, ".lock"), "w",
              encoding="ascii") as lock:
        processes.wait(f"another build in {variables['BUILD']}",
                       lambda: locked(lock), 600)
        processes.run(name, [
            "make", f"-j{os.cpu_count()}", "--no-print-directory",
            *(f"{key}={value}" for key, value in variables.items()),
            *targets], seconds=900, cwd=checkout)


def locked(file):
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except BlockingIOError:
        return False
