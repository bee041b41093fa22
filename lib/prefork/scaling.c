#include "prefork/scaling.h"

static unsigned
between(unsigned n, unsigned least, unsigned most)
{
	if (n < least)
		return least;
	return n > most ? most : n;
}

unsigned
scaling_wanted(const struct scaling *scaling, const struct scaling_load *load)
{
	unsigned wanted = load->workers;

	if (!scaling->dynamic)
		return scaling->workers;
	if (load->idle < scaling->spare_min)
		wanted += scaling->spare_min - load->idle;
	else if (load->idle > scaling->spare_max && load->may_shrink)
		wanted--;
	return between(wanted, scaling->least, scaling->most);
}

void
scaling_set(struct scaling *scaling, unsigned n)
{
	if (!scaling->dynamic) {
		scaling->workers = n;
		return;
	}
	scaling->most = n;
	scaling->least = between(scaling->least, 1, n);
	scaling->spare_max = between(scaling->spare_max, 1, n);
	scaling->spare_min = between(scaling->spare_min, 1, scaling->spare_max);
}

unsigned
scaling_most(const struct scaling *scaling)
{
	return scaling->dynamic ? scaling->most : scaling->workers;
}
