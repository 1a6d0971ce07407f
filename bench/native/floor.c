/*
 * The floor: what the same calls cost a C program. Every call builds its parameter list and its
 * data list on the stack, calls the engine through function pointers, reads the answer's length and
 * frees it. Timed in here, so nothing of the caller is in the figure.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aiges/wrapper.h"

enum { MAX_THREADS = 64 };

static int64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/*
 * One exec: returns the answer's length, or -1. The strings are measured on every call, as a caller
 * does whose parameters are not known in advance. out, when not NULL, receives the answer.
 */
static int64_t call_once(wrapperExecPtr exec, wrapperExecFreePtr release, char* key, char* value,
                         void* data, unsigned int len, void* out) {
  struct ParamList no_desc = {NULL, NULL, 0, NULL};
  struct ParamList param = {key, value, (unsigned int)strlen(value), NULL};
  struct DataList item = {"data", data, len, DataPer, DataOnce, &no_desc, NULL};
  struct DataList* answer = NULL;
  if (exec("bench", &param, &item, &answer, NULL, 0) != 0) return -1;
  const int64_t length = answer->len;
  if (out != NULL) memcpy(out, answer->data, answer->len);
  release("bench", &answer);
  return length;
}

/* Makes n calls. Returns nanoseconds, or -1; *total receives the sum of the answers' lengths. */
WrapperAPI int64_t floor_exec(wrapperExecPtr exec, wrapperExecFreePtr release, char* key,
                              char* value, void* data, unsigned int len, int64_t n, int64_t* total,
                              void* out) {
  int64_t sum = 0;
  const int64_t start = now_ns();
  for (int64_t i = 0; i < n; ++i) {
    const int64_t length = call_once(exec, release, key, value, data, len, out);
    if (length < 0) return -1;
    sum += length;
  }
  const int64_t took = now_ns() - start;
  *total = sum;
  return took;
}

struct worker {
  pthread_t thread;
  pthread_barrier_t* barrier;
  wrapperExecPtr exec;
  wrapperExecFreePtr release;
  void* data;
  unsigned int len;
  int64_t n;
  int64_t start, end; /* the thread's own clock readings, in nanoseconds */
  int failed;
};

static void* run_worker(void* arg) {
  struct worker* w = arg;
  pthread_barrier_wait(w->barrier);
  w->start = now_ns();
  for (int64_t i = 0; i < w->n && !w->failed; ++i) {
    w->failed = call_once(w->exec, w->release, "k", "v", w->data, w->len, NULL) < 0;
  }
  w->end = now_ns();
  return NULL;
}

/*
 * n calls on each of `threads` threads. Returns the nanoseconds from the first start to the last
 * end, or -1.
 */
WrapperAPI int64_t floor_threads(wrapperExecPtr exec, wrapperExecFreePtr release, void* data,
                                 unsigned int len, int threads, int64_t n) {
  if (threads < 1 || threads > MAX_THREADS) return -1;
  struct worker workers[MAX_THREADS];
  pthread_barrier_t barrier;
  if (pthread_barrier_init(&barrier, NULL, (unsigned int)threads) != 0) return -1;
  for (int i = 0; i < threads; ++i) {
    workers[i] = (struct worker){
        .barrier = &barrier, .exec = exec, .release = release, .data = data, .len = len, .n = n};
    /* The threads already started wait at the barrier for ever if one is missing. */
    if (pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]) != 0) abort();
  }
  int64_t first = INT64_MAX;
  int64_t last = INT64_MIN;
  int failed = 0;
  for (int i = 0; i < threads; ++i) {
    pthread_join(workers[i].thread, NULL);
    if (workers[i].start < first) first = workers[i].start;
    if (workers[i].end > last) last = workers[i].end;
    failed |= workers[i].failed;
  }
  pthread_barrier_destroy(&barrier);
  return failed ? -1 : last - first;
}
