/*
 * The log in a file, which can be opened anew after somebody moved it away.
 */
#ifndef APP_LOG_FILE_H
#define APP_LOG_FILE_H

#include "app/settings.h"

/* Lets the log of this process go to POOL_LOG_FILE, if that is set: appended
 * to, made with mode 0640. -1 after a line to `problems`. */
int log_file_open(const struct settings *settings, FILE *problems) MUST_CHECK;
/* Opens the file of that name anew, in place of the one in use. When that
 * fails the old one stays in use, and says why. */
void log_file_reopen(const struct settings *settings);

#endif
