/* audit_judge_document.c - what can be said of a document of which only the common form is known:
 * whether it can be read, and whether what is due and owed is late. */
#include "audit/audit_judge.h"

#include "common/saga/document.h"

void audit_judge_document(const struct participant *reader, const struct record *record,
                          const struct audit_terms *terms, struct arena *arena,
                          struct audit_opinion *ret_opinion)
{
    struct error error;
    *ret_opinion = (struct audit_opinion){ .kind = "" };
    struct document *document = document_new(arena, reader, record->id);
    if (!document_decode(document, reader, record, arena, &error) ||
        !document_history_decode(document, arena, &error)) {
        bool is_newer = error.code == ERROR_NEWER;
        (void)audit_say(ret_opinion, is_newer ? AUDIT_IS_IN_FLIGHT : AUDIT_IS_WRONG,
                        is_newer ? "document_newer" : "document_damaged", record->created_at_ms,
                        "the document of %s: %.120s", reader->name, error.message);
    } else if (record->owed_at_ms != 0) {
        (void)audit_say_waits(ret_opinion, terms, "message_owed", record->owed_at_ms,
                              record->owed_at_ms, "a message of its document is still owed");
    } else if (record->due_at_ms != 0) {
        (void)audit_say_waits(ret_opinion, terms, "waits_for_deadline", record->created_at_ms,
                              record->due_at_ms, "its document waits until its deadline");
    }
}
