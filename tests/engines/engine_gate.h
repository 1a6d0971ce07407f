/*
 * A gate that holds a call inside the engine until the test lets it go, so that tests need no
 * sleep: test_wait_for("waiting", …) tells when a call stands there, test_release lets calls
 * through.
 */
#ifndef AIGES_TESTS_ENGINE_GATE_H
#define AIGES_TESTS_ENGINE_GATE_H

#include "engine_kit.h"

typedef struct KitWaiter {
  const char* tag;
  int cancelled;
  struct KitWaiter* next;
} KitWaiter;

static pthread_mutex_t kit_gate_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t kit_gate_changed = PTHREAD_COND_INITIALIZER;
static long kit_gate_passes;   /* how many may go through; negative: any number */
static KitWaiter* kit_waiters; /* on the stacks of the waiting threads */

/* Waits at the gate. Returns 1 when let through, 0 when the request was cancelled. */
static inline int kit_gate(const char* tag) {
  KitWaiter self = {tag, 0, NULL};
  pthread_mutex_lock(&kit_gate_mutex);
  self.next = kit_waiters;
  kit_waiters = &self;
  kit_add(KIT_waiting, 1);
  while (kit_gate_passes == 0 && !self.cancelled) {
    pthread_cond_wait(&kit_gate_changed, &kit_gate_mutex);
  }
  if (!self.cancelled && kit_gate_passes > 0) --kit_gate_passes;
  KitWaiter** link = &kit_waiters;
  while (*link != &self) link = &(*link)->next;
  *link = self.next;
  pthread_mutex_unlock(&kit_gate_mutex);
  kit_add(KIT_waiting, -1);
  return !self.cancelled;
}

/* Lets go whoever waits with this tag; returns how many. */
static inline int kit_gate_cancel(const char* tag) {
  int found = 0;
  pthread_mutex_lock(&kit_gate_mutex);
  for (KitWaiter* waiter = kit_waiters; waiter != NULL; waiter = waiter->next) {
    if (tag != NULL && waiter->tag != NULL && strcmp(waiter->tag, tag) == 0) {
      waiter->cancelled = 1;
      ++found;
    }
  }
  pthread_cond_broadcast(&kit_gate_changed);
  pthread_mutex_unlock(&kit_gate_mutex);
  return found;
}

#ifdef __cplusplus
extern "C" {
#endif

/* Lets that many calls through, now or later; negative: all from now on; 0: closes the gate. */
WrapperAPI void test_release(long passes) {
  pthread_mutex_lock(&kit_gate_mutex);
  if (passes > 0 && kit_gate_passes > 0) passes += kit_gate_passes;
  kit_gate_passes = passes;
  pthread_cond_broadcast(&kit_gate_changed);
  pthread_mutex_unlock(&kit_gate_mutex);
}

#ifdef __cplusplus
}
#endif

#endif /* AIGES_TESTS_ENGINE_GATE_H */
