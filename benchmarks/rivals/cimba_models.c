/*
 * The models of models.py for Cimba, a library for discrete-event simulation in C: cimba_models MODEL SECONDS SEED.
 *
 * Written as its documentation and its own benchmark do, the way that asks least of it: workers are processes that live as long as the
 * run and fetch from object queues, so that no process is made for a request. A worker whose calls are out yields until the last reply
 * resumes it; a timeout is a timer of the waiting process, cancelled when it was not needed. Without timeouts a caller's process takes
 * a worker of the service it calls from a resource pool and does the work itself, which is faster still. Statistics are those that
 * sysdesign keeps: a histogram and sums of responses, for each station worker-seconds, time waited and how many ended.
 */

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cimba.h>

enum { MOST_STATIONS = 8, SUB_BUCKETS = 256, BUCKETS = 52 * SUB_BUCKETS };

struct station {
    struct cmb_objectqueue *queue;
    struct cmb_resourcepool *pool; /* of workers, where a caller's own process does the work */
    unsigned workers;
    double work_s;
    bool fixed;
    double worked_s, waited_s;
    uint64_t ended, busy;
};

/* What waits in a queue: a request from outside, or a call. */
struct item {
    struct item *next_free;
    double entered_s, queued_s;
    struct group *group;
};

/* Calls made at the same time. */
struct group {
    struct group *next_free;
    struct cmb_process *caller; /* NULL: it waits no more */
    unsigned pending;
    bool failed;
};

static struct station stations[MOST_STATIONS];
static unsigned count;
static double rate_per_s, timeout_s, length_s;

static uint64_t answered, failed, histogram[BUCKETS];
static double response_sum_s;

static struct item *free_items;
static struct group *free_groups;

static struct item *take_item(void)
{
    struct item *item = free_items;
    if (item == NULL) {
        return malloc(sizeof(*item));
    }
    free_items = item->next_free;
    return item;
}

static void free_item(struct item *item)
{
    item->next_free = free_items;
    free_items = item;
}

static struct group *take_group(void)
{
    struct group *group = free_groups;
    if (group == NULL) {
        return malloc(sizeof(*group));
    }
    free_groups = group->next_free;
    return group;
}

static void free_group(struct group *group)
{
    group->next_free = free_groups;
    free_groups = group;
}

static void answer(const double seconds)
{
    int exponent;
    const double fraction = frexp(seconds, &exponent);
    const int place = (exponent + 29) * SUB_BUCKETS + (int)(fraction * 2.0 * SUB_BUCKETS) - SUB_BUCKETS;
    histogram[place < 0 ? 0 : place < BUCKETS ? place : BUCKETS - 1]++;
    response_sum_s += seconds;
    answered++;
}

static struct item *begin(struct station *here)
{
    void *object = NULL;
    cmb_objectqueue_get(here->queue, &object);
    struct item *item = object;
    here->waited_s += cmb_time() - item->queued_s;
    here->worked_s -= cmb_time();
    here->busy++;
    return item;
}

static void work(const struct station *here)
{
    cmb_process_hold(here->fixed ? here->work_s : cmb_random_exponential(here->work_s));
}

static void end(struct station *here)
{
    here->worked_s += cmb_time();
    here->busy--;
    here->ended++;
}

static void *arrivals(struct cmb_process *me, void *context)
{
    cmb_unused(me);
    cmb_unused(context);
    while (true) {
        cmb_process_hold(cmb_random_exponential(1.0 / rate_per_s));
        struct item *item = take_item();
        item->entered_s = item->queued_s = cmb_time();
        item->group = NULL;
        cmb_objectqueue_put(stations[0].queue, item);
    }
    return NULL;
}

/* A server of one of the stations in a row. */
static void *server(struct cmb_process *me, void *context)
{
    cmb_unused(me);
    struct station *here = context;
    struct station *following = here + 1 < stations + count ? here + 1 : NULL;
    while (true) {
        struct item *item = begin(here);
        work(here);
        end(here);
        if (following == NULL) {
            answer(cmb_time() - item->entered_s);
            free_item(item);
        } else {
            item->queued_s = cmb_time();
            cmb_objectqueue_put(following->queue, item);
        }
    }
    return NULL;
}

/* --- eight services -------------------------------------------------------------------------------------------------------------- */

enum { FRONT, AUTH, A, B, C, D, E, F };

static void send(struct group *group, const unsigned to)
{
    struct item *item = take_item();
    item->queued_s = cmb_time();
    item->group = group;
    cmb_objectqueue_put(stations[to].queue, item);
}

/* Make calls at the same time and wait for them. Whether all went well. */
static bool call(struct cmb_process *me, const unsigned many, const unsigned *to)
{
    struct group *group = take_group();
    group->caller = me;
    group->pending = many;
    group->failed = false;
    for (unsigned i = 0; i < many; i++) {
        send(group, to[i]);
    }
    const uint64_t timer = timeout_s > 0.0 ? cmb_process_timer_add(me, timeout_s, CMB_PROCESS_TIMEOUT) : 0;
    if (cmb_process_yield() == CMB_PROCESS_TIMEOUT) {
        group->caller = NULL;
        return false;
    }
    if (timer != 0) {
        cmb_process_timer_cancel(me, timer);
    }
    const bool well = !group->failed;
    free_group(group);
    return well;
}

static void reply(struct item *item, const bool well)
{
    struct group *group = item->group;
    free_item(item);
    group->failed |= !well;
    if (--group->pending == 0) {
        if (group->caller != NULL) {
            cmb_process_resume(group->caller, CMB_PROCESS_SUCCESS);
        } else {
            free_group(group);
        }
    }
}

static void *worker(struct cmb_process *me, void *context)
{
    struct station *here = context;
    const unsigned number = (unsigned)(here - stations);
    const unsigned behind = number == B ? E : F;
    const bool calls = number == B || number == D;
    while (true) {
        struct item *item = begin(here);
        work(here);
        const bool well = !calls || call(me, 1, &behind);
        end(here);
        reply(item, well);
    }
    return NULL;
}

/* Without timeouts nobody goes on where its caller has gone: the caller's process can do the work itself, and hold both workers. */
static void enter(struct station *here)
{
    const double came_s = cmb_time();
    cmb_resourcepool_acquire(here->pool, 1u);
    here->waited_s += cmb_time() - came_s;
    here->worked_s -= cmb_time();
    here->busy++;
    work(here);
}

static void leave(struct station *here)
{
    end(here);
    cmb_resourcepool_release(here->pool, 1u);
}

static void visit(const unsigned number)
{
    enter(&stations[number]);
    leave(&stations[number]);
}

static void *patient_worker(struct cmb_process *me, void *context)
{
    cmb_unused(me);
    struct station *here = context;
    while (true) {
        struct item *item = begin(here);
        work(here);
        if (here == &stations[B]) {
            visit(E);
        }
        end(here);
        reply(item, true);
    }
    return NULL;
}

static void *patient_front(struct cmb_process *me, void *context)
{
    struct station *here = context;
    struct group group;
    while (true) {
        struct item *item = begin(here);
        work(here);
        visit(AUTH);
        group = (struct group){.caller = NULL, .pending = 3};
        send(&group, A);
        send(&group, B);
        visit(C);
        if (--group.pending != 0) {
            group.caller = me;
            cmb_process_yield();
        }
        enter(&stations[D]);
        visit(F);
        leave(&stations[D]);
        end(here);
        answer(cmb_time() - item->entered_s);
        free_item(item);
    }
    return NULL;
}

static void *front(struct cmb_process *me, void *context)
{
    static const unsigned first[] = {AUTH}, second[] = {A, B, C}, third[] = {D};
    struct station *here = context;
    while (true) {
        struct item *item = begin(here);
        work(here);
        const bool well = call(me, 1, first) && call(me, 3, second) && call(me, 1, third);
        end(here);
        if (well) {
            answer(cmb_time() - item->entered_s);
        } else {
            failed++;
        }
        free_item(item);
    }
    return NULL;
}

/* --- run ------------------------------------------------------------------------------------------------------------------------- */

static void add_station(const unsigned workers, const double work_s, const bool fixed)
{
    stations[count++] = (struct station){.workers = workers, .work_s = work_s, .fixed = fixed};
}

static bool choose(const char *model)
{
    if (strcmp(model, "flow") == 0 || strcmp(model, "flow-timeouts") == 0) {
        static const unsigned workers[] = {256, 8, 16, 16, 8, 16, 8, 8};
        static const double work_ms[] = {1, 1, 3, 2, 2, 4, 2, 2};
        for (unsigned i = 0; i < 8; i++) {
            add_station(workers[i], work_ms[i] / 1000.0, false);
        }
        rate_per_s = 2000.0;
        timeout_s = strcmp(model, "flow") == 0 ? 0.0 : 0.025;
        return true;
    }
    const bool row = strncmp(model, "tandem", 6) == 0;
    const unsigned servers = strstr(model, "8") != NULL ? 8 : 1;
    const bool fixed = strcmp(model, "tandem-fixed") == 0 || strncmp(model, "md", 2) == 0;
    for (unsigned i = 0; i < (row ? 5 : 1); i++) {
        add_station(servers, 0.001, fixed);
    }
    rate_per_s = 800.0 * servers;
    return false;
}

static cmb_process_func *does(const bool flow, const unsigned number)
{
    if (!flow) {
        return server;
    }
    if (timeout_s > 0.0) {
        return number == FRONT ? front : worker;
    }
    return number == FRONT ? patient_front : patient_worker;
}

static void stop(void *subject, void *object)
{
    cmb_unused(subject);
    cmb_unused(object);
    cmb_event_queue_clear();
}

static void start(const char *name, cmb_process_func *function, struct station *here)
{
    struct cmb_process *process = cmb_process_create();
    cmb_process_initialize(process, name, function, here, 0);
    cmb_process_start(process);
}

static double peak_megabytes(void)
{
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    double kilobytes = 0.0;
    while (status != NULL && fgets(line, sizeof(line), status) != NULL) {
        if (sscanf(line, "VmHWM: %lf", &kilobytes) == 1) {
            break;
        }
    }
    if (status != NULL) {
        fclose(status);
    }
    return kilobytes / 1024.0;
}

int main(const int argc, char **argv)
{
    if (argc < 4) {
        return 2;
    }
    const bool flow = choose(argv[1]);
    length_s = atof(argv[2]);
    cmb_logger_flags_off(CMB_LOGGER_INFO);
    cmb_random_initialize(cmb_random_fmix64(strtoull(argv[3], NULL, 10), 1u));
    cmb_event_queue_initialize(0.0);
    start("arrivals", arrivals, NULL);
    for (unsigned i = 0; i < count; i++) {
        stations[i].queue = cmb_objectqueue_create();
        cmb_objectqueue_initialize(stations[i].queue, "queue", CMB_UNLIMITED);
        for (unsigned k = 0; k < stations[i].workers; k++) {
            start("worker", does(flow, i), &stations[i]);
        }
        stations[i].pool = cmb_resourcepool_create();
        cmb_resourcepool_initialize(stations[i].pool, "workers", stations[i].workers);
    }
    cmb_event_schedule(stop, NULL, NULL, length_s, 0);
    const clock_t began = clock();
    cmb_event_queue_execute();
    const double cpu_s = (double)(clock() - began) / CLOCKS_PER_SEC;
    double area_s = 0.0;
    for (unsigned i = 0; i < count; i++) {
        if (!flow || (i != FRONT && i != B && i != D)) {
            area_s += stations[i].worked_s + (double)stations[i].busy * length_s;
        }
    }
    printf("{\"answered\": %llu, \"failed\": %llu, \"mean_s\": %.17g, \"busy\": %.17g, \"cpu_s\": %.9g, \"own_events\": 0, "
           "\"megabytes\": %.3f}\n",
           (unsigned long long)answered, (unsigned long long)failed, response_sum_s / (double)(answered ? answered : 1),
           area_s / length_s, cpu_s, peak_megabytes());
    return 0;
}
