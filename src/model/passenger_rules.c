#include "model/passenger_rules.h"

#include <ctype.h>
#include <string.h>

#include "core/clock.h"
#include "core/text.h"

#define NAME_MAX_CHARACTERS 100
#define EMAIL_MAX	    254
#define DOMAIN_LABEL_MAX    63

static bool
is_alnum_ascii(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z');
}

static bool
domain_label_valid(const char *label, size_t len)
{
	if (len == 0 || len > DOMAIN_LABEL_MAX || label[0] == '-' ||
	    label[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_alnum_ascii(label[i]) && label[i] != '-')
			return false;
	}
	return true;
}

static bool
domain_valid(const char *domain, size_t len)
{
	while (len > 0) {
		const char *dot = memchr(domain, '.', len);
		size_t label = dot == NULL ? len : (size_t)(dot - domain);

		if (!domain_label_valid(domain, label))
			return false;
		if (dot == NULL)
			return true;
		domain += label + 1;
		len -= label + 1;
	}
	return false;
}

bool
email_valid(const char *text, size_t len)
{
	const char *at = memchr(text, '@', len);

	if (at == NULL || at == text || len > EMAIL_MAX)
		return false;
	for (const char *c = text; c < at; c++) {
		if (!is_alnum_ascii(*c) &&
		    (*c == '\0' || strchr(".!#$%&'*+/=?^_`{|}~-", *c) == NULL))
			return false;
	}
	return domain_valid(at + 1, len - (size_t)(at + 1 - text));
}

static const char *
check_name(struct arena *arena, const char *text, size_t len, int64_t today_ms,
    const char **stored)
{
	size_t characters;

	(void)today_ms;
	if (text_has_control(text, len))
		return "must not contain control characters";
	text_trim(&text, &len);
	characters = utf8_length(text, len);
	if (characters < 1 || characters > NAME_MAX_CHARACTERS)
		return "must be 1 to 100 characters";
	*stored = arena_copy(arena, text, len);
	return NULL;
}

static const char *
check_email(struct arena *arena, const char *text, size_t len, int64_t today_ms,
    const char **stored)
{
	(void)today_ms;
	if (!email_valid(text, len))
		return "must be an e-mail address of at most 254 characters";
	*stored = arena_copy(arena, text, len);
	return NULL;
}

static const char *
check_phone(struct arena *arena, const char *text, size_t len, int64_t today_ms,
    const char **stored)
{
	size_t digits = len > 1 ? strspn(text + 1, "0123456789") : 0;

	(void)today_ms;
	if (text[0] != '+' || digits < 7 || digits > 15 || digits + 1 != len)
		return "must be + and 7 to 15 digits";
	*stored = arena_copy(arena, text, len);
	return NULL;
}

static const char *
check_birth(struct arena *arena, const char *text, size_t len, int64_t today_ms,
    const char **stored)
{
	int64_t born_ms, first_ms;

	if (clock_parse_date("1900-01-01", &first_ms) != 0 ||
	    clock_parse_date(text, &born_ms) != 0 || born_ms < first_ms ||
	    born_ms > today_ms)
		return "must be a real day YYYY-MM-DD from 1900-01-01 to today";
	*stored = arena_copy(arena, text, len);
	return NULL;
}

static const char *
check_passport(struct arena *arena, const char *text, size_t len,
    int64_t today_ms, const char **stored)
{
	char *upper;

	(void)today_ms;
	if (len < 5 || len > 20)
		return "must be 5 to 20 letters A-Z and digits";
	upper = arena_copy(arena, text, len);
	for (size_t i = 0; i < len; i++) {
		if (!is_alnum_ascii(text[i]))
			return "must be 5 to 20 letters A-Z and digits";
		upper[i] = (char)toupper((unsigned char)text[i]);
	}
	*stored = upper;
	return NULL;
}

const struct passenger_field PASSENGER_FIELDS[PASSENGER_FIELD__COUNT] = {
	{ "first_name", offsetof(struct passenger, first_name), true,
	    check_name },
	{ "last_name", offsetof(struct passenger, last_name), true,
	    check_name },
	{ "email", offsetof(struct passenger, email), false, check_email },
	{ "phone_number", offsetof(struct passenger, phone_number), false,
	    check_phone },
	{ "date_of_birth", offsetof(struct passenger, date_of_birth), false,
	    check_birth },
	{ "passport_number", offsetof(struct passenger, passport_number), false,
	    check_passport },
};

const char **
passenger_field_of(
    struct passenger *passenger, const struct passenger_field *field)
{
	return (const char **)(void *)((char *)passenger + field->offset);
}
