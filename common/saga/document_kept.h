/* document_kept.h - between the two halves of a document, decoding and encoding. Private to it. */
#pragma once

#include "common/saga/document.h"

/* What this code does not know of the document that has just been decoded from this body: the next
 * document_encode writes it back. */
MUST_CHECK bool document_kept_find(struct document *document, const struct participant *participant,
                                   struct bson_fields body, struct arena *arena,
                                   struct error *error);
