"""make test-systemd: the units of conf/systemd under a real systemd."""
