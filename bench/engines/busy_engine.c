/*
 * An engine that takes about 100 us per call, for thread scaling, in two builds of one source:
 *
 *   BENCH_SLEEP=0  computes: a chain of dependent multiplications whose length is the configuration
 *                  value "steps". A fixed amount of work, not a wait for the clock: a thread that
 *                  loses its core must not be credited with time in which it did nothing.
 *   BENCH_SLEEP=1  sleeps 100 us and uses no core, so calls overlap as far as the host lets them.
 *
 * bench_calibrate says how many steps take a given time on an idle core; the harness calls it once
 * and passes the answer to wrapperInit.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aiges/wrapper.h"

#ifndef BENCH_SLEEP
#error "compile with -DBENCH_SLEEP=0 or -DBENCH_SLEEP=1"
#endif

static char answer_key[] = "answer";
static uint64_t steps = 1; /* written in wrapperInit only */

static uint64_t work(uint64_t count) {
  uint64_t x = count;
  for (uint64_t i = 0; i < count; ++i) x = x * 6364136223846793005u + 1442695040888963407u;
  return x;
}

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* Steps that take target_ns: the best of several tries, since disturbances only ever add time. */
WrapperAPI uint64_t bench_calibrate(int64_t target_ns) {
  const uint64_t probe = 200000;
  int64_t best = INT64_MAX;
  volatile uint64_t keep = 0; /* otherwise the compiler may drop the work */
  for (int i = 0; i < 25; ++i) {
    const int64_t start = now_ns();
    keep += work(probe);
    const int64_t took = now_ns() - start;
    if (took < best) best = took;
  }
  return (uint64_t)((double)probe * (double)target_ns / (double)best);
}

int wrapperInit(pConfig cfg) {
  for (; cfg != NULL && cfg->key != NULL; cfg = cfg->next) {
    if (strcmp(cfg->key, "steps") == 0) steps = strtoull(cfg->value, NULL, 10);
  }
  return 0;
}

int wrapperFini(void) { return 0; }

const char* wrapperError(int errNum) { return errNum == 1 ? "out of memory" : "unknown error"; }

int wrapperExec(const char* usrTag, pParamList params, pDataList reqData, pDataList* respData,
                unsigned int psrIds[], int psrCnt) {
  (void)usrTag, (void)params, (void)reqData, (void)psrIds, (void)psrCnt;
  struct DataList* node = malloc(sizeof *node + sizeof(uint64_t));
  if (node == NULL) return 1;
  uint64_t value = steps;
#if BENCH_SLEEP
  const struct timespec nap = {0, 100000};
  clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, NULL);
#else
  value = work(steps);
#endif
  memcpy(node + 1, &value, sizeof value);
  *node = (struct DataList){answer_key, node + 1, sizeof value, DataPer, DataOnce, NULL, NULL};
  *respData = node;
  return 0;
}

int wrapperExecFree(const char* usrTag, pDataList* respData) {
  (void)usrTag;
  if (respData == NULL || *respData == NULL) return 0;
  free(*respData);
  *respData = NULL;
  return 0;
}
