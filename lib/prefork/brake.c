#include "prefork/brake.h"

void
brake_failed(struct brake *brake, int64_t now_ms, int64_t lived_ms)
{
	if (lived_ms >= BRAKE_YOUNG_MS || now_ms < brake->until_ms)
		return;
	if (now_ms >= brake->until_ms + BRAKE_YOUNG_MS)
		brake->delay_ms = BRAKE_FIRST_MS;
	else if (brake->delay_ms <= BRAKE_LAST_MS / 2)
		brake->delay_ms *= 2;
	else
		brake->delay_ms = BRAKE_LAST_MS;
	brake->until_ms = now_ms + brake->delay_ms;
}

int64_t
brake_wait_ms(const struct brake *brake, int64_t now_ms)
{
	return brake->until_ms > now_ms ? brake->until_ms - now_ms : 0;
}
