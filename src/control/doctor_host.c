/*
 * This machine: settings, secrets, the pool's socket.
 */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/places.h"
#include "control/doctor.h"
#include "core/text.h"

#define SECRET_MIN_BYTES 32
#define SOMAXCONN_FILE	 "/proc/sys/net/core/somaxconn"
#define UNIX_PREFIX	 "unix:"
#define NAMES_BYTES	 4096

static bool
is_production(const struct doctor *doctor)
{
	return strcmp(doctor->settings->environment, "production") == 0;
}

void
check_configuration(struct doctor *doctor)
{
	struct places places;

	places_find(&places);
	doctor_ok(
	    doctor, arena_printf(doctor->arena,
			"the configuration is good (%s; migrations in %s)",
			doctor->settings->environment, places.migrations));
}

/* --- secrets ----------------------------------------------------------------
 */

static void
check_jwt_secret(struct doctor *doctor)
{
	const char *secret = doctor->settings->jwt_secret;

	if (secret[0] == '\0')
		doctor_warn(doctor,
		    "JWT_SECRET is empty: every junk token costs the Auth "
		    "service a call",
		    "set JWT_SECRET to the secret that the Auth service signs "
		    "with");
	else if (strlen(secret) < SECRET_MIN_BYTES ||
		 strncmp(secret, "your-", 5) == 0)
		doctor_fail(doctor,
		    "JWT_SECRET is weak: whoever guesses it is an admin",
		    "set one of at least 32 random bytes (openssl rand -hex "
		    "32) here and in the Auth service");
	else
		doctor_ok(doctor, "JWT_SECRET is long enough");
}

/* A sample password is an open door in production, a habit elsewhere. */
static void
check_sample(
    struct doctor *doctor, bool sample, const char *setting, const char *fix)
{
	const char *what =
	    arena_printf(doctor->arena, "%s holds a sample password", setting);

	if (!sample)
		doctor_ok(doctor, arena_printf(doctor->arena,
				      "%s holds no sample password", setting));
	else if (is_production(doctor))
		doctor_fail(doctor, what, fix);
	else
		doctor_warn(doctor, what, fix);
}

static bool
is_sample_password(const char *password)
{
	static const char *const SAMPLES[] = { "secure_password", "password",
		"secret", "root", "changeme", "booking" };

	for (size_t i = 0; i < ARRAY_LEN(SAMPLES); i++) {
		if (strcmp(password, SAMPLES[i]) == 0)
			return true;
	}
	return false;
}

void
check_secrets(struct doctor *doctor)
{
	const struct settings *settings = doctor->settings;

	check_jwt_secret(doctor);
	check_sample(doctor, is_sample_password(settings->db_password),
	    "DB_PASSWORD", "give the database user a password of its own");
	check_sample(doctor,
	    strstr(settings->rabbitmq_url, "://guest:guest@") != NULL,
	    "RABBITMQ_URL",
	    "make a user for the service (rabbitmqctl add_user, "
	    "set_permissions) and delete guest");
}

/* --- the pool's socket ------------------------------------------------------
 */

/* The path of the unix socket; NULL: there is none to look at. */
static const char *
socket_path(const struct doctor *doctor)
{
	const char *listen = doctor->settings->pool_listen;

	if (doctor->socket != NULL)
		return doctor->socket;
	if (strncmp(listen, UNIX_PREFIX, sizeof(UNIX_PREFIX) - 1) == 0)
		return listen + sizeof(UNIX_PREFIX) - 1;
	return listen[0] == '\0' ? PLACE_POOL_SOCKET : NULL;
}

static const char *
user_name(struct arena *arena, uid_t id)
{
	char *texts = arena_alloc(arena, NAMES_BYTES);
	struct passwd entry, *found = NULL;

	getpwuid_r(id, &entry, texts, NAMES_BYTES, &found);
	return found != NULL ? found->pw_name
			     : arena_printf(arena, "%lu", (unsigned long)id);
}

static const char *
group_name(struct arena *arena, gid_t id)
{
	char *texts = arena_alloc(arena, NAMES_BYTES);
	struct group entry, *found = NULL;

	getgrgid_r(id, &entry, texts, NAMES_BYTES, &found);
	return found != NULL ? found->gr_name
			     : arena_printf(arena, "%lu", (unsigned long)id);
}

/* "user booking, group www-data". */
static const char *
who_may_connect(struct arena *arena, const struct stat *status)
{
	const char *user = user_name(arena, status->st_uid);

	if ((status->st_mode & S_IWOTH) != 0)
		return "everybody";
	if ((status->st_mode & S_IWGRP) == 0)
		return arena_printf(arena, "user %s", user);
	return arena_printf(arena, "user %s, group %s", user,
	    group_name(arena, status->st_gid));
}

/* 0, or errno. */
static int
try_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, error = 0;

	text_copy(address.sun_path, sizeof(address.sun_path), path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address,
			  sizeof(address)) != 0)
		error = errno;
	if (fd >= 0)
		close(fd);
	return error;
}

static void
check_who(struct doctor *doctor, const char *path, const struct stat *status)
{
	struct arena *arena = doctor->arena;
	const char *what =
	    arena_printf(arena, "the pool's socket %s lets %s connect", path,
		who_may_connect(arena, status));

	if ((status->st_mode & S_IWOTH) != 0)
		doctor_warn(doctor, what,
		    "make it 0660: who can connect can pose as the web "
		    "server");
	else if ((status->st_mode & S_IWGRP) == 0)
		doctor_warn(doctor, what,
		    "make it 0660 with the web server's group (SocketGroup= "
		    "of booking.socket)");
	else
		doctor_ok(doctor, what);
}

void
check_socket(struct doctor *doctor)
{
	struct arena *arena = doctor->arena;
	const char *path = socket_path(doctor);
	struct stat status;
	int error;

	if (path == NULL)
		return;
	if (stat(path, &status) != 0 || !S_ISSOCK(status.st_mode)) {
		doctor_fail(doctor,
		    arena_printf(
			arena, "the pool's socket %s is not there", path),
		    "start the pool (systemctl start booking.socket "
		    "booking.service), or name its socket: --socket PATH");
		return;
	}
	check_who(doctor, path, &status);
	error = try_connect(path);
	if (error == EAGAIN)
		doctor_fail(doctor, "the pool's queue is full",
		    "look at bookingctl pool status: more workers, or what "
		    "they wait for");
	else if (error == EACCES)
		doctor_warn(doctor, "this user may not connect to it",
		    "run the doctor as the web server's user to see what that "
		    "sees");
	else if (error != 0)
		doctor_fail(doctor,
		    arena_printf(arena, "nobody listens on %s: %s", path,
			strerror(error)),
		    "start the pool");
	else
		doctor_ok(doctor, "the pool's socket takes connections");
}

void
check_backlog(struct doctor *doctor)
{
	FILE *file = fopen(SOMAXCONN_FILE, "re");
	long long backlog = doctor->settings->pool_backlog;
	int64_t limit = 0;
	char line[32] = "";

	if (file != NULL && fgets(line, sizeof(line), file) != NULL)
		line[strcspn(line, "\n")] = '\0';
	if (text_parse_int(line, 0, INT64_MAX, &limit) != 0)
		doctor_warn(doctor, "cannot read " SOMAXCONN_FILE,
		    "mount /proc whole (ProcSubset=all)");
	else if (backlog > limit)
		doctor_warn(doctor,
		    arena_printf(doctor->arena,
			"POOL_BACKLOG %lld is above net.core.somaxconn: only "
			"%lld connections can wait",
			backlog, (long long)limit),
		    arena_printf(doctor->arena,
			"sysctl -w net.core.somaxconn=%lld, and in "
			"/etc/sysctl.d",
			backlog));
	else
		doctor_ok(doctor,
		    arena_printf(doctor->arena,
			"%lld connections can wait for a worker", backlog));
	if (file != NULL)
		fclose(file);
}
