/* bson_keep.h - what a document holds that this code does not know: fields that a newer release has
 * stored, at any level. They are kept, and written back with the next save.
 *
 * What is unknown is found without a list of names: a document is decoded and encoded again, and
 * what does not come back is unknown. Elements of arrays are known by their first field, which is
 * their id, so what belongs to one stays with it wherever it moves. Pure; borrows the bytes. */
#pragma once

#include "common/base/attributes.h"
#include "common/bson/bson_read.h"
#include "common/bson/bson_write.h"

#include <stdbool.h>

struct bson_kept {
    struct bson_fields stored; /* as it was found; bytes NULL: nothing of it is unknown */
    struct bson_fields known;  /* the same, as this code writes it */
};

/* Both are the same document or array, as it was stored and as it is encoded after its decoding,
 * and outlive what is returned. */
struct bson_kept bson_keep(struct bson_fields stored, struct bson_fields known);
/* The elements of `fresh`, and what is unknown beside them, into the document or array that is
 * open.
 */
void bson_keep_write(struct bson_output *output, struct bson_fields fresh, struct bson_kept kept,
                     bool is_array);
