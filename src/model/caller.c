#include "model/caller.h"

bool
user_id_valid(const char *text, size_t len)
{
	if (len < 1 || len > USER_ID_MAX)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	return true;
}
