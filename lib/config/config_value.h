/*
 * One value of a configuration key: parsed by the key's type and bounds, kept
 * apart until all are known to be right, then stored. Private to lib/config.
 */
#ifndef CONFIG_CONFIG_VALUE_H
#define CONFIG_CONFIG_VALUE_H

#include "config/config.h"
#include "core/arena.h"

/* The member of the key's type counts. */
struct config_value {
	const char *text;
	int64_t integer;
	bool boolean;
};

/* True for the types that have no empty value: empty means the default. */
bool config_value_needed(const struct config_key *key);
/* Parses valid UTF-8 that is not empty; a text is raw itself or lives in the
 * arena. False when the key does not allow it. */
bool config_value_parse(const struct config_key *key, const char *raw,
    struct arena *arena, struct config_value *value);
/* Writes the value to the key's field of *into. */
void config_value_store(
    const struct config_key *key, const struct config_value *value, void *into);

#endif
