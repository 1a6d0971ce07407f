/* Threads and callbacks for the test engines that answer asynchronously. */
#ifndef AIGES_TESTS_ENGINE_ASYNC_H
#define AIGES_TESTS_ENGINE_ASYNC_H

#include "engine_kit.h"

/* An accepted request: its answer is an echo of the input. */
typedef struct KitRequest {
  const char* tag; /* the host's own pointer: valid until the final callback has returned */
  char* tag_copy;  /* for engines that call back when they should not */
  wrapperCallback callback;
  pDataList answer;
} KitRequest;

static inline KitRequest* kit_request(const char* usrTag, wrapperCallback callback,
                                      pDataList reqData) {
  KitRequest* request = (KitRequest*)calloc(1, sizeof(KitRequest));
  request->tag = usrTag;
  request->tag_copy = kit_copy_text(usrTag);
  request->callback = callback;
  request->answer = kit_copy_list(reqData);
  return request;
}

static inline void kit_request_free(KitRequest* request) {
  kit_free_list(request->answer);
  free(request->tag_copy);
  free(request);
}

/* Calls the host's callback and counts what it answered. */
static inline int kit_call_back(wrapperCallback callback, const void* tag, pDataList list,
                                int ret) {
  kit_add(KIT_callback, 1);
  const int taken = callback(tag, list, ret);
  kit_add(taken == 0 ? KIT_callback_accepted : KIT_callback_refused, 1);
  return taken;
}

typedef struct KitThread {
  void (*body)(void*);
  void* argument;
} KitThread;

static inline void* kit_thread_main(void* start) {
  KitThread thread = *(KitThread*)start;
  free(start);
  thread.body(thread.argument);
  kit_add(KIT_live_threads, -1);
  return NULL;
}

/* Runs body on a thread of its own; live_threads counts it until it has ended. */
static inline void kit_spawn(void (*body)(void*), void* argument) {
  KitThread* start = (KitThread*)malloc(sizeof(KitThread));
  start->body = body;
  start->argument = argument;
  kit_add(KIT_live_threads, 1);
  pthread_t thread;
  if (pthread_create(&thread, NULL, kit_thread_main, start) != 0) abort();
  pthread_detach(thread);
}

/* Waits for every thread of kit_spawn. */
static inline void kit_join_all(void) { (void)test_wait_for("live_threads", 0, 0, 60000); }

/* wrapperInit that counts, and wrapperFini that also waits for the engine's threads. */
#define KIT_ASYNC_LIFECYCLE()    \
  int wrapperInit(pConfig cfg) { \
    (void)cfg;                   \
    kit_enter(KIT_init);         \
    return 0;                    \
  }                              \
  int wrapperFini(void) {        \
    kit_enter(KIT_fini);         \
    kit_join_all();              \
    return 0;                    \
  }

#endif /* AIGES_TESTS_ENGINE_ASYNC_H */
