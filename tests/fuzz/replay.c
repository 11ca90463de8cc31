/* replay - runs a fuzz target once over each file of its committed corpus: replay FOLDER.
 * The result is TAP, one line a file. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX ((size_t)256 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

static int is_visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

/* The bytes end at the end of their memory, so that ASan sees a step beyond them. */
static int file_replay(const char *folder, const char *name)
{
    char path[4096];
    int path_length = snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = path_length < (int)sizeof path ? fopen(path, "rb") : NULL;
    uint8_t *bytes = malloc(FILE_BYTES_MAX);
    if (file == NULL || bytes == NULL) {
        perror(path);
        return 1;
    }
    size_t length = fread(bytes, 1, FILE_BYTES_MAX, file);
    fclose(file);
    uint8_t *exact = realloc(bytes, length > 0 ? length : 1);
    if (exact == NULL)
        return 1;
    int failed = LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    return failed;
}

int main(int argc, char **argv)
{
    struct dirent **entries;
    int count = argc == 2 ? scandir(argv[1], &entries, is_visible, alphasort) : -1;
    if (count <= 0) {
        fprintf(stderr, "usage: replay FOLDER, with at least one file in it\n");
        return 1;
    }
    int failures = 0;
    printf("1..%d\n", count);
    for (int i = 0; i < count; i++) {
        int failed = file_replay(argv[1], entries[i]->d_name);
        failures += failed != 0;
        printf("%s %d - %s\n", failed ? "not ok" : "ok", i + 1, entries[i]->d_name);
        fflush(stdout);
        free(entries[i]);
    }
    free(entries);
    return failures > 0;
}
