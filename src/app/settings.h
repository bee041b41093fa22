/*
 * The settings in force (config_keys.def says what each means).
 */
#ifndef APP_SETTINGS_H
#define APP_SETTINGS_H

#include "config/config.h"

#define SETTING_FIELD_TEXT     const char *
#define SETTING_FIELD_CHOICE   const char *
#define SETTING_FIELD_URL      const char *
#define SETTING_FIELD_INT      int64_t
#define SETTING_FIELD_DURATION int64_t
#define SETTING_FIELD_BOOL     bool

struct settings {
#define CONFIG_KEY(                                                            \
    section, name, type, field, fallback, min, max, choices, flags, help)      \
	SETTING_FIELD_##type field;
#include "app/config_keys.def"
#undef CONFIG_KEY
};

extern const struct config_table SETTINGS_TABLE;

/*
 * Loads from the environment and the .env file (NULL: ./.env if it exists) and
 * checks what no single row can: 0, or -1 after writing every problem to
 * `problems`. The texts live until config_release(*values).
 */
int settings_load(const char *env_file, struct settings *settings,
    struct config_values **values, FILE *problems) MUST_CHECK;
/* Worker processes where no setting says how many: six per processor that
 * this process may run on (its affinity: containers and taskset narrow it). */
unsigned settings_default_workers(void);

#endif
