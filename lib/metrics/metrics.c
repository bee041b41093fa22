#include "metrics/metrics.h"

#include <assert.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define CACHE_LINE_BYTES 64
#define CELLS_PER_LINE	 (CACHE_LINE_BYTES / sizeof(struct cell))

/* Upper bounds of the buckets; one more has none. */
static const struct bound {
	int64_t us;
	const char *seconds;
} bounds[] = {
	{ 1000, "0.001" },
	{ 2000, "0.002" },
	{ 5000, "0.005" },
	{ 10000, "0.01" },
	{ 20000, "0.02" },
	{ 50000, "0.05" },
	{ 100000, "0.1" },
	{ 200000, "0.2" },
	{ 500000, "0.5" },
	{ 1000000, "1" },
	{ 2000000, "2" },
	{ 5000000, "5" },
	{ 10000000, "10" },
};

/* The cells of one histogram series: what fell into each bucket alone, then
 * the sum in microseconds. */
#define BUCKETS	  (ARRAY_LEN(bounds) + 1)
#define CELL_SUM  BUCKETS
#define HISTOGRAM (BUCKETS + 1)

struct cell {
	_Atomic int64_t value;
};

/* Each process has a copy of its own, with its own row; the cells are shared.
 */
struct metrics {
	const struct metric_def *defs;
	size_t count;
	unsigned rows;
	unsigned row;
	size_t row_cells; /* whole cache lines */
	size_t mapped_bytes;
	struct cell *cells;
	size_t first_cell[]; /* of each def, within a row */
};

static size_t
cells_of_series(const struct metric_def *def)
{
	return def->type == METRIC_HISTOGRAM ? HISTOGRAM : 1;
}

static struct metrics *
lay_out(const struct metric_def defs[], size_t count, unsigned rows)
{
	struct metrics *metrics =
	    calloc(1, sizeof(*metrics) + count * sizeof(size_t));
	size_t cells = 0;

	if (metrics == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		metrics->first_cell[i] = cells;
		cells += defs[i].series_count * cells_of_series(&defs[i]);
	}
	metrics->defs = defs;
	metrics->count = count;
	metrics->rows = rows;
	metrics->row_cells = (cells / CELLS_PER_LINE + 1) * CELLS_PER_LINE;
	metrics->mapped_bytes = metrics->row_cells * sizeof(struct cell) * rows;
	return metrics;
}

struct metrics *
metrics_create(const struct metric_def defs[], size_t count, unsigned rows)
{
	struct metrics *metrics;
	void *memory;

	assert(rows > 0);
	metrics = lay_out(defs, count, rows);
	if (metrics == NULL)
		return NULL;
	memory = mmap(NULL, metrics->mapped_bytes, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		free(metrics);
		return NULL;
	}
	metrics->cells = memory;
	return metrics;
}

void
metrics_free(struct metrics *metrics)
{
	if (metrics == NULL)
		return;
	(void)munmap(metrics->cells, metrics->mapped_bytes);
	free(metrics);
}

/* --- writing ---------------------------------------------------------- */

static struct cell *
cell_at(const struct metrics *metrics, unsigned row, size_t def, size_t series)
{
	assert(def < metrics->count);
	assert(series < metrics->defs[def].series_count);
	return metrics->cells + row * metrics->row_cells +
	       metrics->first_cell[def] +
	       series * cells_of_series(&metrics->defs[def]);
}

static void
add(struct cell *cell, int64_t delta)
{
	(void)atomic_fetch_add_explicit(
	    &cell->value, delta, memory_order_relaxed);
}

static void
set(struct cell *cell, int64_t value)
{
	atomic_store_explicit(&cell->value, value, memory_order_relaxed);
}

void
metrics_use_row(struct metrics *metrics, unsigned row)
{
	if (metrics == NULL)
		return;
	assert(row < metrics->rows);
	metrics->row = row;
	for (size_t i = 0; i < metrics->count; i++) {
		const struct metric_def *def = &metrics->defs[i];

		if (def->type != METRIC_GAUGE)
			continue;
		for (size_t series = 0; series < def->series_count; series++)
			set(cell_at(metrics, row, i, series), 0);
	}
}

void
metrics_add(struct metrics *metrics, size_t def, size_t series, int64_t delta)
{
	if (metrics == NULL)
		return;
	assert(metrics->defs[def].type != METRIC_HISTOGRAM);
	add(cell_at(metrics, metrics->row, def, series), delta);
}

void
metrics_set(struct metrics *metrics, size_t def, size_t series, int64_t value)
{
	if (metrics == NULL)
		return;
	assert(metrics->defs[def].type == METRIC_GAUGE);
	set(cell_at(metrics, metrics->row, def, series), value);
}

void
metrics_observe_us(
    struct metrics *metrics, size_t def, size_t series, int64_t us)
{
	struct cell *cells;
	size_t bucket = 0;

	if (metrics == NULL)
		return;
	assert(metrics->defs[def].type == METRIC_HISTOGRAM);
	cells = cell_at(metrics, metrics->row, def, series);
	while (bucket < ARRAY_LEN(bounds) && us > bounds[bucket].us)
		bucket++;
	add(&cells[bucket], 1);
	add(&cells[CELL_SUM], us > 0 ? us : 0);
}

/* --- reading ---------------------------------------------------------- */

static int64_t
sum_rows(
    const struct metrics *metrics, size_t def, size_t series, size_t offset)
{
	int64_t sum = 0;

	for (unsigned row = 0; row < metrics->rows; row++) {
		struct cell *cell = cell_at(metrics, row, def, series) + offset;

		sum += atomic_load_explicit(&cell->value, memory_order_relaxed);
	}
	return sum;
}

int64_t
metrics_sum(const struct metrics *metrics, size_t def, size_t series)
{
	size_t cells;
	int64_t sum = 0;

	if (metrics == NULL)
		return 0;
	cells = metrics->defs[def].type == METRIC_HISTOGRAM ? BUCKETS : 1;
	for (size_t i = 0; i < cells; i++)
		sum += sum_rows(metrics, def, series, i);
	return sum;
}

/* OpenMetrics gives a counter's family no "_total". */
static int
family_length(const struct metric_def *def, bool open_metrics)
{
	static const char ending[] = "_total";
	size_t len = strlen(def->name);
	size_t tail = sizeof(ending) - 1;

	if (open_metrics && def->type == METRIC_COUNTER && len > tail &&
	    strcmp(def->name + len - tail, ending) == 0)
		len -= tail;
	return (int)len;
}

/* A backslash and a line feed would end the sentence. */
static void
print_head(const struct metric_def *def, bool open_metrics, struct buf *out)
{
	static const char *const types[] = {
		[METRIC_COUNTER] = "counter",
		[METRIC_GAUGE] = "gauge",
		[METRIC_HISTOGRAM] = "histogram",
	};

	int len = family_length(def, open_metrics);

	buf_printf(out, "# HELP %.*s ", len, def->name);
	for (const char *at = def->help; *at != '\0'; at++) {
		if (*at == '\n')
			buf_text(out, "\\n");
		else if (*at == '\\')
			buf_text(out, "\\\\");
		else
			buf_char(out, *at);
	}
	buf_printf(out, "\n# TYPE %.*s %s\n", len, def->name, types[def->type]);
}

/* "name_suffix{labels,le="1"}" and a blank; le may be NULL. */
static void
print_name(const struct metric_def *def, const char *suffix, size_t series,
    const char *le, struct buf *out)
{
	const char *labels = def->series == NULL ? "" : def->series[series];
	const char *comma = labels[0] != '\0' && le != NULL ? "," : "";

	buf_text(out, def->name);
	buf_text(out, suffix);
	if (labels[0] != '\0' || le != NULL) {
		buf_printf(out, "{%s%s", labels, comma);
		if (le != NULL)
			buf_printf(out, "le=\"%s\"", le);
		buf_char(out, '}');
	}
	buf_char(out, ' ');
}

/* The count is what the last bucket holds, so that both always agree. */
static void
print_histogram(
    const struct metrics *metrics, size_t i, size_t series, struct buf *out)
{
	const struct metric_def *def = &metrics->defs[i];
	int64_t count = 0;
	int64_t sum_us;

	for (size_t bucket = 0; bucket < BUCKETS; bucket++) {
		const char *le = bucket < ARRAY_LEN(bounds)
				     ? bounds[bucket].seconds
				     : "+Inf";

		count += sum_rows(metrics, i, series, bucket);
		print_name(def, "_bucket", series, le, out);
		buf_printf(out, "%" PRId64 "\n", count);
	}
	sum_us = sum_rows(metrics, i, series, CELL_SUM);
	print_name(def, "_sum", series, NULL, out);
	buf_printf(out, "%" PRId64 ".%06" PRId64 "\n", sum_us / 1000000,
	    sum_us % 1000000);
	print_name(def, "_count", series, NULL, out);
	buf_printf(out, "%" PRId64 "\n", count);
}

static void
print_series(
    const struct metrics *metrics, size_t i, size_t series, struct buf *out)
{
	const struct metric_def *def = &metrics->defs[i];

	if (def->type == METRIC_HISTOGRAM) {
		print_histogram(metrics, i, series, out);
		return;
	}
	print_name(def, "", series, NULL, out);
	buf_printf(out, "%" PRId64 "\n", metrics_sum(metrics, i, series));
}

static void
print_all(const struct metrics *metrics, bool open_metrics, struct buf *out)
{
	if (metrics == NULL)
		return;
	for (size_t i = 0; i < metrics->count; i++) {
		print_head(&metrics->defs[i], open_metrics, out);
		for (size_t s = 0; s < metrics->defs[i].series_count; s++)
			print_series(metrics, i, s, out);
	}
}

void
metrics_print(const struct metrics *metrics, struct buf *out)
{
	print_all(metrics, false, out);
}

void
metrics_print_open(const struct metrics *metrics, struct buf *out)
{
	print_all(metrics, true, out);
}
