#include "app/places.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"

#define SHARED "/share/booking"

/* Cuts `ending` off. */
static bool
strip(char *path, const char *ending)
{
	size_t len = strlen(path), ending_len = strlen(ending);

	if (len < ending_len || strcmp(path + len - ending_len, ending) != 0)
		return false;
	path[len - ending_len] = '\0';
	return true;
}

static bool
is_directory(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* The prefix that this program is installed under; false in a checkout. */
static bool
find_prefix(char prefix[PATH_MAX])
{
	char shared[PATH_MAX + sizeof(SHARED)];
	ssize_t len = readlink("/proc/self/exe", prefix, PATH_MAX - 1);
	char *name;

	if (len < 0)
		return false;
	prefix[len] = '\0';
	name = strrchr(prefix, '/');
	if (name == NULL)
		return false;
	*name = '\0';
	if (!strip(prefix, "/libexec/booking") && !strip(prefix, "/bin"))
		return false;
	snprintf(shared, sizeof(shared), "%s" SHARED, prefix);
	return is_directory(shared);
}

static void
find_migrations(struct places *places, const char *prefix)
{
	const char *named = getenv("BOOKING_MIGRATIONS");

	if (named != NULL)
		text_copy(
		    places->migrations, sizeof(places->migrations), named);
	else if (prefix != NULL)
		snprintf(places->migrations, sizeof(places->migrations),
		    "%s" SHARED "/migrations", prefix);
	else
		text_copy(places->migrations, sizeof(places->migrations),
		    "sql/migrations");
}

static void
find_env_file(struct places *places, char *prefix)
{
	const char *named = getenv("BOOKING_ENV_FILE");
	struct stat status;

	places->env_file_named = named != NULL;
	places->env_file[0] = '\0';
	if (named != NULL) {
		text_copy(places->env_file, sizeof(places->env_file), named);
	} else if (stat(".env", &status) == 0) {
		text_copy(places->env_file, sizeof(places->env_file), ".env");
	} else if (prefix != NULL) {
		if (!strip(prefix, "/usr/local"))
			strip(prefix, "/usr");
		snprintf(places->env_file, sizeof(places->env_file),
		    "%s/etc/booking/booking.env", prefix);
	}
}

void
places_find(struct places *places)
{
	char prefix[PATH_MAX];
	bool installed = find_prefix(prefix);

	find_migrations(places, installed ? prefix : NULL);
	find_env_file(places, installed ? prefix : NULL);
}
