"""python3 -m bench: measures the service that `make run` starts, on a private
stack of its own. docs/performance.md says how to read what it prints."""

import argparse
import concurrent.futures
import contextlib
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
import time

from api.support.store import Store
from stack.build import build
from stack.ports import Port
from stack.process import Failure
from stack.progress import Progress
from stack.stack import Stack, basic_environment

from . import instructions, load, table
from .cpu import Children, Usage
from .parts import (CHECKOUT, LISTER, USERS, Ceiling, Pool,
                    components, write_tokens)
from .proof import Ledger

BUILD = os.environ.get("BUILD") or "build"
PASSENGERS = 2
SEEDED_USER = "user-1"
FLIGHTS, SEATS = 200, 600
HOT_SEATS = 30000
LISTED = 1000
GOT = 2000
CACHES = {"off": "0", "on": "30"}
# What load.lua sends, in percent.
SCENARIOS = {
    "create": {"create": 100}, "hot": {"create": 100}, "get": {"get": 100},
    "list": {"list": 100}, "mixed": {"get": 70, "list": 20, "create": 10},
    "seats": {"seats": 100}, "cursor": {"cursor": 100},
}
CREATES = ("create", "hot", "mixed")
GROWTH = (1000, 100000, 1000000)
# A list by cursor is of a user whose bookings grow with all others.
GROWING = ("create", "get", "cursor")
SCALING = (1, 2, 4, 8, 12, 16, 24, 32, 64)


def cache_settings(caches):
    return {"AUTH_CACHE_SECONDS": CACHES[caches],
            "FLIGHT_CACHE_SECONDS": CACHES[caches]}


class Bench:
    def __init__(self, options, directory, progress):
        self.options = options
        self.progress = progress
        self.programs = os.path.join(CHECKOUT, BUILD, "bin")
        self.environment = basic_environment()
        self.directory = directory
        self.stack = Stack(CHECKOUT, directory, {
            **self.environment, "LOG_LEVEL": "info"}, Port(),
            programs=os.path.join(BUILD, "bin"))
        self.runs = []
        self.instructions = {}
        self.targets = {}
        self.label = None
        self._ledger = self._store = self._ceiling = None
        self._serial = 0

    # --- the stage -----------------------------------------------------------

    def open(self):
        build(self.stack.processes, {"checkout": CHECKOUT, "BUILD": BUILD},
              ("all", "bench-programs"))
        self.stack.start(self.progress)
        # Its web server stays: it is the sandbox's. The measured pools have
        # their own.
        self.stack.service.stop_pool()
        self._store = Store(self.stack.database.socket,
                            self.stack.settings["DB_NAME"])
        self._ledger = Ledger(self._store, self.stack.settings["RABBITMQ_URL"])
        self._ceiling = Ceiling(self.stack, self.programs, self.environment,
                                self.options.processes)
        write_tokens(self._path("tokens"), self.stack.settings["JWT_SECRET"])

    def close(self):
        if self._ledger:
            with contextlib.suppress(Exception):
                self._ledger.close()
        self.stack.stop()

    def add_pool(self, name, caches, workers=None):
        pool = Pool(self.stack, self.programs, self.environment, name,
                    cache_settings(caches), workers)
        pool.start()
        self.targets[name] = pool
        return pool

    def drop_pool(self, name):
        self.targets.pop(name).stop()

    def prepare(self):
        """Bookings to get and to list, and caches that are warm."""
        pool = next(iter(self.targets.values()))
        with self.progress.step("data"):
            self._fill(pool, GOT, created=self._path("bookings"))
            self._fill(pool, LISTED, lister=LISTER)
            for other in self.targets.values():
                self._load(other, 8, count=200, get=100,
                           bookings=self._path("bookings"))

    def _fill(self, pool, count, **more):
        counts = self._load(
            pool, 8, count=count, create=100, flight=self._new_flights(SEATS),
            flights=FLIGHTS, in_turn=1, **more)
        if load.errors(counts):
            raise Failure(f"bookings to measure with were refused: {counts}")

    # --- one run -------------------------------------------------------------

    def _path(self, name):
        return os.path.join(self.directory, name)

    def _new_flights(self, seats):
        """A format of flights that nobody booked yet."""
        self._serial += 1
        return f"F{seats}-b{self._serial}-%04d"

    def _load(self, pool, connections, **arguments):
        self._serial += 1
        return load.run(self.stack.processes, pool.url, connections, **{
            "tokens": self._path("tokens"), "users": USERS,
            "passengers": PASSENGERS, "salt": f"s{self._serial}",
            **arguments})

    def _arguments(self, scenario, pool):
        """What load.lua needs for the scenario; its flights are stored."""
        arguments = dict(SCENARIOS[scenario])
        if scenario == "hot":
            arguments.update(flight=self._new_flights(HOT_SEATS), flights=1)
        elif scenario in ("create", "mixed", "seats"):
            arguments.update(flight=self._new_flights(SEATS), flights=FLIGHTS)
        if "get" in arguments:
            arguments["bookings"] = self._path("bookings")
        if "list" in arguments:
            arguments["lister"] = LISTER
        if "cursor" in arguments:
            arguments["lister"] = SEEDED_USER
        if "flight" in arguments:
            self._load(pool, 4, create=100, in_turn=1,
                       count=arguments["flights"],
                       flights=arguments["flights"],
                       flight=arguments["flight"])
        return arguments

    def run_load(self, scenario, name, connections, called=None):
        """`called`: a name for the scenario in what is shown."""
        pool = self.targets[name]
        arguments = self._arguments(scenario, pool)
        creates = scenario in CREATES
        if creates:
            self._ledger.open()
            arguments["created"] = self._path("created")
        usage = Usage(components(self.stack, pool))
        used = Children()
        counts = self._load(pool, connections, seconds=self.options.seconds,
                            **arguments)
        spent, busy, others = usage.spent(used.spent())
        good = max(load.good(counts), 1)
        run = {"rate": good / counts["seconds"],
               "errors": load.errors(counts), "late": counts["late"],
               "p50_ms": counts["p50_ms"], "p99_ms": counts["p99_ms"],
               "statuses": counts["statuses"], "wrong": [],
               "worker_mib": pool.worker_mib()}
        if creates:
            with open(arguments["created"], encoding="ascii") as lines:
                ids = [line.split()[0] for line in lines]
            run["wrong"] = self._ledger.check(
                counts["statuses"].get("201", 0), PASSENGERS, ids)
        if counts["answered"] != counts["sent"]:
            run["wrong"].append(f"{counts['sent'] - counts['answered']}"
                                " requests without an answer")
        return self._note(run, called or scenario, name, connections, good,
                          (spent, busy, others))

    def run_ceiling(self, scenario, connections):
        flights, seats = (1, HOT_SEATS) if scenario == "hot" else (
            FLIGHTS, SEATS)
        self._serial += 1
        prefix = f"c{self._serial}"
        self._ceiling.run(1, flights, seats, prefix)
        self._ledger.open()
        usage = Usage(components(self.stack))
        used = Children()
        counts = self._ceiling.run(self.options.seconds, flights, seats,
                                   prefix)
        spent, busy, others = usage.spent(0.0)
        spent["workers"] = used.spent()
        wrong = self._ledger.check(counts["booked"], PASSENGERS)
        run = {"rate": counts["booked"] / counts["seconds"],
               "errors": counts["failed"], "late": counts["late"],
               "p50_ms": counts["p50_ms"], "p99_ms": counts["p99_ms"],
               "wrong": wrong}
        return self._note(run, scenario, "ceiling", connections,
                          max(counts["booked"], 1), (spent, busy, others))

    def _note(self, run, scenario, target, connections, good, usage):
        spent, busy, others = usage
        run.update(scenario=scenario, target=target, connections=connections,
                   label=self.label, busy=busy, others=others,
                   cpu_us={name: seconds * 1e6 / good
                           for name, seconds in spent.items()})
        self.runs.append(run)
        used = " ".join(f"{name} {run['cpu_us'][name]:.0f}"
                        for name in table.COMPONENTS
                        if run["cpu_us"].get(name))
        self.progress.line(
            f"  {scenario:<7} {target:<8} {connections:>3} conn "
            f"{run['rate']:7.0f}/s  p50 {run['p50_ms']:7.2f}  p99 "
            f"{run['p99_ms']:7.2f} ms  errors {run['errors']}  us: {used}  "
            f"others {others:.0%}"
            + (f"  NOT PROVED: {'; '.join(run['wrong'])}" if run["wrong"]
               else ""))
        return run

    # --- what can be asked for -----------------------------------------------

    def compare(self):
        """Every scenario, the ceiling and the pools in turn."""
        options = self.options
        for caches in options.caches:
            self.add_pool(caches, caches)
        self.prepare()
        cells = [(scenario, connections) for _ in range(options.rounds)
                 for scenario in options.scenarios
                 for connections in options.connections]
        for number, (scenario, connections) in enumerate(cells, 1):
            with self.progress.step(f"{number} of {len(cells)}: {scenario}, "
                                    f"{connections} connections"):
                if scenario in ("create", "hot"):
                    self.run_ceiling(scenario, connections)
                for name in self.targets:
                    self.run_load(scenario, name, connections)

    def scale(self):
        """Creates and gets by workers: alone, and a few gets while creates
        keep the machine busy."""
        for _ in range(self.options.rounds):
            for workers in SCALING:
                for caches in self.options.caches:
                    name = f"{caches} {workers}"
                    self.add_pool(name, caches, workers)
                    if not os.path.exists(self._path("bookings")):
                        self.prepare()
                    for scenario in ("create", "get"):
                        self.run_load(scenario, name, 64)
                    with self._creating(self.targets[name]):
                        self.run_load("get", name, 4, "get beside creates")
                    self.drop_pool(name)

    @contextlib.contextmanager
    def _creating(self, pool):
        """Creates of 60 connections, until well after a run's end."""
        arguments = self._arguments("create", pool)
        with concurrent.futures.ThreadPoolExecutor(1) as side:
            creates = side.submit(self._load, pool, 60, **arguments,
                                  seconds=self.options.seconds + 3)
            yield
        if load.errors(creates.result()):
            raise Failure(f"creates beside gets failed: {creates.result()}")

    def grow(self):
        """The same on more and more bookings."""
        for caches in self.options.caches:
            self.add_pool(caches, caches)
        self.prepare()
        rows = 0
        for size in GROWTH:
            with self.progress.step(f"{size} bookings"):
                self.stack.service.control(
                    "seed", "--bookings", str(size), seconds=1800)
                rows = size
            self._sample_seeded(rows)
            for _ in range(self.options.rounds):
                for caches in self.options.caches:
                    for scenario in GROWING:
                        run = self.run_load(scenario, caches, 8)
                        run["target"] = f"{caches} {size}"

    def count_instructions(self):
        """Of a worker for one request, by scenario."""
        if not self.targets:
            self.add_pool("plain", "on")
            self.prepare()
        for scenario in instructions.SCENARIOS:
            for caches in self.options.caches:
                name = f"{scenario}, caches {caches}"
                with self.progress.step(f"instructions: {name}"):
                    few, many = (
                        self._executed(scenario, caches, count)
                        for count in (instructions.FEW, instructions.MANY))
                self.instructions[name] = (many - few) / (
                    instructions.MANY - instructions.FEW)

    def _executed(self, scenario, caches, count):
        """Instructions of a new pool's worker for `count` requests and what
        comes before and after them."""
        directory = tempfile.mkdtemp(dir=self.directory)
        pool = Pool(self.stack, self.programs, self.environment, "counted",
                    {**instructions.PATIENT, **cache_settings(caches)}, 1,
                    instructions.command(directory))
        pool.start()
        try:
            counts = self._load(pool, 1, count=count,
                                **self._arguments(scenario, pool))
        finally:
            pool.stop()
        if load.errors(counts):
            raise Failure(f"requests under callgrind failed: {counts}")
        return instructions.executed(directory, pool.roots()["workers"][0])

    def _sample_seeded(self, size):
        """Bookings all over the table, to get."""
        step = max(1, size // 5000)
        rows = self._store.query(
            "SELECT LOWER(HEX(id)) id, user_id FROM bookings"
            " WHERE flight_id LIKE 'SEED-%%'"
            " AND MOD(CRC32(id), %s) = 0 LIMIT 5000", step)
        with open(self._path("bookings"), "w", encoding="ascii") as out:
            for row in rows:
                h = row["id"]
                out.write(f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
                          f" {row['user_id']}\n")


def conditions():
    with open("/proc/cpuinfo", encoding="utf-8") as cpus:
        model = next((line.partition(":")[2].strip() for line in cpus
                      if line.startswith("model name")), "unknown")
    return {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "processors": os.cpu_count(), "model": model,
            "kernel": platform.release(), "load": os.getloadavg()[0]}


def parse(arguments):
    def listed(allowed):
        def split(text):
            words = text.split(",")
            unknown = [word for word in words if word not in allowed]
            if unknown:
                raise argparse.ArgumentTypeError(
                    f"{', '.join(unknown)}: choose from {', '.join(allowed)}")
            return words
        return split

    def numbers(text):
        return [int(word) for word in text.split(",")]

    parser = argparse.ArgumentParser(prog="make bench BENCH='...'",
                                     description=__doc__)
    add = parser.add_argument
    add("--quick", action="store_true", help="about a minute: 8 and 32 "
        "connections, one round of short runs")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--scaling", action="store_true",
                      help="creates and gets by the number of workers")
    kind.add_argument("--growth", action="store_true",
                      help="on a thousand, a hundred thousand, a million")
    kind.add_argument("--instructions", action="store_true",
                      help="of a worker for a request, beside their budget")
    add("--scenarios", type=listed(tuple(SCENARIOS)),
        default=[name for name in SCENARIOS if name != "cursor"],
        help=",".join(SCENARIOS))
    add("--conc", dest="connections", type=numbers, default=[1, 8, 32, 128])
    add("--caches", type=listed(tuple(CACHES)), default=list(CACHES),
        help="off,on: of tokens and flights")
    add("--rounds", type=int, default=3)
    add("--seconds", type=int, default=3, help="of each run")
    add("--processes", type=int, default=8, help="of the ceiling program")
    add("--json", metavar="FILE", help="writes everything that was measured")
    options = parser.parse_args(arguments)
    if options.quick:
        options.connections = [8, 32]
        options.rounds, options.seconds = 1, 1
    return options


def measure(options, progress):
    directory = tempfile.mkdtemp(prefix="booking-bench-")
    bench = Bench(options, directory, progress)
    told = conditions()
    try:
        with progress.step("stack"):
            bench.open()
        if options.scaling:
            bench.scale()
        elif options.growth:
            bench.grow()
        elif options.instructions:
            bench.count_instructions()
        else:
            bench.compare()
            if not options.quick:
                bench.count_instructions()
    finally:
        bench.close()
        shutil.rmtree(directory, ignore_errors=True)
    return {"conditions": told, "settings": vars(options),
            "instructions": bench.instructions,
            "rows": table.summarize(bench.runs), "runs": bench.runs}


def tables(result):
    if result["rows"]:
        yield table.markdown(result["rows"])
    if result["instructions"]:
        yield instructions.markdown(result["instructions"])


def main(arguments):
    options = parse(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Progress() as progress:
            result = measure(options, progress)
    except Failure as failure:
        print(f"\nmake bench: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmake bench: stopped", file=sys.stderr)
        return 130
    for text in tables(result):
        print("\n" + text)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as out:
            json.dump(result, out, indent=1)
            out.write("\n")
    wrong = instructions.over_budget(result["instructions"])
    if not all(row["proved"] for row in result["rows"]):
        wrong.append("What was not proved has no figure.")
    for line in wrong:
        print(f"\nmake bench: {line}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
