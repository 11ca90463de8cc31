/* window.c - counts what is in hand, and when the wide subscription may open. */
#include "common/rabbitmq/window.h"

#include <assert.h>

void window_init(struct window *window, int64_t prefetch)
{
    assert(prefetch >= 1 && prefetch <= BUS_PREFETCH_MAX);
    *window = (struct window){ .prefetch = prefetch };
}

void window_open(struct window *window)
{
    assert(window->prefetch >= 1);
    window_init(window, window->prefetch);
}

/* The bound on what is in hand holds because nothing widens while a wide window's worth is. */
static void window_widen(struct window *window)
{
    if (window->may_widen && window->counted == 0 && window->in_hand <= BUS_PREFETCH_MAX) {
        window->is_wide = true;
        window->may_widen = false;
    }
}

void window_deliver(struct window *window, bool is_counted)
{
    assert(window->counted <= window->in_hand);
    window->in_hand++;
    assert(window->in_hand <= WINDOW_DELIVERIES_MAX);
    if (is_counted) {
        window->counted++;
        window->is_wide = false;
        window->may_widen = false;
    }
}

void window_settle(struct window *window, bool is_counted, bool is_probe)
{
    assert(window->in_hand > 0 && window->counted >= (is_counted ? 1U : 0U));
    window->in_hand--;
    if (is_counted)
        window->counted--;
    else if (!window->is_wide && is_probe)
        window->may_widen = true;
    window_widen(window);
    assert(window->counted <= window->in_hand);
}

void window_see_empty(struct window *window)
{
    assert(window->counted <= window->in_hand);
    window->may_widen = !window->is_wide;
    window_widen(window);
}

int64_t window_wide_prefetch(const struct window *window)
{
    assert(!window->is_wide || window->counted == 0);
    return window->is_wide ? window->prefetch - 1 : 0;
}
