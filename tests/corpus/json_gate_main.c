/*
 * Judges documents: reads "LENGTH\n" and that many bytes, over and over, and
 * prints one line for each: what the gate says under the switches for RFC
 * conformance, a tab, and what json_parse says. "ok" or the complaint.
 */
#include <stdio.h>
#include <stdlib.h>

#include "json/json_gate.h"
#include "json/json_in.h"

#define ARENA_BYTES (64 << 20)

static const char *
verdict(int outcome, const struct err *err)
{
	if (outcome == 0)
		return "ok";
	return err_is(err, &ERR_INVALID) ? err->details : "defect";
}

static void
judge(struct arena *arena, const char *text, size_t len)
{
	static const struct json_gate_limits rfc = {
		.max_depth = JSON_GATE_DEEPEST,
		.allow_duplicate_keys = true,
		.allow_nul = true,
	};
	const struct json_value *root;
	struct err err = { 0 };
	int outcome = json_gate_check(text, len, &rfc, &err);

	printf("%s\t", verdict(outcome, &err));
	outcome = json_parse(arena, text, len, &root, &err);
	printf("%s\n", verdict(outcome, &err));
}

int
main(void)
{
	struct arena *arena = arena_create(ARENA_BYTES);
	size_t len;

	while (scanf("%zu", &len) == 1 && getchar() == '\n') {
		/* On the heap: a sanitizer sees a read past the end. */
		char *text = malloc(len ? len : 1);
		if (!text || fread(text, 1, len, stdin) != len)
			return EXIT_FAILURE;
		judge(arena, text, len);
		free(text);
		arena_reset(arena);
	}
	arena_free(arena);
	return feof(stdin) ? EXIT_SUCCESS : EXIT_FAILURE;
}
