/*
 * What a passenger's fields must look like (contract section 2), as a table
 * that creating and editing share.
 */
#ifndef MODEL_PASSENGER_RULES_H
#define MODEL_PASSENGER_RULES_H

#include "core/arena.h"
#include "model/booking.h"

/* Checks one text (valid UTF-8) and gives its stored form. Returns NULL, or a
 * sentence for the client ("must be ..."). today_ms is the current day. */
typedef const char *passenger_rule(struct arena *arena, const char *text,
    size_t len, int64_t today_ms, const char **stored);

struct passenger_field {
	const char *name;
	size_t offset; /* of the const char * in struct passenger */
	bool required;
	passenger_rule *rule;
};

#define PASSENGER_FIELD__COUNT 6
extern const struct passenger_field PASSENGER_FIELDS[PASSENGER_FIELD__COUNT];

/* The field's place in a passenger. */
const char **passenger_field_of(
    struct passenger *passenger, const struct passenger_field *field);
/* WHATWG's grammar of a valid e-mail address, up to 254 characters. */
bool email_valid(const char *text, size_t len);

#endif
