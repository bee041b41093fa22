/*
 * bookingctl doctor: the self-check, printed.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "control/command.h"
#include "control/doctor.h"
#include "json/json_out.h"

#define ARENA_BYTES (64 * 1024 * 1024)
#define JSON_BYTES  (1024 * 1024)

static const char *const WORDS[] = {
	[FINDING_OK] = "ok",
	[FINDING_WARN] = "warn",
	[FINDING_FAIL] = "FAIL",
};

struct doctor_options {
	const char *url;
	const char *socket;
	bool json;
};

static int
parse_options(int argc, char **argv, struct doctor_options *options)
{
	static const struct option LONG[] = {
		{ "url", required_argument, NULL, 'u' },
		{ "socket", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	optind = 1;
	while ((c = getopt_long(argc, argv, "", LONG, NULL)) != -1) {
		if (c == 'u')
			options->url = optarg;
		else if (c == 's')
			options->socket = optarg;
		else if (c == 'j')
			options->json = true;
		else
			return -1;
	}
	return optind < argc ? -1 : 0;
}

static void
print_finding(void *context, const struct finding *finding)
{
	(void)context;
	printf("%-4s  %s%s%s\n", WORDS[finding->level], finding->what,
	    finding->fix == NULL ? "" : " \xe2\x80\x94 ",
	    finding->fix == NULL ? "" : finding->fix);
	fflush(stdout);
}

static void
put_finding(void *context, const struct finding *finding)
{
	struct json_out *out = context;

	json_begin_object(out, NULL);
	json_put_text(out, "level", WORDS[finding->level]);
	json_put_text(out, "check", finding->check);
	json_put_text(out, "what", finding->what);
	json_put_text(out, "fix", finding->fix);
	json_end_object(out);
}

static enum finding_level
run_in_json(struct doctor *doctor)
{
	struct json_out *out = arena_alloc(doctor->arena, sizeof(*out));
	enum finding_level worst;
	struct buf buf;

	buf_init(&buf, doctor->arena, JSON_BYTES);
	json_out_init(out, &buf);
	json_begin_object(out, NULL);
	json_begin_array(out, "findings");
	doctor->report = put_finding;
	doctor->context = out;
	worst = doctor_run(doctor, DOCTOR_ALL);
	json_end_array(out);
	json_put_text(out, "worst", WORDS[worst]);
	json_end_object(out);
	puts(buf.bytes);
	return worst;
}

static int
run(const struct settings *settings, int argc, char **argv)
{
	struct doctor_options options = { 0 };
	struct doctor doctor = { .settings = settings,
		.report = print_finding };
	enum finding_level worst;

	if (parse_options(argc, argv, &options) != 0)
		return command_usage(&COMMAND_DOCTOR, "unknown arguments");
	doctor.url = options.url;
	doctor.socket = options.socket;
	doctor.arena = arena_create(ARENA_BYTES);
	worst = options.json ? run_in_json(&doctor)
			     : doctor_run(&doctor, DOCTOR_ALL);
	arena_free(doctor.arena);
	return worst == FINDING_FAIL ? EXIT_FAILURE : EXIT_SUCCESS;
}

const struct command COMMAND_DOCTOR = {
	.name = "doctor",
	.arguments = "[--url http://HOST:PORT] [--socket PATH] [--json]",
	.summary = "say what is wrong with this installation, and the fix",
	.run = run,
};
