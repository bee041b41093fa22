#include "sandbox/flight_json.h"

#include <string.h>

/* False for what is not a scalar. */
static bool
put_scalar(struct json_out *out, const struct json_value *value)
{
	bool truth;
	size_t len;
	const char *text;

	switch (json_type_of(value)) {
	case JSON_NULL:
		json_put_null(out, NULL);
		return true;
	case JSON_BOOL:
		if (json_bool(value, &truth) != 0)
			return false;
		json_put_bool(out, NULL, truth);
		return true;
	case JSON_INTEGER:
	case JSON_NUMBER:
		json_put_raw(out, NULL, json_number_text(value));
		return true;
	case JSON_STRING:
		text = json_string(value, &len);
		json_put_text_len(out, NULL, text, len);
		return true;
	case JSON_ARRAY:
	case JSON_OBJECT:
		return false;
	}
	return false;
}

static bool
put_array(struct json_out *out, const struct json_value *array)
{
	bool scalars = true;

	json_begin_array(out, NULL);
	for (size_t i = 0; i < json_length(array); i++)
		scalars = put_scalar(out, json_at(array, i)) && scalars;
	json_end_array(out);
	return scalars;
}

/* The value as JSON text; NULL for what a field cannot hold. */
static const char *
text_of(struct arena *arena, const struct json_value *value)
{
	struct json_out out;
	struct buf buf;
	bool known;

	buf_init(&buf, arena, FLIGHT_SEATS_SIZE);
	json_out_init(&out, &buf);
	known = json_type_of(value) == JSON_ARRAY ? put_array(&out, value)
						  : put_scalar(&out, value);
	return known && !buf.failed ? buf.bytes : NULL;
}

static int
override(struct arena *arena, const struct json_value *object, const char *key,
    enum flight_field field, struct flight *flight, struct err *err)
{
	const char *json;

	if (!json_has(object, key))
		return 0;
	json = text_of(arena, json_get(object, key));
	if (json == NULL || flight_set(flight, field, json) != 0)
		return err_set_public(err, &ERR_INVALID,
		    "%s: a scalar or an array of scalars that fits", key);
	return 0;
}

static bool
omit(struct flight *flight, const char *key)
{
	for (unsigned f = 0; f < FLIGHT_FIELD__COUNT; f++)
		for (unsigned s = 0; s < SPELLING__COUNT; s++)
			if (strcmp(key, flight_key((enum flight_field)f,
					    (enum flight_spelling)s)) == 0)
				return flight_set(flight, (enum flight_field)f,
					   "") == 0;
	return false;
}

static int
omit_all(const struct json_value *names, struct flight *flight, struct err *err)
{
	if (json_type_of(names) != JSON_NULL &&
	    json_type_of(names) != JSON_ARRAY)
		return err_set_public(
		    err, &ERR_INVALID, "omit: a list of names of fields");
	for (size_t i = 0; i < json_length(names); i++) {
		const char *name = json_string(json_at(names, i), NULL);

		if (name == NULL || !omit(flight, name))
			return err_set_public(
			    err, &ERR_INVALID, "omit: names of fields");
	}
	return 0;
}

int
flight_override(struct arena *arena, const struct json_value *object,
    struct flight *flight, struct err *err)
{
	for (unsigned f = 0; f < FLIGHT_FIELD__COUNT; f++) {
		enum flight_field field = (enum flight_field)f;

		for (unsigned s = 0; s < SPELLING__COUNT; s++) {
			const char *key =
			    flight_key(field, (enum flight_spelling)s);

			if (override(arena, object, key, field, flight, err) !=
			    0)
				return -1;
		}
	}
	return omit_all(json_get(object, "omit"), flight, err);
}
