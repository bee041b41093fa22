#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control/command.h"
#include "core/clock.h"
#include "jwt/jwt.h"
#include "model/caller.h"
#include "json/json_out.h"

#define ARENA_BYTES	 65536
#define MAX_CLAIMS_BYTES 4096

struct token_options {
	const char *user;
	const char *role;
};

static int
parse_options(int argc, char **argv, struct token_options *options)
{
	static const struct option LONG[] = {
		{ "user", required_argument, NULL, 'u' },
		{ "role", required_argument, NULL, 'r' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
		if (c == 'u')
			options->user = optarg;
		else if (c == 'r')
			options->role = optarg;
		else
			return -1;
	}
	return optind < argc || options->user == NULL ||
		       strlen(options->user) > USER_ID_MAX
		   ? -1
		   : 0;
}

static const char *
claims(struct arena *arena, const struct settings *settings,
    const struct token_options *options)
{
	int64_t now_s = clock_wall_ms() / 1000;
	struct buf buf;
	struct json_out out;

	buf_init(&buf, arena, MAX_CLAIMS_BYTES);
	json_out_init(&out, &buf);
	json_begin_object(&out, NULL);
	json_put_text(&out, "id", options->user);
	json_begin_array(&out, "roles");
	json_put_text(&out, NULL, options->role);
	json_end_array(&out);
	json_put_int(&out, "iat", now_s);
	json_put_int(&out, "exp", now_s + settings->jwt_expiry_s);
	json_end_object(&out);
	return buf.bytes;
}

static int
run(const struct settings *settings, int argc, char **argv)
{
	struct token_options options = { .role = "customer" };
	struct arena *arena;

	if (parse_options(argc, argv, &options) != 0)
		return command_usage(&COMMAND_TOKEN, "--user is needed");
	if (settings->jwt_secret[0] == '\0')
		return command_usage(
		    &COMMAND_TOKEN, "JWT_SECRET must be set to sign a token");
	arena = arena_create(ARENA_BYTES);
	puts(jwt_sign(
	    arena, claims(arena, settings, &options), settings->jwt_secret));
	arena_free(arena);
	return EXIT_SUCCESS;
}

const struct command COMMAND_TOKEN = {
	.name = "token",
	.arguments = "--user ID [--role customer|service|admin]",
	.summary = "sign a token for development with JWT_SECRET",
	.run = run,
};
