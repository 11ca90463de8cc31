/* show.h - how a dossier is printed. Private to the show command. */
#pragma once

#include "cli/commands/timeline.h"
#include "cli/sources/dossier.h"

void show_text(const struct cli *cli, const struct dossier *dossier,
               const struct timeline *timeline, int64_t now_ms);
/* The lines of the timeline that come after the first `printed` ones. */
void show_steps(const struct cli *cli, const struct timeline *timeline, size_t printed);
void show_end(const struct cli *cli, const struct dossier *dossier, int64_t now_ms);
/* To be deleted by cJSON_Delete. */
cJSON *show_json(const struct cli *cli, const struct dossier *dossier,
                 const struct timeline *timeline, int64_t now_ms);
