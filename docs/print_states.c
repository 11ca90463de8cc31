/* print_states.c - prints the state machine of every service from the table that runs: as the text
 * of docs/states.md, or, with --diagrams, as docs/states.dot for Graphviz (docs/draw_states). */
#include "common/saga/transition.h"
#include "services/registry.h"

#include <stdio.h>
#include <string.h>

static const struct transition_table *table_of(const struct service_description *service)
{
    return service->participant != NULL ? service->participant(NULL).table : NULL;
}

/* ---- text ---- */

static void state_print(const struct transition_table *table, int at)
{
    const struct transition_state *state = &table->states[at];
    printf("| `%s` | %s | %s%s%s", state->name, state->truth, state->waits ? "waits" : "",
           state->waits && state->is_final ? ", " : "", state->is_final ? "final" : "");
    if (state->is_final && state->left_by != 0)
        printf(" but for %s", table->inputs[state->left_by]);
    printf(" |\n");
}

static void row_print(const struct transition_table *table, const struct transition *row)
{
    const char *guard = row->guard == transition_always ? "otherwise" : row->guard_name;
    const char *who = row->is_security_event ? "security" : row->is_alert ? "alert" : "";
    const char *reason = table->reasons[row->reason];
    printf("| %s | %s | %s | %s | %s | %s%s%s |\n", table->states[row->state].name,
           table->inputs[row->input], guard, row->verdict,
           row->next == row->state ? "" : table->states[row->next].name, reason,
           reason[0] != '\0' && who[0] != '\0' ? ", " : "", who);
}

static void table_print(const char *name, const struct transition_table *table)
{
    printf("\n## %s\n\n%s\n\n![The states and what leads from one to another](%s.svg)\n\n",
           table->title, table->purpose, name);
    printf("| state | what is true in it | |\n|---|---|---|\n");
    for (int i = 0; i < table->state_count; i++)
        state_print(table, i);
    printf("\n| in state | on input | if | verdict | then in state | because, and who is told "
           "|\n|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < table->row_count; i++)
        row_print(table, &table->rows[i]);
}

static void document_print(void)
{
    printf(
        "# The state machines\n\n"
        "Printed by `docs/print_states.c` from the tables that run, each service's `table.c`, and\n"
        "drawn by `docs/draw_states`. Of the rows for one state and input the first whose\n"
        "condition holds is taken. An empty `then in state` means that the state stays. A state\n"
        "that waits keeps a deadline, and answers it; a final one is not left. In the drawings\n"
        "the first has a thick line, the second a double one.\n");
    for (size_t i = 0; services[i] != NULL; i++) {
        const struct transition_table *table = table_of(services[i]);
        if (table != NULL)
            table_print(services[i]->name, table);
    }
}

/* ---- diagram ---- */

/* The inputs that lead from one state to another, one a line. */
static void edge_print(const struct transition_table *table, int from, int to)
{
    bool is_drawn = false;
    for (int input = 0; input < table->input_count; input++)
        for (size_t i = 0; i < table->row_count; i++) {
            const struct transition *row = &table->rows[i];
            if (row->state != from || row->next != to || row->input != input)
                continue;
            if (!is_drawn)
                printf("  \"%s\" -> \"%s\" [label=\"", table->states[from].name,
                       table->states[to].name);
            printf("%s\\l", table->inputs[input]);
            is_drawn = true;
            break;
        }
    if (is_drawn)
        printf("\"];\n");
}

static void diagram_print(const char *name, const struct transition_table *table)
{
    printf("digraph \"%s\" {\n"
           "  graph [rankdir=TB, nodesep=0.5, fontname=\"Helvetica\"];\n"
           "  node [shape=box, style=\"rounded,filled\", fillcolor=\"#eef3fa\", "
           "fontname=\"Helvetica\"];\n"
           "  edge [fontname=\"Helvetica\", fontsize=10];\n",
           name);
    for (int i = 0; i < table->state_count; i++) {
        const struct transition_state *state = &table->states[i];
        printf("  \"%s\" [penwidth=%d, peripheries=%d, tooltip=\"%s\"];\n", state->name,
               state->waits ? 3 : 1, state->is_final ? 2 : 1, state->truth);
    }
    for (int from = 0; from < table->state_count; from++)
        for (int to = 0; to < table->state_count; to++)
            if (from != to)
                edge_print(table, from, to);
    printf("}\n");
}

int main(int argc, char **argv)
{
    bool is_diagram = argc == 2 && strcmp(argv[1], "--diagrams") == 0;
    if (argc == 1)
        document_print();
    for (size_t i = 0; is_diagram && services[i] != NULL; i++) {
        const struct transition_table *table = table_of(services[i]);
        if (table != NULL)
            diagram_print(services[i]->name, table);
    }
    return argc == 1 || is_diagram ? 0 : 64;
}
