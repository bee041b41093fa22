#include "db/migration_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NUMBER_DIGITS = 4, FILE_MAX_BYTES = 4 * 1024 * 1024 };

/* One file's name, taken apart. */
struct file_name {
	unsigned number;
	const char *name;
	size_t name_len;
	bool up;
};

static bool
ends_in(const char *text, size_t len, const char *ending)
{
	size_t ending_len = strlen(ending);

	return len >= ending_len &&
	       memcmp(text + len - ending_len, ending, ending_len) == 0;
}

/* "0001_create_bookings.up.sql" */
static bool
parse_name(const char *text, struct file_name *parsed)
{
	static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
	static const char UP[] = ".up.sql";
	static const char DOWN[] = ".down.sql";
	size_t digits = strspn(text, "0123456789");
	size_t len = strlen(text);

	if (digits != NUMBER_DIGITS || text[digits] != '_')
		return false;
	parsed->number = (unsigned)strtoul(text, NULL, 10);
	parsed->name = text + digits + 1;
	parsed->name_len = strspn(parsed->name, LETTERS);
	parsed->up = ends_in(text, len, UP);
	if (!parsed->up && !ends_in(text, len, DOWN))
		return false;
	size_t ending = parsed->up ? sizeof UP - 1 : sizeof DOWN - 1;
	return parsed->name_len > 0 && parsed->name_len <= MIGRATION_NAME_MAX &&
	       digits + 1 + parsed->name_len + ending == len;
}

static int
read_all(int fd, char *out, size_t len)
{
	size_t have = 0;

	while (have < len) {
		ssize_t got = read(fd, out + have, len - have);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return -1;
		have += (size_t)got;
	}
	return 0;
}

static int
read_text(struct arena *arena, const char *folder, const char *file,
    struct migration_text *text, struct err *err)
{
	const char *path = arena_printf(arena, "%s/%s", folder, file);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	int rc = -1;

	if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
		err_set(err, &ERR_INVALID, "%s: cannot be read", path);
		goto out;
	}
	if (status.st_size > FILE_MAX_BYTES) {
		err_set(err, &ERR_INVALID, "%s: over %d bytes", path,
		    FILE_MAX_BYTES);
		goto out;
	}
	size_t len = (size_t)status.st_size;
	char *sql = arena_alloc(arena, len + 1);
	if (read_all(fd, sql, len) != 0) {
		err_set(err, &ERR_INVALID, "%s: cannot be read", path);
		goto out;
	}
	*text = (struct migration_text){
		.file = arena_strdup(arena, file), .sql = sql, .len = len
	};
	rc = 0;
out:
	if (fd >= 0)
		close(fd);
	return rc;
}

/* Names come sorted, so that both files of a number are neighbours. */
static int
add_file(struct arena *arena, const char *folder, const char *file,
    struct migration_file *files, size_t *count, struct err *err)
{
	struct file_name parsed;
	struct migration_file *last = *count == 0 ? NULL : &files[*count - 1];

	if (!parse_name(file, &parsed))
		return err_set(err, &ERR_INVALID,
		    "%s: not named NNNN_name.up.sql or NNNN_name.down.sql",
		    file);
	if (last == NULL || last->number != parsed.number) {
		if (parsed.number != *count + 1)
			return err_set(err, &ERR_INVALID,
			    "%s: the next number is %04zu", file, *count + 1);
		last = &files[(*count)++];
		last->number = parsed.number;
		last->name = arena_copy(arena, parsed.name, parsed.name_len);
	}
	if (strlen(last->name) != parsed.name_len ||
	    memcmp(last->name, parsed.name, parsed.name_len) != 0)
		return err_set(err, &ERR_INVALID,
		    "%s: number %04u is %s already", file, parsed.number,
		    last->name);
	return read_text(
	    arena, folder, file, parsed.up ? &last->up : &last->down, err);
}

static int
check_pairs(struct migration_file *files, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct migration_file *file = &files[i];
		if (file->up.file == NULL || file->down.file == NULL)
			return err_set(err, &ERR_INVALID,
			    "%04u_%s: the %s file is missing", file->number,
			    file->name, file->up.file == NULL ? "up" : "down");
		struct digest digest = digest_of(file->up.sql, file->up.len);
		digest_hex(&digest, file->checksum);
	}
	return 0;
}

static int
is_sql(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       ends_in(entry->d_name, strlen(entry->d_name), ".sql");
}

static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int
migration_files_read(struct arena *arena, const char *folder,
    struct migration_file **files, size_t *count, struct err *err)
{
	struct dirent **names = NULL;
	int found = scandir(folder, &names, is_sql, by_bytes);
	struct migration_file *read_files;
	size_t read_count = 0;
	int rc = 0;

	if (found < 0)
		return err_set(err, &ERR_INVALID, "%s: %s", folder,
		    strerrordesc_np(errno));
	read_files = arena_array(arena, (size_t)found + 1, sizeof *read_files);
	for (int i = 0; i < found; i++) {
		if (rc == 0)
			rc = add_file(arena, folder, names[i]->d_name,
			    read_files, &read_count, err);
		free(names[i]);
	}
	free(names);
	if (rc != 0 || check_pairs(read_files, read_count, err) != 0)
		return -1;
	*files = read_files;
	*count = read_count;
	return 0;
}
