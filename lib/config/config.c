#include "config/config.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "config/config_value.h"
#include "config/dotenv.h"
#include "core/arena.h"
#include "core/text.h"

#define FILE_MAX_BYTES ((size_t)1024 * 1024)
#define VALUES_CAP     ((size_t)16 * 1024 * 1024)
#define NAME_SHOWN_MAX 64
#define NEAR_MAX_EDITS 2

struct config_values {
	struct arena *arena;
};

/* Where a key's value comes from, as it is written there. */
struct setting {
	const char *raw;
	enum { FROM_DEFAULT, FROM_FILE, FROM_ENV } origin;
	unsigned line;
	bool wrong; /* or not known, because of a mistake in the file */
};

struct loader {
	const struct config_table *table;
	const char *file;
	struct arena *arena;
	struct setting *settings; /* one for each key, and so are the values */
	struct config_value *values;
	FILE *problems;
	size_t problem_count;
};

/* --- problems: nothing of a value is ever repeated in one ------------- */

static void
begin_line_problem(struct loader *loader, unsigned line, const char *name)
{
	loader->problem_count++;
	fprintf(loader->problems, "%s: line %u: ", loader->file, line);
	if (name != NULL && strlen(name) <= NAME_SHOWN_MAX)
		fprintf(loader->problems, "%s: ", name);
}

static void
begin_problem(struct loader *loader, size_t key)
{
	const struct setting *setting = &loader->settings[key];
	const char *name = loader->table->keys[key].name;

	if (setting->origin == FROM_FILE) {
		begin_line_problem(loader, setting->line, name);
		return;
	}
	loader->problem_count++;
	fprintf(loader->problems, "%s: %s: ",
	    setting->origin == FROM_ENV || setting->raw[0] == '\0'
		? "environment"
		: "default",
	    name);
}

static void
problem(struct loader *loader, size_t key, const char *text)
{
	begin_problem(loader, key);
	fprintf(loader->problems, "%s\n", text);
	loader->settings[key].wrong = true;
}

static void
problem_allowed(struct loader *loader, size_t key)
{
	begin_problem(loader, key);
	fputs("must be ", loader->problems);
	config_print_allowed(&loader->table->keys[key], loader->problems);
	fputc('\n', loader->problems);
	loader->settings[key].wrong = true;
}

/* --- values ----------------------------------------------------------- */

static void
parse_setting(struct loader *loader, size_t index)
{
	const struct config_key *key = &loader->table->keys[index];
	const char *raw = loader->settings[index].raw;
	size_t len;

	if (raw[0] == '\0' && config_value_needed(key))
		raw = key->fallback;
	len = strlen(raw);
	if (len == 0) {
		loader->values[index].text = raw;
		if (key->flags & CONFIG_REQUIRED)
			problem(loader, index, "must not be empty");
	} else if (!utf8_valid(raw, len) || text_has_control(raw, len)) {
		problem(
		    loader, index, "must be UTF-8 without control characters");
	} else if (!config_value_parse(
		       key, raw, loader->arena, &loader->values[index])) {
		problem_allowed(loader, index);
	}
}

/* --- names ------------------------------------------------------------ */

static size_t
find_key(const struct config_table *table, const char *name, size_t len)
{
	size_t i = 0;

	while (
	    i < table->count && (strncmp(table->keys[i].name, name, len) != 0 ||
				    table->keys[i].name[len] != '\0'))
		i++;
	return i;
}

static size_t
smallest(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;

	return c < least ? c : least;
}

/* Letters to change, add or take away to make a into b, in any case. Both are
 * at most NAME_SHOWN_MAX long. */
static size_t
edits_between(const char *a, const char *b)
{
	size_t row[NAME_SHOWN_MAX + 1];
	size_t b_len = strlen(b);

	for (size_t j = 0; j <= b_len; j++)
		row[j] = j;
	for (size_t i = 0; a[i] != '\0'; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < b_len; j++) {
			bool same = strncasecmp(a + i, b + j, 1) == 0;
			size_t above = row[j + 1];

			row[j + 1] =
			    smallest(above + 1, row[j] + 1, diagonal + !same);
			diagonal = above;
		}
	}
	return row[b_len];
}

/* The known name that was probably meant, or NULL. */
static const char *
nearest_name(const struct config_table *table, const char *name)
{
	const char *nearest = NULL;
	size_t least = NEAR_MAX_EDITS + 1;

	for (size_t i = 0; i < table->count; i++) {
		const char *known = table->keys[i].name;
		size_t edits;

		if (strlen(name) > NAME_SHOWN_MAX ||
		    strlen(known) > NAME_SHOWN_MAX)
			continue;
		edits = edits_between(name, known);
		if (edits < least) {
			least = edits;
			nearest = known;
		}
	}
	return nearest;
}

/* --- the file and the environment ------------------------------------- */

static void
unknown_name(struct loader *loader, const struct dotenv_entry *entry)
{
	const char *nearest = nearest_name(loader->table, entry->name);

	begin_line_problem(loader, entry->line, entry->name);
	fputs("is not a known setting", loader->problems);
	if (nearest != NULL)
		fprintf(loader->problems, "; did you mean %s?", nearest);
	fputc('\n', loader->problems);
}

static void
take_entry(struct loader *loader, const struct dotenv_entry *entry)
{
	const struct config_table *table = loader->table;
	size_t key = entry->name == NULL
			 ? table->count
			 : find_key(table, entry->name, strlen(entry->name));
	struct setting *setting = &loader->settings[key];

	if (entry->problem != NULL) {
		begin_line_problem(loader, entry->line, entry->name);
		fprintf(loader->problems, "%s\n", entry->problem);
		setting->wrong = true;
	} else if (key == table->count) {
		assert(entry->name != NULL); /* or there is a problem */
		unknown_name(loader, entry);
	} else if (setting->origin == FROM_FILE) {
		begin_line_problem(loader, entry->line, entry->name);
		fprintf(loader->problems, "is set already in line %u\n",
		    setting->line);
		setting->wrong = true;
	} else {
		setting->raw = entry->value;
		setting->origin = FROM_FILE;
		setting->line = entry->line;
	}
}

/* Reads at most `size` bytes. Returns how many, or -1. */
static ssize_t
read_all(int fd, char *out, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t got = read(fd, out + len, size - len);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		len += (size_t)got;
	}
	return (ssize_t)len;
}

/* What the file would have set is not known then. */
static void
file_problem(struct loader *loader, const char *what)
{
	loader->problem_count++;
	fprintf(loader->problems, "%s: %s\n", loader->file, what);
	for (size_t i = 0; i < loader->table->count; i++)
		loader->settings[i].wrong = true;
}

static void
take_file(struct loader *loader)
{
	char *text = arena_alloc(loader->arena, FILE_MAX_BYTES + 2);
	int fd = open(loader->file, O_RDONLY | O_CLOEXEC);
	struct dotenv dotenv;
	struct dotenv_entry entry;
	ssize_t len;

	if (fd < 0 && errno == ENOENT)
		return;
	len = fd < 0 ? -1 : read_all(fd, text, FILE_MAX_BYTES + 1);
	if (len < 0)
		file_problem(loader, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	if (len < 0)
		return;
	if ((size_t)len > FILE_MAX_BYTES) {
		file_problem(loader, "is larger than 1 MiB");
		return;
	}
	dotenv_open(&dotenv, text, (size_t)len);
	while (dotenv_next(&dotenv, &entry))
		take_entry(loader, &entry);
}

/* Of a name that is there twice the first counts, as for getenv(3). */
static void
take_environment(struct loader *loader, char *const env[])
{
	for (; env != NULL && *env != NULL; env++) {
		size_t name_len = strcspn(*env, "=");
		size_t key = find_key(loader->table, *env, name_len);
		struct setting *setting = &loader->settings[key];

		if ((*env)[name_len] == '\0' || key == loader->table->count ||
		    setting->origin == FROM_ENV)
			continue;
		*setting = (struct setting){
			.raw = arena_strdup(loader->arena, *env + name_len + 1),
			.origin = FROM_ENV,
		};
	}
}

static void
store_all(const struct loader *loader, void *into)
{
	for (size_t i = 0; i < loader->table->count; i++)
		config_value_store(
		    &loader->table->keys[i], &loader->values[i], into);
}

/* --- rules over several settings ---------------------------------------- */

static size_t
key_read(const struct loader *loader, const struct config_rule *rule, size_t i)
{
	const char *name = rule->reads[i];
	size_t key = find_key(loader->table, name, strlen(name));

	assert(key < loader->table->count);
	return key;
}

/* Whether all that the rule reads is right by itself. */
static bool
rule_applies(const struct loader *loader, const struct config_rule *rule)
{
	for (size_t i = 0; i < CONFIG_RULE_MAX_KEYS && rule->reads[i] != NULL;
	     i++)
		if (loader->settings[key_read(loader, rule, i)].wrong)
			return false;
	return true;
}

static void
check_rules(struct loader *loader)
{
	const struct config_table *table = loader->table;
	void *judged;

	if (table->rule_count == 0)
		return;
	judged = arena_alloc(loader->arena, table->size);
	store_all(loader, judged);
	for (size_t i = 0; i < table->rule_count; i++) {
		const struct config_rule *rule = &table->rules[i];

		if (!rule_applies(loader, rule) || !rule->broken(judged))
			continue;
		begin_problem(loader, key_read(loader, rule, 0));
		fprintf(loader->problems, "%s\n", rule->problem);
	}
}

/* --- the whole -------------------------------------------------------- */

int
config_load(const struct config_table *table, const char *env_file,
    char *const env[], void *into, struct config_values **values,
    FILE *problems)
{
	struct arena *arena = arena_create(VALUES_CAP);
	struct config_values *owner = arena_alloc(arena, sizeof(*owner));
	struct loader loader = {
		.table = table,
		.file = env_file,
		.arena = arena,
		.settings = arena_array(
		    arena, table->count + 1, sizeof(struct setting)),
		.values = arena_array(
		    arena, table->count, sizeof(struct config_value)),
		.problems = problems,
	};

	for (size_t i = 0; i < table->count; i++)
		loader.settings[i].raw = table->keys[i].fallback;
	if (env_file != NULL)
		take_file(&loader);
	take_environment(&loader, env);
	for (size_t i = 0; i < table->count; i++)
		parse_setting(&loader, i);
	check_rules(&loader);
	if (loader.problem_count > 0) {
		arena_free(arena);
		return -1;
	}
	store_all(&loader, into);
	owner->arena = arena;
	*values = owner;
	return 0;
}

void
config_release(struct config_values *values)
{
	if (values != NULL)
		arena_free(values->arena);
}
