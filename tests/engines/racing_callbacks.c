/* Four threads call back for the same request at the same moment. */
#include "engine_async.h"

enum { kRacers = 4 };

typedef struct Race {
  KitRequest* request;
  pthread_barrier_t start;
  int unfinished;
} Race;

KIT_ASYNC_LIFECYCLE()
KIT_ERROR("racing_callbacks: failed")

static void answer(void* argument) {
  Race* race = (Race*)argument;
  KitRequest* request = race->request;
  pthread_barrier_wait(&race->start);
  kit_call_back(request->callback, request->tag_copy, request->answer, 0);
  if (__atomic_sub_fetch(&race->unfinished, 1, __ATOMIC_SEQ_CST) == 0) {
    pthread_barrier_destroy(&race->start);
    kit_request_free(request);
    free(race);
  }
}

int wrapperExecAsync(KIT_EXEC_ASYNC_ARGUMENTS) {
  kit_enter(KIT_exec_async);
  Race* race = (Race*)malloc(sizeof(Race));
  race->request = kit_request(usrTag, callback, reqData);
  race->unfinished = kRacers;
  pthread_barrier_init(&race->start, NULL, kRacers);
  for (int i = 0; i < kRacers; ++i) kit_spawn(answer, race);
  return 0;
}
