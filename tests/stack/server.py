"""What differs between a MariaDB and a MySQL that are started privately."""

import os
import shutil

from .process import Failure

# No file of the machine's own server is read.
NO_DEFAULTS = "--no-defaults"


class MariaDB:
    name = "mariadb"
    program = "mariadbd"
    client = "mariadb"
    options = ("--innodb-log-file-size=64M",)
    # Whoever reaches the socket, in a directory of ours alone, may be root;
    # whoever reaches the port may not.
    secure = ("DELETE FROM mysql.global_priv"
              " WHERE user = 'root' AND host <> 'localhost';"
              " FLUSH PRIVILEGES;")

    @staticmethod
    def install(data):
        # As root the script would hand a directory of the installed package
        # to the database's user, unless it runs for a package manager.
        as_root = ["--user=root", "--rpm"] if os.geteuid() == 0 else []
        # A server that starts removes temporary tables from its directory
        # for them, those of others as well.
        return ["mariadb-install-db", NO_DEFAULTS, f"--datadir={data}",
                f"--tmpdir={os.path.dirname(data)}",
                "--auth-root-authentication-method=normal", "--skip-test-db",
                "--skip-name-resolve", "--innodb-log-file-size=64M", *as_root]


class MySQL:
    name = "mysql"
    program = "mysqld"
    client = "mysql"
    # Without its second protocol's port, without a log for replicas, and
    # without the directory that the package keeps for files to load.
    options = ("--mysqlx=OFF", "--skip-log-bin", "--secure-file-priv=NULL",
               "--loose-innodb-redo-log-capacity=128M")
    # There is no root but the one at localhost.
    secure = ""

    @staticmethod
    def install(data):
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        return ["mysqld", NO_DEFAULTS, "--initialize-insecure",
                f"--datadir={data}",
                f"--tmpdir={os.path.dirname(data)}",
                "--secure-file-priv=NULL", *as_root]


# Where servers are, for a user whose PATH leaves them out.
SYSTEM_PATH = "/usr/sbin:/sbin"
KINDS = {kind.name: kind for kind in (MariaDB, MySQL)}


def chosen():
    """The kind that DB_SERVER names; without it the one that is installed,
    MariaDB first."""
    name = os.environ.get("DB_SERVER")
    if name and name not in KINDS:
        raise Failure(f"DB_SERVER={name}: {' or '.join(KINDS)}")
    wanted = [KINDS[name]] if name else KINDS.values()
    for kind in wanted:
        if installed(kind):
            return kind
    raise Failure(f"{' and '.join(kind.program for kind in wanted)}:"
                  " not installed")


def installed(kind):
    """Not under the other's name: MariaDB calls itself mysqld as well."""
    found = shutil.which(kind.program, path=os.environ.get("PATH", "") + ":"
                         + SYSTEM_PATH)
    return found and os.path.basename(
        os.path.realpath(found)) == kind.program
